/**
 * What a patient tells over the turns of a conversation: their sentences, and what a doctor asked and they
 * affirmed. A doctor's words alone are no part of it.
 */
import type { Turn, TurnPlace } from '../../contract/dialogue';
import { asksSomething, isAskedToBeGone, type Question, type Sentence } from './doctor-questions';
import type { SignReader } from './sign-reader';
import { affirms, shortAnswerIn, type ShortAnswer } from './short-answer';
import type { Stretch } from './word-places';

export type HeardTurn = Turn & { readonly isGuess?: boolean };

export interface Statement extends Sentence {
  readonly turn: number;
  /** Of a doctor's question: the words that affirm it. */
  readonly answer?: TurnPlace;
  /** Whether the patient means these words of it. */
  means(place: Stretch): boolean;
}

/** Messages of a patient in a row, in which an answer is looked for. */
const replies = 3;

type Reader = Pick<SignReader, 'sentences' | 'questions'>;

/** In the order of the turns. Who speaks may be a guess: then it may be the patient. */
export function accountOf(turns: readonly HeardTurn[], reader: Reader): Statement[] {
  return turns.flatMap(({ role, text, isGuess = false }, turn) => {
    if (role === 'doctor' && !isGuess) return affirmedStatements(turns, turn, reader);
    const told = reader
      .sentences(text)
      .filter((sentence) => role === 'patient' || !asksSomething(sentence))
      .map((sentence): Statement => ({ ...sentence, turn, means: () => true }));
    return role === 'patient' ? told : [...told, ...affirmedStatements(turns, turn, reader)];
  });
}

interface Asked extends Question {
  readonly turn: number;
}

/** Of a doctor's turn before a reply, and of the doctor's turns directly before it. */
function affirmedStatements(
  turns: readonly HeardTurn[],
  last: number,
  reader: Reader,
): Statement[] {
  if (turns[last + 1]?.role !== 'patient') return [];
  let first = last;
  while (first > 0 && last - first < replies - 1 && turns[first - 1]?.role === 'doctor') first--;
  const questions = turns
    .slice(first, last + 1)
    .flatMap(({ text }, at) =>
      reader.questions(text).map((question): Asked => ({ ...question, turn: first + at })),
    );
  const newest = questions.at(-1);
  if (!newest) return [];
  const found = answerTo(turns, last + 1, questions);
  if (!found || found.answer.kind === 'no') return [];
  const { answer, place } = found;
  return questions.flatMap((question) => {
    const { text, turn, from, asksForHaving } = question;
    const isMeant =
      question === newest || answer.kind === 'echo' || (answer.kind === 'have' && asksForHaving);
    if (!isMeant) return [];
    const means = (words: Stretch): boolean =>
      affirms(answer, text, words) && !isAskedToBeGone(question, words.end);
    return [{ text, turn, from, answer: place, means }];
  });
}

/** The first line of the patient's next messages that answers. */
function answerTo(
  turns: readonly HeardTurn[],
  from: number,
  questions: readonly Question[],
): { readonly answer: ShortAnswer; readonly place: TurnPlace } | null {
  const asked = questions.map(({ text }) => text).join('\n');
  let lines = 0;
  for (let turn = from; turns[turn]?.role === 'patient' && lines < replies; turn++) {
    for (const { 0: line, index } of (turns[turn]?.text ?? '').matchAll(/[^\n\r]+/gu)) {
      if (++lines > replies) return null;
      const answer = shortAnswerIn(line, asked);
      if (!answer) continue;
      return {
        answer,
        place: { turn, start: index + answer.start, end: index + answer.end },
      };
    }
  }
  return null;
}

/** What a chat template puts around what people say, found out by letting it render made-up words. */
import { templateProblem } from './template-fault';
import type { TemplateMessage } from './template-thread';

/** What stands around what is said, as the template writes it. */
export interface TextTurns {
  /** Null where the template knows no system text. */
  readonly system: { readonly before: string; readonly after: string } | null;
  readonly firstUser: string;
  /** From the end of a question to where the model writes. */
  readonly toAnswer: string;
  /** From the end of an earlier question to its answer. */
  readonly toPastAnswer: string;
  readonly toNextUser: string;
}

/** Renders each conversation; null where the template refused it. @throws AppError */
export type Render = (
  conversations: readonly (readonly TemplateMessage[])[],
) => Promise<readonly (string | null)[]>;

/** @throws AppError `TEMPLATE_UNUSABLE` (why: fails, changes-words), and those of `render` */
export async function turnsOfTemplate(render: Render): Promise<TextTurns> {
  const sets = [wordsOf('a'), wordsOf('b')];
  const rendered = await render(
    sets.flatMap((words) => [conversation(words, false), conversation(words, true)]),
  );
  const [turns, other] = sets.map((words, i) =>
    turnsOf(rendered[2 * i] ?? null, rendered[2 * i + 1] ?? null, words),
  );
  // What stands around the words must not depend on them.
  if (!turns || JSON.stringify(turns) !== JSON.stringify(other)) {
    throw templateProblem('changes-words');
  }
  return turns;
}

interface Words {
  readonly system: string;
  readonly first: string;
  readonly answer: string;
  readonly next: string;
}

/** Capitals, small letters and Chinese: whatever a template does to any of them is seen. */
function wordsOf(set: 'a' | 'b'): Words {
  const word = (name: string): string => `Qz${name}${set.repeat(3)}${set === 'a' ? '问' : '答'}zQ`;
  return { system: word('s'), first: word('f'), answer: word('r'), next: word('n') };
}

function conversation(words: Words, withSystem: boolean): TemplateMessage[] {
  return [
    ...(withSystem ? [{ role: 'system', content: words.system } as const] : []),
    { role: 'user', content: words.first },
    { role: 'assistant', content: words.answer },
    { role: 'user', content: words.next },
  ];
}

function turnsOf(plain: string | null, withSystem: string | null, words: Words): TextTurns {
  if (plain === null) throw templateProblem('fails');
  const said = [words.first, words.answer, words.next];
  const parts = between(plain, said);
  if (!parts) throw templateProblem('changes-words');
  const [firstUser = '', toPastAnswer = '', toNextUser = '', end = ''] = parts;
  const [before = '', after = '', ...rest] =
    (withSystem === null ? null : between(withSystem, [words.system, ...said])) ?? [];
  const isSystemKnown = JSON.stringify(rest) === JSON.stringify([toPastAnswer, toNextUser, end]);
  return {
    // Some refuse a system text, leave it out, or put it elsewhere.
    system: isSystemKnown ? { before, after } : null,
    firstUser,
    toAnswer: whereAnAnswerBegins(end, toPastAnswer),
    toPastAnswer,
    toNextUser,
  };
}

/**
 * A template may lead up to an answer less far than it has led up to earlier ones: it was written
 * without a generation prompt, or leaves it to the model to think first. What this program asks for is
 * the answer. White space alone is the model's to write: its first token brings it.
 */
function whereAnAnswerBegins(end: string, toPastAnswer: string): string {
  if (!toPastAnswer.startsWith(end)) return end;
  return toPastAnswer.slice(end.length).trim() === '' ? end : toPastAnswer;
}

/** What stands before, between and after the words; null unless each is there once, in this order. */
function between(text: string, words: readonly string[]): string[] | null {
  const parts: string[] = [];
  let at = 0;
  for (const word of words) {
    const found = text.indexOf(word, at);
    if (found < 0 || text.indexOf(word) !== found || text.lastIndexOf(word) !== found) return null;
    parts.push(text.slice(at, found));
    at = found + word.length;
  }
  return [...parts, text.slice(at)];
}

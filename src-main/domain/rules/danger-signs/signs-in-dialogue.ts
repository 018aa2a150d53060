import type { FoundSign, TurnPlace } from '../../contract/dialogue';
import { accountOf, type HeardTurn, type Statement } from './account';
import { complaintAskedFor } from './doctor-questions';
import type { DangerSign } from './find-danger-signs';
import { signClasses } from './lexicon';
import { SignReader } from './sign-reader';
import { signsToldApart } from './signs-told-apart';

type Find = (text: string) => readonly DangerSign[];

/**
 * Signs in what patients say, in one message or over several, and in what a doctor asks and they affirm; a
 * doctor who asks about chest pain reports none. Who speaks may be a guess: then it may be the patient,
 * and a sign too many is better than one too few.
 *
 * @param reader that remembers an earlier reading. Defaults to reading each text anew.
 * @returns in the order of the turns
 */
export function signsInDialogue(
  turns: readonly HeardTurn[],
  reader: SignReader = new SignReader(),
): FoundSign[] {
  const { find } = reader;
  const found = turns.flatMap(({ role, text, isGuess = false }, turn) =>
    role === 'patient' || isGuess
      ? find(text).map((sign) => signAt(sign, [{ turn, start: sign.start, end: sign.end }]))
      : [],
  );
  const account = accountOf(turns, reader);
  for (const sign of [
    ...affirmedSigns(account, find),
    ...signsOverLines(turns, find),
    ...signsToldApart(account).map((one) => signAt(one, one.parts)),
  ])
    if (!found.some((one) => tellsTheSame(one, sign))) found.push(sign);
  return found.sort((a, b) => a.turn - b.turn || a.start - b.start || b.end - a.end);
}

/** At its last part. */
function signAt(
  { classId, signId }: { readonly classId: string; readonly signId: string },
  places: readonly TurnPlace[],
): FoundSign {
  const last = places.at(-1);
  if (!last) throw new RangeError('a sign stands somewhere');
  const parts = places.slice(0, -1);
  return { classId, signId, ...last, ...(parts.length > 0 ? { parts } : {}) };
}

function tellsTheSame(one: FoundSign, other: FoundSign): boolean {
  const touches = (a: TurnPlace, b: TurnPlace): boolean =>
    a.turn === b.turn && a.start < b.end && b.start < a.end;
  const places = [other, ...(other.parts ?? [])];
  return (
    one.signId === other.signId &&
    [one, ...(one.parts ?? [])].some((a) => places.some((b) => touches(a, b)))
  );
}

/** 胸痛吗？ 有的 */
function affirmedSigns(account: readonly Statement[], find: Find): FoundSign[] {
  return account.flatMap(({ text, turn, from, answer, means }) =>
    answer
      ? find(text)
          .filter(means)
          .map((sign) =>
            signAt(sign, [{ turn, start: from + sign.start, end: from + sign.end }, answer]),
          )
      : [],
  );
}

/** Signs that a phrase can be. */
const phraseSigns = new Set(
  signClasses.flatMap(({ signs }) =>
    signs
      .filter(({ words = [], close = [] }) => words.length + close.length > 0)
      .map(({ id }) => id),
  ),
);

/** UTF-16 units of a line that may be the first half of a phrase: 胸口, and in the next message 疼得厉害. */
const halfPhrase = 8;

/** Signs whose words begin in one short line and end in the next, and places that a doctor asked for. */
function signsOverLines(turns: readonly HeardTurn[], find: Find): FoundSign[] {
  const lines = turns.flatMap(({ role, text, isGuess = false }, turn) =>
    [...text.matchAll(/[^\n\r]+/gu)].map(({ 0: words, index: start }) => ({
      ...{ words, turn, start },
      isHeard: role === 'patient' || isGuess,
    })),
  );
  return lines.flatMap(({ words, turn, start, isHeard }, at) => {
    if (!isHeard || words.length > halfPhrase || /[。！!？?；;，,]\s*$/u.test(words)) return [];
    const place = { turn, start, end: start + words.length };
    const next = lines[at + 1];
    const over = next?.isHeard
      ? crossing(words, next.words.slice(0, 20), find).map((sign) =>
          signAt(sign, [
            { ...place, start: start + sign.start },
            { turn: next.turn, start: next.start, end: next.start + sign.end - words.length },
          ]),
        )
      : [];
    const asked = lines[at - 1];
    const complaint = asked && !asked.isHeard ? complaintAskedFor(asked.words) : undefined;
    if (complaint === undefined || /[不没沒无無]/u.test(words)) return over;
    return [...over, ...crossing(words, complaint, find).map((sign) => signAt(sign, [place]))];
  });
}

/** Signs whose words stand in both texts; what only has to stand in one sentence is no phrase. */
function crossing(first: string, second: string, find: Find): readonly DangerSign[] {
  return find(first + second).filter(
    ({ signId, start, end }) =>
      start < first.length && end > first.length && phraseSigns.has(signId),
  );
}

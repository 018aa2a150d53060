/**
 * Danger signs whose parts are told in several messages: 胸闷 ... 还出冷汗. Parts that are denied, of the past or of
 * somebody else do not count, nor do parts of two people together.
 */
import type { TurnPlace } from '../../contract/dialogue';
import type { Statement } from './account';
import { isElsewhere } from './elsewhere';
import { elsewhere, signClasses, type SignEntry } from './lexicon';
import { wordsIn, type Stretch } from './word-places';

export interface SignApart {
  readonly classId: string;
  readonly signId: string;
  /** In the order of the conversation, at least two. */
  readonly parts: readonly TurnPlace[];
}

interface Part extends Stretch {
  readonly list: number;
  readonly statement: number;
}

/** UTF-16 units of the account that the parts may be apart; what a doctor says in between does not count. */
const accountReach = 80;
/** Turns that they may be apart: four questions and answers. */
const turnReach = 8;

const over = new RegExp(elsewhere.over.join('|'), 'u');
const people =
  /爸|父|妈|母|爷|奶|外公|外婆|叔|阿姨|舅|哥|姐|弟|妹|老公|老婆|丈夫|妻子|同事|朋友|邻居|同学|室友|别人|亲戚|我|[他她它]/gu;

/** @param account in the order of the turns */
export function signsToldApart(account: readonly Statement[]): SignApart[] {
  const text = account.map((statement) => statement.text).join('\n');
  const starts: number[] = [];
  for (let at = 0, i = 0; i < account.length; i++) {
    starts.push(at);
    at += (account[i]?.text.length ?? 0) + 1;
  }
  return signClasses.flatMap(({ id: classId, signs }) =>
    signs.flatMap((sign) =>
      sign.apart === undefined
        ? []
        : (sign.orTogether ?? [])
            .flatMap((lists) => joined(account, text, starts, { lists, sign, classId }))
            .map((parts) => ({ classId, signId: sign.id, parts })),
    ),
  );
}

interface Sought {
  readonly lists: readonly (readonly string[])[];
  readonly sign: SignEntry;
  readonly classId: string;
}

/** One part of each list, each time that all have come soon after each other and not in one sentence. */
function joined(
  account: readonly Statement[],
  text: string,
  starts: readonly number[],
  { lists, sign, classId }: Sought,
): TurnPlace[][] {
  // Most conversations lack a list altogether.
  if (!lists.every((words) => words.some((word) => text.includes(word)))) return [];
  const except = [...(sign.except ?? []), ...(sign.apart ?? [])];
  const parts = lists.flatMap((words, list) =>
    wordsIn(text, words, except).flatMap(({ start, end }): Part[] => {
      const statement = statementAt(starts, start);
      const before = starts[statement] ?? 0;
      const place = { start: start - before, end: end - before };
      const told = account[statement];
      return told && counts(told, place, classId) ? [{ ...place, list, statement }] : [];
    }),
  );
  parts.sort((a, b) => a.statement - b.statement || a.start - b.start || b.end - a.end);
  const found: TurnPlace[][] = [];
  let latest = new Map<number, Part>();
  for (const part of parts) {
    latest.set(part.list, part);
    const chosen = [...latest.values()].sort(
      (a, b) => a.statement - b.statement || a.start - b.start,
    );
    if (chosen.length < lists.length || !belong(account, starts, chosen)) continue;
    if (chosen.some((one) => one.statement !== part.statement))
      found.push(inOrder(chosen.flatMap((one) => placesOf(account, one))));
    latest = new Map();
  }
  return found;
}

/** The last that begins at or before a place. */
function statementAt(starts: readonly number[], place: number): number {
  let low = 0;
  for (let high = starts.length; high - low > 1;) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= place) low = middle;
    else high = middle;
  }
  return low;
}

function inOrder(places: readonly TurnPlace[]): TurnPlace[] {
  return places.toSorted((a, b) => a.turn - b.turn || a.start - b.start);
}

function counts({ text, means }: Statement, { start, end }: Stretch, classId: string): boolean {
  return (
    means({ start, end }) &&
    !isElsewhere(text, start, end, classId) &&
    !over.test(text.slice(end, end + accountReach))
  );
}

function belong(
  account: readonly Statement[],
  starts: readonly number[],
  chosen: readonly Part[],
): boolean {
  const first = chosen[0];
  const last = chosen.at(-1);
  if (!first || !last) return false;
  const at = ({ statement, start }: Part): number => (starts[statement] ?? 0) + start;
  const turn = ({ statement }: Part): number => account[statement]?.turn ?? 0;
  if (at(last) - at(first) > accountReach || turn(last) - turn(first) > turnReach) return false;
  const named = new Set(chosen.flatMap((part) => personBefore(account, part) ?? []));
  return named.size <= 1;
}

/** Of whom it is told, where the sentence names somebody before it. */
function personBefore(account: readonly Statement[], part: Part): string | null {
  const before = account[part.statement]?.text.slice(0, part.start) ?? '';
  const person = before.match(people)?.at(-1);
  return person === undefined || /[他她它]/u.test(person) ? null : person;
}

/** Of what was affirmed the question's words and the answer. */
function placesOf(account: readonly Statement[], { statement: at, start, end }: Part): TurnPlace[] {
  const { turn = 0, from = 0, answer } = account[at] ?? {};
  return [{ turn, start: from + start, end: from + end }, ...(answer ? [answer] : [])];
}

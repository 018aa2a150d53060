/**
 * Whether a sign is denied: 没有胸痛, 无发热、胸痛, 胸痛倒没有. Where it is not clear, it is not denied: a
 * needless banner costs a glance, a missing one may cost a life. So 没吃药胸痛 denies nothing.
 */
import { denial } from './lexicon';

const escaped = (words: readonly string[]): string =>
  [...words]
    .sort((a, b) => b.length - a.length)
    .map((word) => word.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'))
    .join('|');

const modifiers = `(?:${escaped(denial.modifiers)})*`;
/** 头痛、 or 头痛和: something else that is denied; what begins with a verb is an act that was left out. */
const listed = `(?:(?!${escaped(denial.verbs)})[^，,。；;：:！!？?\\s、]{1,10}?(?:${escaped(denial.joiners)}))*`;
const near = new RegExp(`(?:${escaped(denial.near)})${modifiers}$`, 'u');
const list = new RegExp(`(?:${escaped(denial.list)})${modifiers}${listed}${modifiers}$`, 'u');
const never = new RegExp(`(?:${escaped(denial.never)})`, 'gu');
const after = new RegExp(
  `^(?:的?(?:症状|情况|感觉|现象))?[：:]?(?:${escaped(denial.after)})(?=$|[，,。；;！!？?\\s、了过啊呢])`,
  'u',
);

/** Longest stretch before a sign that is looked at, UTF-16 units. */
const reach = 60;

/**
 * @param text folded
 * @param start of the sign, UTF-16 units
 * @param end exclusive
 */
export function isDenied(text: string, start: number, end: number): boolean {
  if (after.test(text.slice(end, end + 12))) return true;
  const clause = lastClause(text.slice(Math.max(0, start - reach), start));
  // What only looks like a denial is made unreadable, so that nothing in it counts.
  const read = clause.replace(never, (words) => '\u0000'.repeat(words.length));
  return near.test(read) || list.test(read);
}

/** What stands before a sign in its clause, behind the last 但是. */
export function lastClause(text: string): string {
  const border = Math.max(...[...'，,。；;：:！!？?\n\r'].map((mark) => text.lastIndexOf(mark)));
  const clause = text.slice(border + 1);
  const but = Math.max(
    ...['但是', '但', '却', '而是', '只是', '就是', '反而'].map((word) => {
      const at = clause.lastIndexOf(word);
      return at < 0 ? -1 : at + word.length;
    }),
  );
  return but > 0 ? clause.slice(but) : clause;
}

/** Runs of digits, and how they stand together: numbers are written in groups and across lines. */

export interface DigitGroup {
  readonly start: number;
  readonly end: number;
  /** Whether only blanks, one line break, dots or hyphens, at most three, part it from the one before. */
  readonly joined: boolean;
}

const gap = /^(?:[ \t.)-]{1,3}|[ \t]{0,2}\r?\n[ \t]{0,2})$/;

export function digitGroups(folded: string): DigitGroup[] {
  const groups: DigitGroup[] = [];
  let before = -1;
  for (const { index, 0: digits } of folded.matchAll(/[0-9]+/g)) {
    const between = index - before;
    const joined = before >= 0 && between <= 6 && gap.test(folded.slice(before, index));
    before = index + digits.length;
    groups.push({ start: index, end: before, joined });
  }
  return groups;
}

export interface DigitWindow {
  readonly digits: string;
  readonly start: number;
  readonly end: number;
  /** In how many groups they stand. */
  readonly count: number;
  /** Digits of each group. */
  sizes(): number[];
  readonly hasLineBreak: boolean;
  readonly hasDot: boolean;
}

/** The whole groups from `first` on, as long as they are joined and hold `least` to `most` digits. */
export function* windowsFrom(
  folded: string,
  groups: readonly DigitGroup[],
  first: number,
  [least, most]: readonly [number, number],
): Generator<DigitWindow> {
  const start = groups[first]?.start ?? 0;
  let count = 0;
  for (let i = first; i < groups.length; i++) {
    const group = groups[i];
    if (!group || (i > first && !group.joined)) return;
    count += group.end - group.start;
    if (count > most) return;
    if (count < least) continue;
    const between = folded.slice(start, group.end);
    yield {
      digits: between.replace(/[^0-9]+/g, ''),
      start,
      end: group.end,
      count: i - first + 1,
      sizes: () => groups.slice(first, i + 1).map((part) => part.end - part.start),
      hasLineBreak: between.includes('\n'),
      hasDot: between.includes('.'),
    };
  }
}

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
  readonly sizes: readonly number[];
  readonly hasLineBreak: boolean;
  readonly hasDot: boolean;
}

/** The whole groups from `first` on, as long as they are joined and hold at most `most` digits. */
export function* windowsFrom(
  folded: string,
  groups: readonly DigitGroup[],
  first: number,
  most: number,
): Generator<DigitWindow> {
  const start = groups[first]?.start ?? 0;
  let digits = '';
  const sizes: number[] = [];
  for (let i = first; i < groups.length; i++) {
    const group = groups[i];
    if (!group || (i > first && !group.joined)) return;
    if (digits.length + group.end - group.start > most) return;
    digits += folded.slice(group.start, group.end);
    sizes.push(group.end - group.start);
    const between = folded.slice(start, group.end);
    yield {
      digits,
      start,
      end: group.end,
      sizes: [...sizes],
      hasLineBreak: between.includes('\n'),
      hasDot: between.includes('.'),
    };
  }
}

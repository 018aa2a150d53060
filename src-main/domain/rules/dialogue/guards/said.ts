/**
 * What a draft says, apart from what it only seems to say: 不能保证治好, 是不是肺癌, 如果确诊. What takes a
 * statement back stands in its own clause; a 可能 of the next one takes nothing back of this one.
 */

export interface Stretch {
  /** UTF-16 units of the text, end exclusive. */
  readonly start: number;
  readonly end: number;
}

export interface Statement {
  /** With the flags `gu`. */
  readonly pattern: RegExp;
  /** What takes it back, from its clause's beginning on. */
  readonly unlessBefore: RegExp;
  /** Whether the statement's own words may take it back too. Defaults to no. */
  readonly unlessWithin?: boolean;
  /** What takes it back behind it, to its clause's end with its mark (？) or the text's. */
  readonly unlessAfter: RegExp;
}

/** What no statement reaches across, for a class of a pattern. */
export const border = '，,。.！!？?；;：:、\\n';
const borders = new RegExp(`[${border.replace('、', '').replace('：:', '')}]`, 'u');
/** Longest stretch of a clause that is looked at on either side, UTF-16 units. */
const reach = 40;

/** @param text as a plain view gives it; places are its own */
export function said(text: string, statements: readonly Statement[]): Stretch[] {
  return statements.flatMap(({ pattern, unlessBefore, unlessAfter, unlessWithin = false }) =>
    [...text.matchAll(pattern)]
      .map(({ index, 0: words }) => ({ start: index, end: index + words.length }))
      .filter(({ start, end }) => {
        const before = clauseBefore(text, start) + (unlessWithin ? text.slice(start, end) : '');
        return !unlessBefore.test(before) && !unlessAfter.test(clauseAfter(text, end));
      }),
  );
}

function clauseBefore(text: string, start: number): string {
  const pieces = text.slice(Math.max(0, start - reach), start).split(borders);
  return pieces.at(-1) ?? '';
}

function clauseAfter(text: string, end: number): string {
  const rest = text.slice(end, end + reach);
  const mark = rest.search(borders);
  return mark < 0 ? rest : rest.slice(0, mark + 1);
}

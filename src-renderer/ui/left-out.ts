/** What of a text was not looked at. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** Neighbours with nothing but white space between them become one. @param parts in the order of the text */
export function joined(text: string, parts: readonly Stretch[]): Stretch[] {
  const all: { start: number; end: number }[] = [];
  for (const { start, end } of parts) {
    const last = all.at(-1);
    if (last && text.slice(last.end, start).trim() === '') last.end = end;
    else all.push({ start, end });
  }
  return all;
}

/** Stretches between the parts that hold more than white space. @param parts in the order of the text */
export function leftOut(text: string, parts: readonly Stretch[]): Stretch[] {
  const all: Stretch[] = [];
  let from = 0;
  for (const { start, end } of [...parts, { start: text.length, end: text.length }]) {
    const between = text.slice(from, start);
    const lead = between.length - between.trimStart().length;
    if (between.trim() !== '') {
      all.push({ start: from + lead, end: from + lead + between.trim().length });
    }
    from = Math.max(from, end);
  }
  return all;
}

/** The same line by line, for who reads through them. */
export function leftOutLines(text: string, parts: readonly Stretch[]): Stretch[] {
  return leftOut(text, parts).flatMap(({ start, end }) =>
    [...text.slice(start, end).matchAll(/\S[^\r\n]*/g)].map(({ index, 0: line }) => {
      const from = start + index;
      return { start: from, end: from + line.trimEnd().length };
    }),
  );
}

export function charsOf(parts: readonly Stretch[]): number {
  return parts.reduce((sum, { start, end }) => sum + end - start, 0);
}

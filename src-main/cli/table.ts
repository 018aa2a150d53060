/** Columns in a terminal, where Chinese characters are twice as wide. */

/** The first column to the left; the others to the right where `right`, else to the left too. */
export function alignedColumns(
  rows: readonly (readonly string[])[],
  { right = false }: { right?: boolean } = {},
): string[] {
  const columns = Math.max(0, ...rows.map(({ length }) => length));
  const widths = Array.from({ length: columns }, (_, i) =>
    Math.max(...rows.map((row) => displayWidth(row[i] ?? ''))),
  );
  return rows.map((row) =>
    row
      .map((cell, i) => {
        const fill = ' '.repeat((widths[i] ?? 0) - displayWidth(cell));
        return right && i > 0 ? fill + cell : cell + fill;
      })
      .join('  ')
      .trimEnd(),
  );
}

/** Terminal columns: Chinese characters and full-width punctuation take two. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const char of text)
    width += /[\p{Script=Han}\u3000-\u303f\uff00-\uff60]/u.test(char) ? 2 : 1;
  return width;
}

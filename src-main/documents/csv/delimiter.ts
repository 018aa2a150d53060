/** What separates the cells of a csv file: a comma by name, a semicolon or a tab by many programs. */

const candidates = [',', ';', '\t', '|'] as const;
/** Rows that are looked at. */
const rows = 50;

/** Excel's own first line, `sep=;`, with its length; null for any other. */
export function separatorLine(start: string): { delimiter: string; length: number } | null {
  const match = /^sep=(.)\r?\n/i.exec(start);
  return match?.[1] === undefined ? null : { delimiter: match[1], length: match[0].length };
}

/**
 * The separator that cuts the first rows into the same number of cells, most cells first; a comma where
 * none does. What stands in quotation marks separates nothing.
 */
export function delimiterOf(start: string): string {
  let best: string = ',';
  let bestScore = 0;
  for (const candidate of candidates) {
    const counts = countsOf(start, candidate);
    const [first = 0] = counts;
    if (first === 0) continue;
    const same = counts.filter((count) => count === first).length / counts.length;
    // Agreement counts most: a comma in running text is in some rows only.
    const score = same * 1000 + Math.min(first, 100);
    if (score > bestScore) {
      best = candidate;
      bestScore = score;
    }
  }
  return best;
}

/** How often the candidate stands outside of quotation marks in each of the first rows. */
function countsOf(start: string, candidate: string): number[] {
  const counts: number[] = [];
  let count = 0;
  let isQuoted = false;
  let isBlank = true;
  let isCellStart = true;
  for (let i = 0; i < start.length && counts.length < rows; i++) {
    const char = start[i];
    if (isQuoted) {
      if (char === '"' && start[i + 1] === '"') i++;
      else if (char === '"') isQuoted = false;
      continue;
    }
    if (char === '"' && isCellStart) isQuoted = true;
    else if (char === candidate) count++;
    else if (char === '\n') {
      if (!isBlank) counts.push(count);
      count = 0;
      isBlank = true;
      isCellStart = true;
      continue;
    }
    isCellStart = char === candidate;
    if (char !== '\r') isBlank = false;
  }
  // The last row may be cut, unless it is the only one.
  return counts.length === 0 ? [count] : counts;
}

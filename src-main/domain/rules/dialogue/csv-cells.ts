/** A whole csv text into cells: RFC 4180, with commas, tabs or semicolons between them. */

/** @returns rows, empty ones left out; null for quotes that do not end, or no second column */
export function csvCells(text: string): string[][] | null {
  const delimiter = delimiterOf(text);
  if (delimiter === null) return null;
  const rows: string[][] = [];
  let row: string[] = [];
  const close = (): void => {
    if (row.length > 1 || row[0]?.trim() !== '') rows.push(row);
    row = [];
  };
  let at = 0;
  while (at <= text.length) {
    const quoted = text[at] === '"';
    const end: number | null = quoted ? endOfQuoted(text, at) : endOfPlain(text, at, delimiter);
    if (end === null) return null;
    row.push(quoted ? text.slice(at + 1, end - 1).replaceAll('""', '"') : text.slice(at, end));
    const mark: string | undefined = text[end];
    if (mark !== undefined && mark !== delimiter && mark !== '\n' && mark !== '\r') return null;
    at = end + (mark === '\r' && text[end + 1] === '\n' ? 2 : 1);
    if (mark !== delimiter) close();
  }
  return rows;
}

/** By the first line, which is a heading: the mark that parts most names. */
function delimiterOf(text: string): string | null {
  const line = /^.*/u.exec(text)?.[0] ?? '';
  const counts = [',', '\t', ';'].map((mark) => ({ mark, times: line.split(mark).length - 1 }));
  const most = counts.reduce((one, other) => (other.times > one.times ? other : one));
  return most.times > 0 ? most.mark : null;
}

/** Behind the closing quote, or null where there is none. */
function endOfQuoted(text: string, start: number): number | null {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 2))
    if (text[at + 1] !== '"') return at + 1;
  return null;
}

function endOfPlain(text: string, start: number, delimiter: string): number {
  let at = start;
  while (at < text.length && !(text[at] === delimiter || text[at] === '\n' || text[at] === '\r'))
    at++;
  return at;
}

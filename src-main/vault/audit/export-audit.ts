/** The audit log as a file for an auditor: its own lines, or a table. */
import { open } from 'node:fs/promises';
import type { AuditEntry, AuditFilter } from '../../domain/contract/audit';
import { writeProblem } from '../files';
import { matches } from './audit-filter';
import { readSegment, segmentsOf } from './segment';

export interface AuditExport {
  readonly format: 'jsonl' | 'csv';
  readonly filter: AuditFilter;
  /** Heads of the columns: number, time, person, act, subject, result, details. */
  readonly heads: readonly string[];
  nameOf(actor: string): string;
  kindText(kind: AuditEntry['event']['kind']): string;
}

/**
 * Writes what fits the filter, oldest first, into a new file.
 *
 * `jsonl` keeps each entry with the hash of the one before, so that a whole export can be verified
 * elsewhere; `csv` is UTF-8 with a byte order mark, as Excel wants it.
 *
 * @returns number of entries written
 * @throws AppError `DISK_FULL`, `STORE_WRITE_FAILED` (also for a file that is there already),
 *   `STORE_READ_FAILED`
 */
export async function exportAudit(
  folder: string,
  path: string,
  options: AuditExport,
): Promise<number> {
  const file = await open(path, 'wx', 0o600).catch((error: unknown) => {
    throw writeProblem(error);
  });
  let count = 0;
  try {
    if (options.format === 'csv') await file.write(`\uFEFF${row(options.heads)}`);
    for (const number of await segmentsOf(folder)) {
      const segment = await readSegment(folder, number);
      const part: string[] = [];
      for (const line of segment.lines) {
        if (!line || !matches(line.entry, options.filter)) continue;
        count += 1;
        part.push(
          options.format === 'jsonl'
            ? `${JSON.stringify({ ...line.entry, prev: line.prev })}\n`
            : row(cells(line.entry, options)),
        );
      }
      await file.write(part.join(''));
    }
    await file.sync();
    return count;
  } catch (error) {
    throw writeProblem(error);
  } finally {
    await file.close();
  }
}

function cells(
  { n, at, actor, event, subject, result }: AuditEntry,
  options: AuditExport,
): string[] {
  const { kind, ...details } = event;
  return [
    String(n),
    new Date(at).toISOString(),
    options.nameOf(actor),
    options.kindText(kind),
    subject ?? '',
    result,
    Object.keys(details).length === 0 ? '' : JSON.stringify(details),
  ];
}

/** RFC 4180; a cell that a spreadsheet would take for a formula is made text. */
function row(values: readonly string[]): string {
  const guarded = values.map((value) => (/^[=+\-@\t\r]/.test(value) ? `'${value}` : value));
  return `${guarded.map((value) => `"${value.replaceAll('"', '""')}"`).join(',')}\r\n`;
}

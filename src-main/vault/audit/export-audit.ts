/** The audit log as a file for an auditor: its own lines, or a table. */
import { open, rm } from 'node:fs/promises';
import type { AuditEntry, AuditFilter } from '../../domain/contract/audit';
import { writeFully, writeProblem, type VaultFile } from '../files';
import { couldMatch, matches } from './audit-filter';
import { scanSegment } from './scan-segment';
import { decodeLine, encodeHead, segmentsOf } from './segment';

export interface AuditExport {
  readonly format: 'jsonl' | 'csv';
  readonly filter: AuditFilter;
  /** Heads of the columns: number, time, person, act, subject, result, details. */
  readonly heads: readonly string[];
  nameOf(actor: string): string;
  kindText(kind: AuditEntry['event']['kind']): string;
}

/**
 * Writes what fits the filter, oldest first, into a new file; one that could not be finished is removed.
 *
 * `jsonl` without a filter is the log's own lines, byte for byte, heads of segments included, so that
 * it can be verified elsewhere: each line's `prev` is the SHA-256 of the line before. With a filter it
 * is the lines of the entries that fit. `csv` is UTF-8 with a byte order mark, as Excel wants it.
 *
 * @returns number of entries written
 * @throws AppError `DISK_FULL`, `STORE_WRITE_FAILED` (also for a file that is there already),
 *   `STORE_READ_FAILED`, `STORE_NEWER`, `STORE_CORRUPT`
 */
export async function exportAudit(
  folder: string,
  path: string,
  options: AuditExport,
): Promise<number> {
  const file = await open(path, 'wx', 0o600).catch((error: unknown) => {
    throw writeProblem(error);
  });
  try {
    const count = await writeEntries(folder, file, options);
    await file.sync().catch((error: unknown) => {
      throw writeProblem(error);
    });
    await file.close();
    return count;
  } catch (error) {
    // The first error is the one to report.
    await file.close().catch(() => undefined);
    await rm(path, { force: true }).catch(() => undefined);
    throw error;
  }
}

async function writeEntries(
  folder: string,
  file: VaultFile,
  options: AuditExport,
): Promise<number> {
  const { format, filter } = options;
  const isWhole = Object.values(filter).every((value) => value === undefined);
  const mayFit = couldMatch(filter);
  let position = 0;
  let count = 0;
  let waiting: string[] = format === 'csv' ? [`\uFEFF${row(options.heads)}`] : [];
  const write = async (): Promise<void> => {
    const bytes = Buffer.from(waiting.join(''), 'utf-8');
    waiting = [];
    await writeFully(file, bytes, position).catch((error: unknown) => {
      throw writeProblem(error);
    });
    position += bytes.byteLength;
  };
  for (const number of await segmentsOf(folder)) {
    await scanSegment(folder, number, {
      head: (head) => {
        if (head && isWhole && format === 'jsonl') waiting.push(encodeHead(head).toString());
        return true;
      },
      line: (bytes) => {
        if (!bytes || !mayFit(bytes, Infinity)) return;
        const line = decodeLine(bytes);
        if (!line || !matches(line.entry, filter)) return;
        count += 1;
        waiting.push(
          format === 'jsonl' ? `${bytes.toString('utf-8')}\n` : row(cells(line.entry, options)),
        );
      },
      piece: write,
    });
  }
  await write();
  return count;
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

/**
 * RFC 4180; a cell that a spreadsheet would take for a formula is made text, also in the wide forms of
 * the signs and behind white space (OWASP, CSV injection). A name is a person's own choice.
 */
function row(values: readonly string[]): string {
  const guarded = values.map((value) =>
    /^\s*[=+\-@＝＋－＠]|^[\t\r\n]/u.test(value) ? `'${value}` : value,
  );
  return `${guarded.map((value) => `"${value.replaceAll('"', '""')}"`).join(',')}\r\n`;
}

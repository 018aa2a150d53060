/** A page of the log, newest first. Memory is bounded by the page, whatever the length of the log. */
import type { AuditEntry, AuditFilter, AuditPage } from '../../domain/contract/audit';
import { couldMatch, matches } from './audit-filter';
import { decodeLine, placeOfLine, segmentsOf } from './segment';
import { scanSegment } from './scan-segment';

export interface PageOptions {
  /** Number of the entry to go on from. */
  readonly before?: number | undefined;
  /** Entries of a page. Defaults to 200. */
  readonly limit?: number;
}

/** @throws AppError `STORE_READ_FAILED`, `STORE_NEWER`, `STORE_CORRUPT` */
export async function readAudit(
  folder: string,
  filter: AuditFilter,
  { before = Infinity, limit = 200 }: PageOptions = {},
): Promise<AuditPage> {
  const entries: AuditEntry[] = [];
  const mayFit = couldMatch(filter);
  for (const number of (await segmentsOf(folder)).reverse()) {
    // One more than there is room for tells whether there are earlier ones.
    const wanted = limit + 1 - entries.length;
    let found: AuditEntry[] = [];
    await scanSegment(folder, number, {
      head: (head) => (head?.firstN ?? 0) < before,
      line: (bytes) => {
        if (!bytes || !mayFit(bytes, before)) return;
        const entry = decodeLine(bytes)?.entry;
        if (!entry || !matches(entry, filter)) return;
        found.push(entry);
        if (found.length >= 2 * wanted) found = found.slice(-wanted);
      },
    });
    entries.push(...found.slice(-wanted).reverse());
    if (entries.length > limit) {
      const page = entries.slice(0, limit);
      return { entries: page, next: page.at(-1)?.n ?? null };
    }
  }
  return { entries, next: null };
}

/** When the first entry was made, milliseconds since the epoch; without one, never. @throws as `readAudit` */
export async function beganAt(folder: string): Promise<number> {
  for (const number of await segmentsOf(folder)) {
    let first: number | null = null;
    await scanSegment(folder, number, {
      line: (bytes) => {
        if (first === null && bytes) first = placeOfLine(bytes)?.at ?? null;
      },
    });
    if (first !== null) return first;
  }
  return Infinity;
}

/** Which entries a reader asks for. */
import type { AuditEntry, AuditFilter } from '../../domain/contract/audit';
import { placeOfLine } from './segment';

export function matches(entry: AuditEntry, filter: AuditFilter): boolean {
  return (
    isInTime(entry.at, filter) &&
    (filter.kinds === undefined || filter.kinds.includes(entry.event.kind)) &&
    (filter.actor === undefined || entry.actor === filter.actor) &&
    (filter.subject === undefined || entry.subject === filter.subject) &&
    (filter.result === undefined || entry.result === filter.result) &&
    (filter.failedOnly !== true || entry.result !== 'ok')
  );
}

/**
 * A look at a line's bytes that is a fraction of reading it and lets through all that `matches`, and
 * more: a line has one form only, so what an entry holds stands in it literally.
 *
 * @returns asks of a line whether its entry, numbered below `before`, may fit
 */
export function couldMatch(filter: AuditFilter): (bytes: Buffer, before: number) => boolean {
  const literals = [filter.actor, filter.subject, filter.result]
    .filter((value) => value !== undefined)
    .map((value) => Buffer.from(`"${value}"`));
  const kinds = filter.kinds?.map((kind) => Buffer.from(`"${kind}"`));
  return (bytes, before) => {
    const place = placeOfLine(bytes);
    return (
      place !== null &&
      place.n < before &&
      isInTime(place.at, filter) &&
      literals.every((literal) => bytes.includes(literal)) &&
      (kinds === undefined || kinds.some((kind) => bytes.includes(kind)))
    );
  };
}

function isInTime(at: number, { from, to }: AuditFilter): boolean {
  return (from === undefined || at >= from) && (to === undefined || at <= to);
}

/** Which entries a reader asks for. */
import type { AuditEntry, AuditFilter } from '../../domain/contract/audit';

export function matches(entry: AuditEntry, filter: AuditFilter): boolean {
  return (
    (filter.from === undefined || entry.at >= filter.from) &&
    (filter.to === undefined || entry.at <= filter.to) &&
    (filter.kinds === undefined || filter.kinds.includes(entry.event.kind)) &&
    (filter.actor === undefined || entry.actor === filter.actor) &&
    (filter.subject === undefined || entry.subject === filter.subject) &&
    (filter.failedOnly !== true || entry.result !== 'ok')
  );
}

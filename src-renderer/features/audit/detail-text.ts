/** What an entry of the log says beside who did what: counts and choices, in words. */
import type { AuditEntry } from '@domain/contract/audit';
import { i18n } from '../../ui/i18n.svelte';

type Event = AuditEntry['event'];

/** @param nameOf a schema's name by its id; undefined where this page does not know it */
export function detailText(
  { event, clockBack }: AuditEntry,
  nameOf: (schemaId: string) => string | undefined,
): string {
  const parts = [...partsOf(event, nameOf), ...(clockBack ? [i18n.m.audit.clockBack] : [])];
  return parts.filter((part) => part !== '').join(i18n.m.common.listSeparator);
}

function partsOf(
  event: Event,
  nameOf: (schemaId: string) => string | undefined,
): readonly string[] {
  const m = i18n.m.audit;
  const { integer } = i18n.format;
  switch (event.kind) {
    case 'locked':
      return [i18n.m.vault.lock.reasons[event.reason]];
    case 'user-added':
      return event.roles.map((role) => i18n.m.vault.roles[role]);
    case 'anchor':
      return [event.anchor.journal ? m.anchorDetail(integer(event.anchor.journal.seq)) : ''];
    case 'confirmed':
      return [
        schemaText(event.schema, nameOf),
        m.factsDetail(integer(event.facts)),
        event.bulk ? m.bulkDetail : '',
        laterText(event.addedLater),
      ];
    case 'record-shredded':
      return [laterText(event.addedLater)];
    case 'acts-compared':
      return [m.comparedDetail(integer(event.journal.seq), integer(event.added))];
    case 'export-begun':
      return [event.format, event.deidentified ? m.deidentifiedDetail : m.identifiedDetail];
    case 'exported':
      return [
        event.format,
        m.countDetail(integer(event.count)),
        event.deidentified ? m.deidentifiedDetail : m.identifiedDetail,
      ];
    case 'copied':
    case 'reply-copied':
      return [m.charsDetail(integer(event.chars))];
    case 'danger-signs-shown':
      return [m.signsDetail(integer(event.count))];
    case 'pairs-exported':
      return [i18n.m.dialogue.training[event.form], m.countDetail(integer(event.count))];
    case 'backed-up':
    case 'restored':
      return [m.recordsDetail(integer(event.records))];
    default:
      return Object.entries(event).flatMap(([key, value]) =>
        key === 'kind' ? [] : [String(value)],
      );
  }
}

function laterText(addedLater: string | undefined): string {
  if (addedLater === undefined) return '';
  return i18n.m.audit.addedLaterDetail(i18n.format.dateTimeSeconds(Date.parse(addedLater)));
}

/** Who may not read records knows the schemas that ship by name, and the hospital's own by their ids. */
function schemaText(
  schema: Extract<Event, { kind: 'confirmed' }>['schema'],
  nameOf: (schemaId: string) => string | undefined,
): string {
  if (!schema) return '';
  const m = i18n.m.audit;
  const { id, version } = schema;
  const name = id === 'other' ? m.otherSchema : (nameOf(id) ?? id.slice(0, 8));
  if (version === undefined) return m.schemaOnly(name);
  return m.schemaDetail(name, i18n.format.integer(version));
}

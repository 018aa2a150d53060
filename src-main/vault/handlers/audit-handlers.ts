/** What the page asks of the audit log, and what it tells it. */
import { rm } from 'node:fs/promises';
import type { AuditFilter } from '../../domain/contract/audit';
import type { Settings } from '../../domain/contract/ipc';
import type { HandlersOf, PathDialogs, Sender } from '../../domain/contract/ipc-handlers';
import { auditHeads, auditKindTexts } from '../../domain/messages/audit-text';
import type { AuditTrail } from '../audit/audit-trail';
import type { VaultSession } from '../session';

export interface AuditParts {
  readonly vault: Pick<VaultSession, 'people'>;
  readonly audit: AuditTrail;
  readonly dialogs: PathDialogs;
  /** Language of an exported log. */
  locale(): Settings['locale'];
}

export function auditHandlers(parts: AuditParts): HandlersOf<'audit'> {
  const { vault, audit } = parts;
  return {
    'audit.signs': ({ replyId, count }) =>
      audit.tell({ event: { kind: 'danger-signs-shown', count }, subject: replyId }),
    'audit.viewed': ({ recordId }) =>
      audit.tell({ event: { kind: 'record-viewed' }, subject: recordId }),
    'audit.printed': ({ recordId }) =>
      audit.tell({ event: { kind: 'printed' }, subject: recordId }),
    'audit.read': ({ filter, before }) => audit.read(filter, before),
    'audit.verify': () => audit.verify(),
    'audit.export': ({ format, filter }, sender) =>
      exportAuditLog(parts, { format, filter }, sender),
    'audit.people': () => [...vault.people],
  };
}

/** @returns number of entries, or null when a person closed the dialog */
async function exportAuditLog(
  { vault, audit, dialogs, locale }: AuditParts,
  { format, filter }: { readonly format: 'jsonl' | 'csv'; readonly filter: AuditFilter },
  sender: Sender,
): Promise<number | null> {
  const path = await dialogs.chooseSavePath(sender, {
    defaultPath: `audit-${new Date().toISOString().slice(0, 10)}.${format}`,
    filters: [{ name: format.toUpperCase(), extensions: [format] }],
  });
  if (path === null) return null;
  // The system's dialog has asked whether to replace it.
  await rm(path, { force: true });
  const names = new Map(vault.people.map(({ id, name }) => [id, name]));
  const texts = auditKindTexts(locale());
  return audit.export(path, {
    format,
    filter,
    heads: auditHeads(locale()),
    nameOf: (actor) => names.get(actor) ?? actor,
    kindText: (kind) => texts[kind],
  });
}

/** Words for the audit log's files, which main writes. */
import type { AuditKind } from '../contract/audit';
import type { Locale } from '../contract/ipc';
import { messagesFor } from './index';

export function auditKindTexts(locale: Locale): Readonly<Record<AuditKind, string>> {
  return messagesFor(locale).audit.kinds;
}

export function auditHeads(locale: Locale): readonly string[] {
  return messagesFor(locale).audit.heads;
}

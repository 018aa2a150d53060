/** What the page asks about backups. The place is chosen in the system's dialog, and told to the audit log. */
import type { NewAuditEntry } from '../../domain/contract/audit';
import type { HandlersOf, PathDialogs } from '../../domain/contract/ipc-handlers';
import type { BackupDesk } from '../backup-desk';
import type { VaultSession } from '../session';

export interface BackupParts {
  readonly vault: Pick<VaultSession, 'demand' | 'user'>;
  readonly audit: { tell(entry: NewAuditEntry): void };
  readonly backups: BackupDesk;
  readonly dialogs: PathDialogs;
}

export function backupHandlers(parts: BackupParts): HandlersOf<'backup'> {
  const { vault, audit, backups, dialogs } = parts;
  return {
    'backup.state': () => backups.state,
    'backup.choose': async (_nothing, sender) => {
      vault.demand('user');
      const folder = await dialogs.choosePath(sender, {
        properties: ['openDirectory', 'createDirectory'],
      });
      if (folder === null) return;
      await backups.choose(folder);
      audit.tell({ event: { kind: 'settings-changed', settings: ['backupPlace'] } });
    },
    'backup.schedule': async ({ schedule }) => {
      vault.demand('user');
      await backups.setSchedule(schedule);
      audit.tell({ event: { kind: 'settings-changed', settings: ['backupSchedule'] } });
    },
    'backup.now': () => {
      vault.demand('user');
      return backups.run();
    },
    'backup.known': async () => (vault.user ? [...(await backups.known())] : []),
  };
}

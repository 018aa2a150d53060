/** Backup, restoring, the bin and a record's history, in English. */
import type { backupZh } from './backup.zh-CN';

export const backupEn = {
  heading: 'Backup',
  lead: 'Backups stay encrypted and are read back and verified once written. Keep them on another disk, not on this machine alone.',
  place: 'Place',
  noPlace: 'not chosen yet',
  choose: 'Choose a folder',
  schedule: 'Automatic backup',
  schedules: { off: 'off', daily: 'every day', weekly: 'every week' },
  scheduleHint: 'Made when due, while the program is open and somebody is signed in.',
  now: 'Back up now',
  running: 'Backing up…',
  last: 'Last backup',
  never: 'no backup yet',
  lastDetail: (when: string, size: string, records: string) =>
    `${when}, ${size}, ${records} records, verified`,
  done: 'The backup is done and verified',
  failed: 'The backup was not made',
  restore: {
    title: 'Restore from a backup',
    firstBody:
      'On a new machine or a new system: choose a backup, and get all records and accounts back with a passphrase of that time or the recovery words.',
    failedBody:
      'A backup can be restored. The present data folder is renamed and kept, not deleted.',
    begin: 'Restore a backup',
    heading: 'Restore from a backup',
    chooseBody:
      'Choose the folder that backups are kept in; of several the newest is taken. You may also choose one of them.',
    choose: 'Choose a backup',
    chooseOther: 'Choose another',
    found: (when: string, size: string) => `Made ${when}, ${size}`,
    folder: 'Folder',
    proofBody:
      'Open it with a passphrase of its time or the recovery words. Nothing is restored before everything was verified.',
    aside: 'The present data folder is renamed and kept.',
    user: 'User in the backup',
    passphrase: 'Passphrase of that time',
    useWords: 'Use recovery words instead',
    usePassphrase: 'Use a passphrase instead',
    run: 'Verify and restore',
    running: 'Verifying and restoring…',
    offer: 'The records cannot be opened. You can lock the workstation and restore a backup.',
    offerAct: 'Lock and restore a backup',
  },
} satisfies typeof backupZh;

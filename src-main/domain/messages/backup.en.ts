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
} satisfies typeof backupZh;

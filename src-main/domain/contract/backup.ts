/** Backups as a person sees them: where they go, when, and which ones are known. */
import * as z from 'zod';
import { problemSchema } from './errors';
import { knownUserSchema } from './vault';

export const backupScheduleSchema = z.enum(['off', 'daily', 'weekly']);
export type BackupSchedule = z.infer<typeof backupScheduleSchema>;

/** A backup that this workstation made. */
export const madeBackupSchema = z.object({
  /** Path of its folder. */
  folder: z.string().min(1),
  /** Milliseconds since the epoch. */
  createdAt: z.number(),
  bytes: z.number(),
  records: z.int().nonnegative(),
});
export type MadeBackup = z.infer<typeof madeBackupSchema>;

export const backupStateSchema = z.object({
  /** Where backups go; null before a person chose. */
  destination: z.string().nullable(),
  schedule: backupScheduleSchema,
  running: z.boolean(),
  last: madeBackupSchema.nullable(),
  /** Why the newest attempt failed. */
  problem: problemSchema.nullable(),
});
export type BackupState = z.infer<typeof backupStateSchema>;

/** A backup that a person chose to restore, before anything of it is believed. */
export const chosenBackupSchema = z.object({
  folder: z.string(),
  createdAt: z.number(),
  bytes: z.number(),
  users: z.array(knownUserSchema),
});
export type ChosenBackup = z.infer<typeof chosenBackupSchema>;

const periods: Record<BackupSchedule, number> = {
  off: Infinity,
  daily: 86_400_000,
  weekly: 7 * 86_400_000,
};

/** Whether the next backup is due; also when the clock stands before the last one. */
export function isBackupDue(schedule: BackupSchedule, last: number | null, now: number): boolean {
  if (schedule === 'off') return false;
  return last === null || now < last || now - last >= periods[schedule];
}

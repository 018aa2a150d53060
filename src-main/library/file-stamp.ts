/** What tells a file that was hashed before from one that was put in its place. */
import { stat } from 'node:fs/promises';
import * as z from 'zod';

export const fileStampSchema = z.object({
  size: z.int().nonnegative(),
  /** Milliseconds since the epoch. */
  mtimeMs: z.number(),
  /** 0 on file systems without inodes. */
  ino: z.number(),
});
export type FileStamp = z.infer<typeof fileStampSchema>;

/** The file's stamp, or null where there is no such file. */
export async function stampOf(path: string): Promise<FileStamp | null> {
  try {
    const { size, mtimeMs, ino } = await stat(path);
    return { size, mtimeMs, ino };
  } catch {
    return null;
  }
}

export function sameStamp(a: FileStamp | null, b: FileStamp | null): boolean {
  return (
    a !== null && b !== null && a.size === b.size && a.mtimeMs === b.mtimeMs && a.ino === b.ino
  );
}

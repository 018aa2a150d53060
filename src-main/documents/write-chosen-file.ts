/** Text into a file at a place that a person chose: whole or not at all, and readable by its owner only. */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open, realpath, rename, rm } from 'node:fs/promises';
import { dirname, isAbsolute, join, sep } from 'node:path';
import { AppError } from '../domain/contract/errors';
import type { PlaceFault, SaveFormat } from '../domain/contract/save-file';

export interface ChosenFile {
  /** Absolute; also on a network drive, as nobody but a person chose it. */
  readonly path: string;
  readonly format: SaveFormat;
}

export interface WriteOptions {
  /** Folder of the program's own data, below which nothing is written. */
  readonly ownFolder: string;
}

/** Excel takes a CSV file for one of the system's code page, unless it begins with this. */
const byteOrderMark = '\uFEFF';

/**
 * Writes UTF-8 (with a byte order mark for CSV) as `writeChosenStream` does.
 *
 * @returns bytes written
 * @throws AppError as `writeChosenStream`
 */
export async function writeChosenFile(
  { path, format }: ChosenFile,
  text: string,
  options: WriteOptions,
): Promise<number> {
  const bytes = Buffer.from(format === 'csv' ? byteOrderMark + text : text, 'utf-8');
  return (await writeChosenStream(path, (file) => file.write(bytes), options)).bytes;
}

/**
 * Lets `fill` write beside the place, syncs it, and gives it its name: what stood there is replaced only
 * by a whole file. Where `fill` fails, nothing is left, and its error is passed on.
 *
 * @param path absolute
 * @returns bytes written, and what `fill` returned
 * @throws AppError `DISK_FULL`; `OUTPUT_UNWRITABLE`, with `why` if the place is a link (`link`), no
 *   file (`not-a-file`), not there (`no-folder`) or in the program's own folder (`own-folder`)
 */
export async function writeChosenStream<T>(
  path: string,
  fill: (file: { write(bytes: Uint8Array): Promise<void> }) => Promise<T>,
  { ownFolder }: WriteOptions,
): Promise<{ bytes: number; result: T }> {
  await checkPlace(path, ownFolder);
  const folder = dirname(path);
  // A name of its own: the chosen one may tell something, and this file stays if the machine stops.
  const beside = join(folder, `.chimed-${randomUUID()}.partial`);
  // Exclusive: a link or file that somebody laid there beforehand is not written to.
  const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY;
  const file = await told(open(beside, flags, 0o600));
  let bytes = 0;
  try {
    let result: T;
    try {
      result = await fill({
        write: async (piece) => {
          await told(file.appendFile(piece));
          bytes += piece.byteLength;
        },
      });
      await told(file.sync());
    } finally {
      await told(file.close());
    }
    // It may have changed since; a rename replaces a link itself and never follows it.
    await told(rename(beside, path));
    await syncFolder(folder);
    return { bytes, result };
  } catch (error) {
    await rm(beside, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** What the system refuses, as a problem of ours. */
function told<T>(work: Promise<T>): Promise<T> {
  return work.catch((cause: unknown) => {
    throw writeProblem(cause);
  });
}

async function checkPlace(path: string, ownFolder: string): Promise<void> {
  if (!isAbsolute(path)) throw new AppError('BAD_REQUEST');
  const folder = await realpath(dirname(path)).catch((cause: unknown) => {
    throw systemCode(cause) === 'ENOENT' ? unwritable('no-folder', cause) : writeProblem(cause);
  });
  const own = await realpath(ownFolder).catch(() => ownFolder);
  if (folder === own || folder.startsWith(own + sep)) throw unwritable('own-folder');
  const there = await lstat(path).catch((cause: unknown) => {
    if (systemCode(cause) === 'ENOENT') return null;
    throw writeProblem(cause);
  });
  if (there?.isSymbolicLink()) throw unwritable('link');
  if (there && !there.isFile()) throw unwritable('not-a-file');
}

/** Makes the name survive a power loss. The file is whole by now, so a drive that cannot is no failure. */
async function syncFolder(path: string): Promise<void> {
  // Windows has no such call and needs none.
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r').catch(() => null);
  if (!folder) return;
  try {
    await folder.sync();
  } catch (error) {
    // Network drives say so.
    if (!['EINVAL', 'ENOTSUP', 'EOPNOTSUPP'].includes(systemCode(error) ?? '')) {
      throw writeProblem(error);
    }
  } finally {
    await folder.close();
  }
}

function unwritable(why: PlaceFault, cause?: unknown): AppError {
  return new AppError('OUTPUT_UNWRITABLE', { params: { why }, cause });
}

function writeProblem(cause: unknown): AppError {
  const code = systemCode(cause) ?? 'unknown';
  const full = code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG';
  // Never the path: a person may have named the file after a patient.
  return full
    ? new AppError('DISK_FULL', { cause })
    : new AppError('OUTPUT_UNWRITABLE', { params: { system: code }, cause });
}

function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

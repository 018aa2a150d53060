/** The files that paths mean: what a person named, and what lies in the folders named. */
import type { Stats } from 'node:fs';
import { lstat, opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, type Problem } from '../domain/contract/errors';
import { Cancelled } from '../domain/contract/rpc';
import { formatOfName } from './file-format';

export interface ListedFile {
  readonly path: string;
  readonly bytes: number;
}

export interface ListOptions {
  /**
   * Called for what is there and is not listed: a file in a folder that the program does not read or
   * that is no file (`UNSUPPORTED_FILE`), a file or folder that cannot be reached or vanished meanwhile
   * (`FILE_UNREADABLE`, `FOLDER_UNREADABLE`).
   */
  onSkipped(path: string, problem: Problem): void;
  readonly signal?: AbortSignal;
}

/**
 * Paths in the order given; folders recursively, their entries in the order of UTF-16 code units, which
 * is the same on every machine. Hidden entries and links in folders are passed over without a word. A
 * file named by itself is listed whatever it is called, also by way of a link.
 *
 * Only the names of the folders between a path and the current file are held at once.
 * @throws Cancelled
 */
export async function* listFiles(
  paths: readonly string[],
  options: ListOptions,
): AsyncGenerator<ListedFile> {
  for (const path of paths) {
    if (options.signal?.aborted) throw new Cancelled();
    const info = await stat(path).catch(() => null);
    if (!info) options.onSkipped(path, { code: 'FILE_UNREADABLE' });
    else if (info.isDirectory()) yield* filesBelow(path, options);
    // A pipe or a device has no size to check before reading it.
    else if (!info.isFile()) options.onSkipped(path, { code: 'UNSUPPORTED_FILE' });
    else yield { path, bytes: info.size };
  }
}

async function* filesBelow(folder: string, options: ListOptions): AsyncGenerator<ListedFile> {
  const { onSkipped, signal } = options;
  let names: readonly string[];
  try {
    names = await namesIn(folder);
  } catch (cause) {
    onSkipped(folder, new AppError('FOLDER_UNREADABLE', { cause }).toProblem());
    return;
  }
  for (const name of names) {
    if (signal?.aborted) throw new Cancelled();
    const path = join(folder, name);
    const info = await lstat(path).catch(() => null);
    if (!info) {
      if (!(await isFolder(folder))) {
        // One word for all that was in it.
        onSkipped(folder, { code: 'FOLDER_UNREADABLE' });
        return;
      }
      onSkipped(path, { code: 'FILE_UNREADABLE' });
    } else if (info.isDirectory()) yield* filesBelow(path, options);
    else if (!info.isSymbolicLink()) yield* listed(path, info, onSkipped);
  }
}

function* listed(
  path: string,
  info: Stats,
  onSkipped: ListOptions['onSkipped'],
): Generator<ListedFile> {
  if (info.isFile() && formatOfName(path)) yield { path, bytes: info.size };
  else onSkipped(path, { code: 'UNSUPPORTED_FILE' });
}

async function namesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of await opendir(folder)) if (!name.startsWith('.')) names.push(name);
  return names.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() ?? false;
}

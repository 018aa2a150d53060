/** The files that a command's arguments mean. */
import { lstat, opendir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { AppError } from '../domain/contract/errors';
import { maxRecordFileBytes } from '../domain/contract/worker-port';

/** A place to read one record from, or why there is none. */
export interface Input {
  /** As a person would name it: the argument, or a path below a folder argument. */
  readonly source: string;
  /** @throws AppError */
  read(): Promise<Uint8Array>;
}

const textFiles = new Set(['.txt', '.text']);

/**
 * Arguments in the order given; folders recursively, sorted by name, hidden entries and links
 * skipped. A file named by itself is read whatever it is called.
 * @param onUnsupported called with files in folders that are not text files
 */
export async function* inputsOf(
  args: readonly string[],
  onUnsupported: (path: string) => void,
): AsyncGenerator<Input> {
  for (const argument of args) {
    if (argument === '-') {
      yield { source: '-', read: readStandardInput };
      continue;
    }
    const info = await stat(argument).catch(() => null);
    if (info?.isDirectory()) yield* filesBelow(argument, onUnsupported);
    else yield fileInput(argument);
  }
}

async function* filesBelow(
  folder: string,
  onUnsupported: (path: string) => void,
): AsyncGenerator<Input> {
  const names: string[] = [];
  try {
    for await (const { name } of await opendir(folder)) if (!name.startsWith('.')) names.push(name);
  } catch (cause) {
    const error = new AppError('FILE_UNREADABLE', { cause });
    yield { source: folder, read: () => Promise.reject(error) };
    return;
  }
  // By code unit, so that the order does not depend on the machine's language.
  names.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  for (const name of names) {
    const path = join(folder, name);
    const info = await lstat(path).catch(() => null);
    if (!info || info.isSymbolicLink()) continue;
    if (info.isDirectory()) yield* filesBelow(path, onUnsupported);
    else if (info.isFile() && textFiles.has(extname(name).toLowerCase())) yield fileInput(path);
    else onUnsupported(path);
  }
}

function fileInput(path: string): Input {
  return {
    source: path,
    read: async () => {
      try {
        const info = await stat(path);
        // A pipe or a device has no size to check before reading it.
        if (!info.isFile()) throw new AppError('UNSUPPORTED_FILE');
        if (info.size > maxRecordFileBytes) {
          throw new AppError('FILE_TOO_LARGE', {
            params: { bytes: info.size, limit: maxRecordFileBytes },
          });
        }
        return await readFile(path);
      } catch (error) {
        throw error instanceof AppError ? error : new AppError('FILE_UNREADABLE', { cause: error });
      }
    },
  };
}

async function readStandardInput(): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxRecordFileBytes) {
      throw new AppError('FILE_TOO_LARGE', { params: { bytes, limit: maxRecordFileBytes } });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

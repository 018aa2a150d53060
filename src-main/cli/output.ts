/** Where results go: standard output, or a file that appears under its name only when it is whole. */
import { constants } from 'node:fs';
import { open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { syncFolderOf } from '../convert/gguf-writer';
import { AppError } from '../domain/contract/errors';
import { outputProblem } from './output-problem';

export interface Output {
  write(result: unknown): Promise<void>;
  /** Ends the array, if there is one, and gives the file its name. Also after an interruption. */
  finish(): Promise<void>;
  /** Something stopped everything: keeps the file only if it holds results. */
  abandon(): Promise<void>;
  /** Interrupted, where it can be gone on with later. Absent where it ends as after the last record. */
  pause?(): Promise<void>;
}

export interface OutputOptions {
  readonly format: 'jsonl' | 'json';
  readonly path?: string | undefined;
  readonly force: boolean;
}

/** @throws AppError `OUTPUT_EXISTS`, `OUTPUT_UNWRITABLE`, `DISK_FULL` before anything else is done */
export async function openOutput({ format, path, force }: OutputOptions): Promise<Output> {
  const sink = await openTextOutput({ path, force });
  let count = 0;
  const finish = async (): Promise<void> => {
    if (format === 'json') await sink.write(count === 0 ? '[]\n' : '\n]\n');
    await sink.finish();
  };
  return {
    write: async (result) => {
      const json = JSON.stringify(result);
      const before = format === 'jsonl' ? '' : count === 0 ? '[\n' : ',\n';
      await sink.write(`${before}${json}${format === 'jsonl' ? '\n' : ''}`);
      count++;
    },
    finish,
    abandon: () => (count > 0 ? finish() : sink.discard()),
  };
}

/** Text, or bytes, as they are, to standard output or to a file. */
export interface TextOutput {
  write(text: string | Uint8Array): Promise<void>;
  finish(): Promise<void>;
  /** Leaves no file. */
  discard(): Promise<void>;
}

/** @throws AppError `OUTPUT_EXISTS`, `OUTPUT_UNWRITABLE` before anything is written */
export function openTextOutput({
  path,
  force,
}: Omit<OutputOptions, 'format'>): Promise<TextOutput> {
  return path === undefined ? Promise.resolve(standardOutput()) : fileOutput(path, force);
}

export function standardOutput(): TextOutput {
  return {
    write: (text) =>
      new Promise((resolve, reject) => {
        process.stdout.write(text, (error) => {
          if (error)
            reject(new AppError('OUTPUT_UNWRITABLE', { params: { path: 'stdout' }, cause: error }));
          else resolve();
        });
      }),
    finish: () => Promise.resolve(),
    discard: () => Promise.resolve(),
  };
}

/** What is written goes to the end, also after a part of it was cut off again. */
const emptied = constants.O_CREAT | constants.O_TRUNC | constants.O_WRONLY | constants.O_APPEND;

/**
 * A file that its owner alone may read, also where it was there before. Its name is on the disk.
 * @throws what the system says
 */
export async function openOwn(path: string, flags: string | number): Promise<FileHandle> {
  const file = await open(path, flags, 0o600);
  try {
    await file.chmod(0o600);
    await syncFolderOf(path);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function fileOutput(path: string, force: boolean): Promise<TextOutput> {
  const exists = async (): Promise<boolean> =>
    stat(path).then(
      () => true,
      () => false,
    );
  const refuseToReplace = async (): Promise<void> => {
    if (!force && (await exists())) throw new AppError('OUTPUT_EXISTS', { params: { path } });
  };
  await refuseToReplace();
  const beside = `${path}.partial`;
  let file: FileHandle;
  let bytes = 0;
  try {
    file = await openOwn(beside, emptied);
  } catch (error) {
    throw outputProblem(path, error);
  }
  return {
    write: async (text) => {
      try {
        await file.appendFile(text);
        bytes += Buffer.byteLength(text);
      } catch (error) {
        // A disk that fills up takes a part; what is kept of the file are whole results.
        await file.truncate(bytes).catch(() => undefined);
        throw outputProblem(path, error);
      }
    },
    discard: async () => {
      await file.close();
      await rm(beside, { force: true });
    },
    finish: async () => {
      try {
        await file.sync();
        await file.close();
        await refuseToReplace();
        await rename(beside, path);
        await syncFolderOf(path);
      } catch (error) {
        throw outputProblem(path, error);
      }
    },
  };
}

/**
 * What an extraction has done so far, as lines of a file: the output itself where that is JSON lines, a
 * file beside it otherwise. Each line is on the disk before the next record counts; a line that was cut
 * off by a kill is cut away.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rename, rm, stat, type FileHandle } from 'node:fs/promises';
import * as z from 'zod';
import { syncFolderOf } from '../convert/gguf-writer';
import { AppError } from '../domain/contract/errors';
import type { ExportOptions } from '../domain/contract/export';
import { runIdentitySchema, type RunIdentity } from '../domain/contract/extraction';
import { openOwn, type Output } from './output';
import { outputProblem } from './output-problem';

/** The part of a line that tells what it is of. */
const doneLineSchema = z.object({
  version: z.literal(1),
  record: z.object({
    source: z.string(),
    row: z.int().positive().optional(),
    sha256: z.string().nullable(),
  }),
  deidentified: z.literal(true).optional(),
  status: z.enum(['completed', 'incomplete', 'failed']),
  run: runIdentitySchema,
});

const newline = 0x0a;

export interface ResumeOptions {
  readonly path: string;
  readonly format: ExportOptions['format'];
  /** Begins anew where a file is there. */
  readonly force: boolean;
}

/** What makes a record the same one in a later run: its place, and what is there. */
export interface DoneRecord {
  readonly source: string;
  /** Of a table: two rows with one text are two records. */
  readonly row?: number | undefined;
  readonly sha256: string;
}

export interface ResumableOutput extends Output {
  /** Records that the file has already. */
  readonly done: number;
  /** Whether this very text of this place has its line. */
  has(record: DoneRecord): boolean;
}

/**
 * Opens the file and goes on where it ends. Records that failed are tried again: their lines go.
 *
 * @param run what every line has to have been made with
 * @param convert makes a file of another format out of the lines, once they are whole
 * @throws AppError `RESUME_OTHER_RUN`, `RESUME_FILE_INVALID` with the line, `OUTPUT_EXISTS`,
 *   `OUTPUT_UNWRITABLE`, `DISK_FULL`
 */
export async function openResumable(
  { path, format, force }: ResumeOptions,
  run: RunIdentity,
  deidentified: boolean,
  convert: (state: string) => Promise<unknown>,
): Promise<ResumableOutput> {
  const state = format === 'jsonl' ? path : `${path}.resume.jsonl`;
  // What a run without --resume had written when it was killed.
  const partial = `${path}.partial`;
  try {
    if (force) {
      await rm(state, { force: true });
      await rm(partial, { force: true });
    } else if (format === 'jsonl' && !(await exists(state)) && (await exists(partial))) {
      await rename(partial, state);
    }
    if (format !== 'jsonl' && !force && (await exists(path))) {
      throw new AppError('OUTPUT_EXISTS', { params: { path } });
    }
    const done = new Set<string>();
    const kept = await readDone(state, run, deidentified, done);
    const file = await openOwn(state, 'a');
    return output(file, { state, path, format, done, kept, convert });
  } catch (error) {
    throw outputProblem(path, error);
  }
}

function output(
  file: FileHandle,
  of: {
    state: string;
    path: string;
    format: ExportOptions['format'];
    convert: (state: string) => Promise<unknown>;
    done: ReadonlySet<string>;
    kept: number;
  },
): ResumableOutput {
  const { state, path, format, done, kept, convert } = of;
  const close = async (): Promise<void> => {
    await file.close().catch((error: unknown) => {
      throw outputProblem(path, error);
    });
  };
  return {
    done: kept,
    has: (record) => done.has(keyOf(record)),
    write: async (result) => {
      try {
        await file.appendFile(`${JSON.stringify(result)}\n`);
        await file.datasync();
      } catch (error) {
        throw outputProblem(path, error);
      }
    },
    finish: async () => {
      await close();
      if (format === 'jsonl') return;
      if (format === 'json') await writeArray(state, path);
      else await convert(state);
      await rm(state, { force: true });
    },
    // It is what the next run goes on with.
    abandon: close,
    pause: close,
  };
}

/** @returns how many lines hold. Writes the file anew where some do not. */
async function readDone(
  state: string,
  run: RunIdentity,
  deidentified: boolean,
  done: Set<string>,
): Promise<number> {
  if (!(await exists(state))) return 0;
  const wanted = canonical(run);
  const beside = `${state}.rewrite`;
  let [kept, dropped, number] = [0, 0, 0];
  let target: FileHandle | null = null;
  try {
    target = await openOwn(beside, 'w');
    for await (const { bytes, whole } of linesOf(state)) {
      number += 1;
      if (!whole) {
        dropped += 1;
        break;
      }
      const line = parsed(bytes);
      if (!line) throw new AppError('RESUME_FILE_INVALID', { params: { line: number } });
      if (canonical(line.run) !== wanted || (line.deidentified ?? false) !== deidentified) {
        throw new AppError('RESUME_OTHER_RUN', { params: { line: number } });
      }
      const { source, row, sha256 } = line.record;
      if (line.status === 'failed' || sha256 === null) {
        dropped += 1;
        continue;
      }
      done.add(keyOf({ source, row, sha256 }));
      kept += 1;
      await target.appendFile(Buffer.concat([bytes, Buffer.from('\n')]));
    }
    if (dropped > 0) {
      await target.datasync();
      await target.close();
      target = null;
      await rename(beside, state);
      await syncFolderOf(state);
    }
    return kept;
  } finally {
    await target?.close();
    await rm(beside, { force: true });
  }
}

/** Lines of a file one by one; the last one is not whole where no line end follows it. */
async function* linesOf(path: string): AsyncGenerator<{ bytes: Buffer; whole: boolean }> {
  let rest: Buffer[] = [];
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    let at = 0;
    for (let end = chunk.indexOf(newline, at); end >= 0; end = chunk.indexOf(newline, at)) {
      yield { bytes: Buffer.concat([...rest, chunk.subarray(at, end)]), whole: true };
      rest = [];
      at = end + 1;
    }
    if (at < chunk.length) rest.push(chunk.subarray(at));
  }
  if (rest.length > 0) yield { bytes: Buffer.concat(rest), whole: false };
}

/** The lines as one array, under the name that was asked for once it is whole. */
async function writeArray(state: string, path: string): Promise<void> {
  const beside = `${path}.partial`;
  try {
    const file = await openOwn(beside, 'w');
    try {
      let count = 0;
      for await (const { bytes } of linesOf(state)) {
        await file.appendFile(Buffer.concat([Buffer.from(count === 0 ? '[\n' : ',\n'), bytes]));
        count += 1;
      }
      await file.appendFile(count === 0 ? '[]\n' : '\n]\n');
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
    await syncFolderOf(path);
  } catch (error) {
    throw outputProblem(path, error);
  }
}

function parsed(bytes: Buffer): z.infer<typeof doneLineSchema> | null {
  try {
    return doneLineSchema.parse(JSON.parse(bytes.toString('utf8')));
  } catch {
    return null;
  }
}

/** The same for the same run, whatever order its keys are in. */
function canonical(run: RunIdentity): string {
  const sorted = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(sorted)
      : typeof value === 'object' && value !== null
        ? Object.fromEntries(
            Object.entries(value)
              .sort(([a], [b]) => (a < b ? -1 : 1))
              .map(([key, each]) => [key, sorted(each)]),
          )
        : value;
  return JSON.stringify(sorted(run));
}

/** Short, as those of many thousand records are held in memory. */
function keyOf({ source, row, sha256 }: DoneRecord): string {
  return createHash('sha256')
    .update(`${source}\0${row ?? ''}\0${sha256}`)
    .digest('base64');
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

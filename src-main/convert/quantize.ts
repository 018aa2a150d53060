/**
 * Quantizes a GGUF with the engine's own `llama_model_quantize`, in a child process: native code that may
 * die, that cannot be interrupted otherwise, and whose log is the only sign of progress.
 */
import { open, rename, rm } from 'node:fs/promises';
import * as z from 'zod';
import { AppError } from '../domain/contract/errors';
import { syncFolderOf } from './gguf-writer';

/** llama.h's `llama_ftype`, and bits a weight, generously, for asking for room. */
export const quantizations = {
  q4_0: { fileType: 2, bits: 5 },
  q8_0: { fileType: 7, bits: 8.6 },
  q4_k_m: { fileType: 15, bits: 5.2 },
  q5_k_m: { fileType: 17, bits: 6 },
  q6_k: { fileType: 18, bits: 6.8 },
} as const;
export type Quantization = keyof typeof quantizations;

export const quantizeJobSchema = z.object({
  /** Path of the libllama that comes with the engine. */
  library: z.string(),
  source: z.string(),
  target: z.string(),
  fileType: z.int(),
  threads: z.int().positive(),
});
export type QuantizeJob = z.infer<typeof quantizeJobSchema>;

export interface QuantizeOptions {
  readonly threads: number;
  readonly signal?: AbortSignal | undefined;
  /** Done with the file under its temporary name while the disk takes it. */
  whileSyncing?(path: string): Promise<void>;
  /** Tensors done, and in all. */
  onProgress?(done: number, total: number): void;
}

/** A running `quantize-child`, however this process came to have it started. */
export interface QuantizerProcess {
  /** Hears what the engine says of its work. */
  onLog(listener: (text: string) => void): void;
  /** The exit code, after the last of its log; null where it was killed. */
  readonly ended: Promise<number | null>;
  kill(): void;
}

/** Starts `quantize-child` with the job. */
export type StartQuantizer = (job: QuantizeJob) => QuantizerProcess;

/**
 * Writes `target`, which has its name only when it is whole and on the disk.
 * @param source a GGUF of F16 or BF16 weights
 * @throws AppError `QUANTIZE_FAILED` (detail: what the engine said last, or how its process ended)
 * @throws the signal's reason
 */
export async function quantize(
  start: StartQuantizer,
  library: string,
  source: string,
  target: string,
  type: Quantization,
  { threads, signal, whileSyncing, onProgress }: QuantizeOptions,
): Promise<void> {
  signal?.throwIfAborted();
  const partial = `${target}.${process.pid}.partial`;
  const { fileType } = quantizations[type];
  const child = start({ library, source, target: partial, fileType, threads });
  const stop = (): void => child.kill();
  signal?.addEventListener('abort', stop);
  try {
    const log = new QuantizerLog(onProgress);
    child.onLog((text) => log.read(text));
    const code = await child.ended;
    signal?.throwIfAborted();
    if (code !== 0) {
      const detail = log.lastLine || (code === null ? 'killed' : `exit ${code}`);
      throw new AppError('QUANTIZE_FAILED', { params: { detail } });
    }
    await Promise.all([syncFile(partial), whileSyncing?.(partial)]);
    signal?.throwIfAborted();
    await rename(partial, target);
    await syncFolderOf(target);
  } finally {
    signal?.removeEventListener('abort', stop);
    await rm(partial, { force: true });
  }
}

/** Reads `[  12/ 363] blk.0...` lines; other lines are kept for saying why it failed. */
export class QuantizerLog {
  #rest = '';
  #last = '';
  readonly #onProgress: ((done: number, total: number) => void) | undefined;

  constructor(onProgress?: (done: number, total: number) => void) {
    this.#onProgress = onProgress;
  }

  /** What it said last that was no progress, short and printable. */
  get lastLine(): string {
    return this.#last;
  }

  read(text: string): void {
    this.#rest += text;
    const lines = this.#rest.split('\n');
    this.#rest = (lines.pop() ?? '').slice(-10_000);
    // A tensor's line begins when its work does, and ends when it is done.
    for (const line of [...lines, this.#rest]) {
      const [, number, total] = /^\[\s*(\d+)\/\s*(\d+)\]/.exec(line) ?? [];
      if (number !== undefined) this.#onProgress?.(Number(number) - 1, Number(total));
      else if (/error|fail/i.test(line)) this.#last = printable(line);
    }
  }
}

/** Paths are cut from what the engine says: they may hold a person's name. */
function printable(line: string): string {
  return line
    .replace(/(['"]?)(\/|[A-Za-z]:\\)[^'"\n]*\1/g, '…')
    .replace(/[^\x20-\x7e…]/g, '')
    .trim()
    .slice(0, 200);
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** From a released checkpoint to a model file that this program loads: weights, quantization, card. */
import { rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { ConversionPhase, ConversionType } from '../domain/contract/conversion';
import type { ModelCard } from '../domain/contract/model-card';
import { demandSpace } from '../library/free-space';
import { inspectGguf, type GgufSummary } from '../library/gguf-structure';
import { cardPathOf, describeUnknownModel } from '../library/model-card';
import { sha256OfFile } from '../library/sha256';
import { usableTemplateOf } from '../library/template-of-file';
import type { ChatFormat } from '../domain/contract/prompt-format';
import { openCheckpoint, sizeOf, type Checkpoint } from './checkpoint';
import { elementsOf } from './checkpoint-tensor';
import { convertCheckpoint } from './convert-checkpoint';
import type { HashThread, StartHashThread } from './hash-in-thread';
import { quantizations, quantize, type Quantization, type StartQuantizer } from './quantize';
import { hashSources } from './source-hashes';

export interface ConversionOptions {
  readonly type: ConversionType;
  readonly threads: number;
  /** This program and its version. */
  readonly tool: string;
  /** Keeps the 16-bit file of a quantized model, for quantizing it again. */
  readonly keepSource?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  onProgress?(phase: ConversionPhase, done: number, total: number): void;
}

/** How this process starts what works beside it, and where the engine's library lies. */
export interface ConversionHelpers {
  readonly startQuantizer: StartQuantizer;
  readonly startHashThread: StartHashThread;
  readonly library: string;
}

export interface Conversion {
  readonly card: ModelCard;
  readonly cardPath: string;
  /** The 16-bit file, where one was asked to be kept. */
  readonly source: string | null;
}

/**
 * Writes `out` and its card beside it. What ends it before the file is whole leaves nothing.
 * @param folder a checkpoint as `openCheckpoint` reads it
 * @param out path of the GGUF; an existing one is replaced at the end, as is `keptSourcePath(out)`
 * @throws AppError of `openCheckpoint`, `convertCheckpoint`, `quantize`, `inspectGguf`
 * @throws Cancelled, or the signal's reason
 */
export async function convertModel(
  folder: string,
  out: string,
  helpers: ConversionHelpers,
  options: ConversionOptions,
): Promise<Conversion> {
  const { type, threads, tool, signal } = options;
  const checkpoint = await openCheckpoint(folder);
  const stored = [...checkpoint.tensors.values()].map(({ tensor }) => tensor.type);
  // BF16 holds what a BF16 or F32 checkpoint holds; only halves would lose digits in it.
  const wide = type === 'f16' || (type !== 'bf16' && stored.includes('F16')) ? 'F16' : 'BF16';
  const quantization = type === 'f16' || type === 'bf16' ? null : type;
  const parameters = [...checkpoint.tensors.values()].reduce(
    (sum, { tensor }) => sum + elementsOf(tensor.shape),
    0,
  );
  const quantizedBytes = quantization ? (parameters * quantizations[quantization].bits) / 8 : 0;
  await demandSpace(dirname(out), parameters * 2 + quantizedBytes);

  const { files } = checkpoint;
  const progress = new WriteProgress(await sizeOf(files), parameters * 2, options.onProgress);
  const sources = await hashSources(
    helpers.startHashThread,
    files,
    quantization ? 1 : threads,
    (done) => progress.hashed(done),
  );
  const stop = (): void => void sources.stop();
  signal?.addEventListener('abort', stop);
  const work = {
    checkpoint,
    out,
    wide,
    hashes: sources.hashes,
    date: new Date().toISOString(),
  } as const;
  try {
    const { summary, template, sha256 } = quantization
      ? await writeQuantized(work, quantization, progress, helpers, options)
      : await writeWide(work, progress, helpers, options);
    const hashes = await sources.hashes;
    const card: ModelCard = {
      ...describeUnknownModel(out, summary, sha256, template),
      provenance: {
        tool,
        date: work.date,
        sources: files.map((file, i) => ({ file: basename(file), sha256: hashes[i] as string })),
      },
    };
    const cardPath = cardPathOf(out);
    const beside = `${cardPath}.${process.pid}.partial`;
    await writeFile(beside, `${JSON.stringify(card, null, 2)}\n`);
    await rename(beside, cardPath);
    return {
      card,
      cardPath,
      source: quantization && options.keepSource ? keptSourcePath(out) : null,
    };
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
    await sources.stop();
  }
}

/** Where the 16-bit file of a quantized model stays, if it does: `NAME.gguf` -> `NAME-16bit.gguf`. */
export function keptSourcePath(out: string): string {
  return out.replace(/(\.gguf)?$/i, '-16bit.gguf');
}

interface Work {
  readonly checkpoint: Checkpoint;
  readonly out: string;
  readonly wide: 'F16' | 'BF16';
  /** Of the checkpoint's files. */
  readonly hashes: Promise<readonly string[]>;
  readonly date: string;
}

/** What was found out about the result before it got its name. */
interface Examined {
  readonly summary: GgufSummary;
  readonly template: ChatFormat | null;
  readonly sha256: string;
}

/**
 * The sources' checksums stand at the beginning of the file. With them known first, its own checksum is
 * worked out while it grows.
 */
async function writeWide(
  { checkpoint, out, wide, hashes, date }: Work,
  progress: WriteProgress,
  { startHashThread }: ConversionHelpers,
  { tool, signal }: ConversionOptions,
): Promise<Examined> {
  const provenance = { tool, date, hashes: await hashes };
  let length = 0;
  let follower: HashThread | undefined;
  let looked: Omit<Examined, 'sha256'> | undefined;
  let sha256: string | undefined;
  try {
    await convertCheckpoint(checkpoint, out, wide, provenance, {
      signal,
      follower: {
        begin: (path) => (follower = startHashThread([path], { growing: true })),
        grew: (bytes) => {
          length = bytes;
          follower?.grow(length, false);
        },
      },
      whileSyncing: async (path) => {
        follower?.grow(length, true);
        looked = await lookAt(path);
        [sha256] = (await follower?.hashes) ?? [];
      },
      onProgress: (done, total) => progress.written(done, total),
    });
  } finally {
    await follower?.stop();
  }
  if (!looked || sha256 === undefined) throw new Error('the file was not looked at');
  return { ...looked, sha256 };
}

async function lookAt(path: string): Promise<Omit<Examined, 'sha256'>> {
  const { summary, header } = await inspectGguf(path);
  return { summary, template: await usableTemplateOf(header) };
}

/**
 * Nobody asks for the checksum of the 16-bit file in between, so those of the sources are worked out
 * while it is written: a slow disk is read once.
 */
async function writeQuantized(
  { checkpoint, out, wide, hashes, date }: Work,
  type: Quantization,
  progress: WriteProgress,
  { startQuantizer, library }: ConversionHelpers,
  { tool, threads, keepSource = false, signal, onProgress }: ConversionOptions,
): Promise<Examined> {
  // A name that nobody else's file has, unless it is to stay.
  const between = keepSource ? keptSourcePath(out) : `${out}.${process.pid}.source`;
  // A disk that was taken out is told at once, and not when the weights are written.
  const unreadable = new AbortController();
  hashes.catch((error: unknown) => unreadable.abort(error));
  let examined: Examined | undefined;
  let kept = false;
  try {
    await convertCheckpoint(
      checkpoint,
      between,
      wide,
      { tool, date, hashes },
      {
        signal: AbortSignal.any([unreadable.signal, ...(signal ? [signal] : [])]),
        onProgress: (done, total) => progress.written(done, total),
      },
    );
    await quantize(startQuantizer, library, between, out, type, {
      threads,
      signal,
      whileSyncing: async (path) => {
        const looked = await lookAt(path);
        const sha256 = await sha256OfFile(path, {
          signal,
          onProgress: (done, total) => onProgress?.('hash-result', done, total),
        });
        examined = { ...looked, sha256 };
      },
      onProgress: (done, total) => onProgress?.('quantize', done, total),
    });
    kept = keepSource;
  } finally {
    if (!kept) await rm(between, { force: true });
  }
  if (!examined) throw new Error('the file was not looked at');
  return examined;
}

/** Bytes read for the sources' checksums and bytes written, as one step. */
class WriteProgress {
  readonly #sourceBytes: number;
  readonly #onProgress: ConversionOptions['onProgress'];
  #toWrite: number;
  #hashed = 0;
  #written = 0;

  constructor(sourceBytes: number, toWrite: number, onProgress: ConversionOptions['onProgress']) {
    this.#sourceBytes = sourceBytes;
    this.#toWrite = toWrite;
    this.#onProgress = onProgress;
  }

  hashed(bytes: number): void {
    this.#hashed = bytes;
    this.#report();
  }

  written(bytes: number, total: number): void {
    this.#written = bytes;
    this.#toWrite = total;
    this.#report();
  }

  #report(): void {
    this.#onProgress?.('write', this.#hashed + this.#written, this.#sourceBytes + this.#toWrite);
  }
}

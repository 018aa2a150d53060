/** From a released checkpoint to a model file that this program loads: weights, quantization, card. */
import { rename, rm, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ConversionPhase, ConversionType } from '../domain/contract/conversion';
import type { ModelCard } from '../domain/contract/model-card';
import { checkGgufStructure, type GgufSummary } from '../library/gguf-structure';
import { cardPathOf, describeUnknownModel } from '../library/model-card';
import { sha256OfFile } from '../library/sha256';
import { openCheckpoint, sizeOf } from './checkpoint';
import { convertCheckpoint, demandSpace } from './convert-checkpoint';
import type { Hashing } from './hash-files';
import { quantizations, quantize, type StartQuantizer } from './quantize';

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
  startHashing(files: readonly string[], onProgress: (done: number) => void): Hashing;
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
 * @throws AppError of `openCheckpoint`, `convertCheckpoint`, `quantize`, `checkGgufStructure`
 * @throws Cancelled, or the signal's reason
 */
export async function convertModel(
  folder: string,
  out: string,
  helpers: ConversionHelpers,
  options: ConversionOptions,
): Promise<Conversion> {
  const { type, threads, keepSource = false, signal, onProgress } = options;
  const checkpoint = await openCheckpoint(folder);
  const stored = [...checkpoint.tensors.values()].map(({ tensor }) => tensor.type);
  // BF16 holds what a BF16 or F32 checkpoint holds; only halves would lose digits in it.
  const wide = type === 'f16' || (type !== 'bf16' && stored.includes('F16')) ? 'F16' : 'BF16';
  const quantization = type === 'f16' || type === 'bf16' ? null : type;
  const parameters = [...checkpoint.tensors.values()].reduce(
    (sum, { tensor }) => sum + tensor.shape.reduce((product, length) => product * length, 1),
    0,
  );
  const quantizedBytes = quantization ? (parameters * quantizations[quantization].bits) / 8 : 0;
  await demandSpace(out, parameters * 2 + quantizedBytes);

  const [tool, date] = [options.tool, new Date().toISOString()];
  let summary: GgufSummary | undefined;
  let sha256 = '';
  // While the disk takes the result; it is checked as any other file that a person brings.
  const examine = async (path: string): Promise<void> => {
    summary = await checkGgufStructure(path);
    sha256 = await sha256OfFile(path, {
      signal,
      onProgress: (done, total) => onProgress?.('hash-result', done, total),
    });
  };
  let sixteen = out;
  // A name that nobody else's file has, unless it is to stay.
  if (quantization) sixteen = keepSource ? keptSourcePath(out) : `${out}.${process.pid}.source`;
  let kept = quantization === null;
  const sourceBytes = await sizeOf(checkpoint.files);
  let [hashed, written, toWrite] = [0, 0, parameters * 2];
  const report = (): void => onProgress?.('write', hashed + written, sourceBytes + toWrite);
  const hashing = helpers.startHashing(checkpoint.files, (done) => {
    hashed = done;
    report();
  });
  // A disk that was taken out is told at once, and not when the weights are written.
  const unreadable = new AbortController();
  hashing.hashes.catch((error: unknown) => unreadable.abort(error));
  try {
    await convertCheckpoint(
      checkpoint,
      sixteen,
      wide,
      { tool, date, hashes: hashing.hashes },
      {
        signal: AbortSignal.any([unreadable.signal, ...(signal ? [signal] : [])]),
        onProgress: (done, total) => {
          [written, toWrite] = [done, total];
          report();
        },
        ...(quantization ? {} : { whileSyncing: examine }),
      },
    );
    if (quantization) {
      await quantize(helpers.startQuantizer, helpers.library, sixteen, out, quantization, {
        threads,
        signal,
        whileSyncing: examine,
        onProgress: (done, total) => onProgress?.('quantize', done, total),
      });
      kept = keepSource;
    }
  } finally {
    await hashing.stop();
    if (!kept) await rm(sixteen, { force: true });
  }
  if (!summary) throw new Error('a file was written that nobody looked at');
  const hashes = await hashing.hashes;
  const sources = checkpoint.files.map((file, i) => ({
    file: basename(file),
    sha256: hashes[i] as string,
  }));
  const card: ModelCard = {
    ...describeUnknownModel(out, summary, sha256),
    provenance: { tool, date, sources },
  };
  const cardPath = cardPathOf(out);
  const beside = `${cardPath}.${process.pid}.partial`;
  await writeFile(beside, `${JSON.stringify(card, null, 2)}\n`);
  await rename(beside, cardPath);
  return { card, cardPath, source: quantization && kept ? sixteen : null };
}

/** Where the 16-bit file of a quantized model stays, if it does: `NAME.gguf` -> `NAME-16bit.gguf`. */
export function keptSourcePath(out: string): string {
  return out.replace(/(\.gguf)?$/i, '-16bit.gguf');
}

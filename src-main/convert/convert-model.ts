/** From a released checkpoint to a model file that this program loads: weights, quantization, card. */
import { rename, rm, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ConversionPhase, ConversionType } from '../domain/contract/conversion';
import type { ModelCard } from '../domain/contract/model-card';
import { checkGgufStructure } from '../library/gguf-structure';
import { cardPathOf, describeUnknownModel } from '../library/model-card';
import { sha256OfFile } from '../library/sha256';
import { openCheckpoint, sizeOf } from './checkpoint';
import { convertCheckpoint, demandSpace, type Provenance } from './convert-checkpoint';
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

/** How this process starts the quantizer, and where the engine's library lies. */
export interface Quantizer {
  readonly start: StartQuantizer;
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
  quantizer: Quantizer,
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

  const provenance: Provenance = {
    tool: options.tool,
    date: new Date().toISOString(),
    sources: await hashed(checkpoint.files, options),
  };
  let sixteen = out;
  // A name that nobody else's file has, unless it is to stay.
  if (quantization) sixteen = keepSource ? keptSourcePath(out) : `${out}.${process.pid}.source`;
  let kept = quantization === null;
  try {
    await convertCheckpoint(checkpoint, sixteen, wide, provenance, {
      signal,
      onProgress: (done, total) => onProgress?.('write', done, total),
    });
    if (quantization) {
      await quantize(quantizer.start, quantizer.library, sixteen, out, quantization, {
        threads,
        signal,
        onProgress: (done, total) => onProgress?.('quantize', done, total),
      });
      kept = keepSource;
    }
  } finally {
    if (!kept) await rm(sixteen, { force: true });
  }
  const card = await describe(out, provenance, options);
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

async function hashed(
  files: readonly string[],
  { signal, onProgress }: ConversionOptions,
): Promise<Provenance['sources']> {
  const total = await sizeOf(files);
  const sources: { file: string; sha256: string }[] = [];
  let before = 0;
  for (const file of files) {
    const sha256 = await sha256OfFile(file, {
      ...(signal ? { signal } : {}),
      onProgress: (done) => onProgress?.('hash-sources', before + done, total),
    });
    before += await sizeOf([file]);
    sources.push({ file: basename(file), sha256 });
  }
  return sources;
}

/** The file is read again, and checked as any other that a person brings. */
async function describe(
  out: string,
  provenance: Provenance,
  { signal, onProgress }: ConversionOptions,
): Promise<ModelCard> {
  const summary = await checkGgufStructure(out);
  const sha256 = await sha256OfFile(out, {
    ...(signal ? { signal } : {}),
    onProgress: (done, total) => onProgress?.('hash-result', done, total),
  });
  const sources = provenance.sources.map((source) => ({ ...source }));
  return {
    ...describeUnknownModel(out, summary, sha256),
    provenance: { ...provenance, sources },
  };
}

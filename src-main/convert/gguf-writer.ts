/**
 * Writes GGUF version 3 files as a stream: the header first, then each tensor's data in the order
 * declared, so that a 13B never has to fit into memory.
 * Format: ggml's docs/gguf.md.
 *
 * The file is written beside its target under another name, flushed to disk and renamed at the end:
 * an interrupted write leaves nothing that looks finished.
 */
import { rm, rename, open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeAll, writeProblem } from '../library/write-file';
import { GgufHeader, type GgufValue } from './gguf-header';

/** Bytes that every tensor's data begins at a multiple of. */
export const ggufAlignment = 32;

/** ggml's number of a type, and how many bytes hold how many elements. */
const tensorTypes = {
  F32: { id: 0, block: 1, bytes: 4 },
  F16: { id: 1, block: 1, bytes: 2 },
  Q4_0: { id: 2, block: 32, bytes: 18 },
  Q8_0: { id: 8, block: 32, bytes: 34 },
  BF16: { id: 30, block: 1, bytes: 2 },
} as const;
export type GgufTensorType = keyof typeof tensorTypes;

export interface GgufTensor {
  readonly name: string;
  /** ggml's `ne` order: the length of a row first, then the number of rows. */
  readonly dims: readonly number[];
  readonly type: GgufTensorType;
}

export type GgufMetadata = readonly (readonly [key: string, value: GgufValue])[];

/** Bytes of a tensor's data without padding. */
export function tensorBytes(tensor: GgufTensor): number {
  const { block, bytes } = tensorTypes[tensor.type];
  const [row = 0] = tensor.dims;
  const elements = tensor.dims.reduce((product, length) => product * length, 1);
  const valid =
    tensor.dims.length >= 1 &&
    tensor.dims.length <= 4 &&
    tensor.dims.every((n) => Number.isSafeInteger(n) && n > 0);
  if (!valid || row % block !== 0 || !Number.isSafeInteger(elements * bytes)) {
    throw new RangeError(`tensor ${tensor.name}: bad dimensions for ${tensor.type}`);
  }
  return (elements / block) * bytes;
}

const padded = (bytes: number): number => Math.ceil(bytes / ggufAlignment) * ggufAlignment;

export interface GgufWriteOptions {
  readonly signal?: AbortSignal | undefined;
  /** What the metadata are in the end, where that is known only later; as long as what stands for it. */
  readonly finalMetadata?: Promise<GgufMetadata> | undefined;
  /** Told the file's temporary name when it is begun, and its length whenever it has grown. */
  readonly follower?: { begin(path: string): void; grew(length: number): void } | undefined;
  /** Done with the file under its temporary name while the disk takes the last of it. */
  whileSyncing?(path: string): Promise<void>;
  /** Bytes of tensor data written, and in all. */
  onProgress?(done: number, total: number): void;
}

/**
 * Gives the data of one tensor, in pieces of any size that add up to exactly `tensorBytes`. A piece that
 * was given must stay as it is: it is written while the next one is made.
 */
export type TensorSource = (
  tensor: GgufTensor,
) => Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/**
 * Writes the file; when this resolves it is complete, on disk, and under its name.
 * @throws AppError `DISK_FULL`, `OUTPUT_UNWRITABLE`
 * @throws RangeError where a source gives more or fewer bytes than its tensor holds, or the final metadata
 *   have another length (bugs of the caller)
 * @throws the signal's reason when aborted, and what `finalMetadata` and `whileSyncing` throw
 */
export async function writeGguf(
  path: string,
  metadata: GgufMetadata,
  tensors: readonly GgufTensor[],
  source: TensorSource,
  options: GgufWriteOptions = {},
): Promise<void> {
  const { signal, finalMetadata, follower, whileSyncing, onProgress } = options;
  // Awaited when all data are written; until then its failure must have a listener.
  finalMetadata?.catch(() => undefined);
  const header = encodeHeader(metadata, tensors);
  const total = tensors.reduce((sum, tensor) => sum + tensorBytes(tensor), 0);
  const partial = `${path}.${process.pid}.partial`;
  let file: FileHandle | undefined;
  try {
    file = await open(partial, 'w');
    let length = 0;
    const append = async (bytes: Uint8Array): Promise<void> => {
      await writeAll(file as FileHandle, bytes);
      length += bytes.length;
      follower?.grew(length);
    };
    follower?.begin(partial);
    await append(header);
    let done = 0;
    for (const tensor of tensors) {
      const expected = tensorBytes(tensor);
      let written = 0;
      // A piece is written while the source makes the next one.
      let writing: Promise<void> = Promise.resolve();
      const data = source(tensor);
      for await (const piece of data instanceof Uint8Array ? [data] : data) {
        signal?.throwIfAborted();
        written += piece.length;
        if (written > expected) break;
        await writing;
        writing = append(piece);
        // Awaited below; a source that fails first must not leave a failure that nobody hears.
        writing.catch(() => undefined);
        onProgress?.(done + written, total);
      }
      await writing;
      if (written !== expected) {
        throw new RangeError(`tensor ${tensor.name}: ${written} bytes given, ${expected} declared`);
      }
      await append(new Uint8Array(padded(expected) - expected));
      done += expected;
    }
    if (finalMetadata) {
      const final = encodeHeader(await finalMetadata, tensors);
      if (final.length !== header.length) throw new RangeError('the metadata changed their length');
      await writeAll(file, final, 0);
    }
    signal?.throwIfAborted();
    await Promise.all([file.sync(), whileSyncing?.(partial)]);
    signal?.throwIfAborted();
    await file.close();
    file = undefined;
    await rename(partial, path);
    await syncFolderOf(path);
  } catch (error) {
    await file?.close().catch(() => undefined);
    await rm(partial, { force: true }).catch(() => undefined);
    throw writeProblem(error);
  }
}

/** All of a file before its tensors' data, padded. */
export function encodeHeader(metadata: GgufMetadata, tensors: readonly GgufTensor[]): Uint8Array {
  const header = new GgufHeader();
  header.bytes(Buffer.from('GGUF', 'latin1'));
  header.u32(3);
  header.u64(tensors.length);
  header.u64(metadata.length);
  for (const [key, value] of metadata) header.entry(key, value);
  let offset = 0;
  const names = new Set<string>();
  for (const tensor of tensors) {
    if (names.has(tensor.name)) throw new RangeError(`tensor ${tensor.name} is declared twice`);
    names.add(tensor.name);
    header.string(tensor.name);
    header.u32(tensor.dims.length);
    for (const length of tensor.dims) header.u64(length);
    header.u32(tensorTypes[tensor.type].id);
    header.u64(offset);
    // The reader demands that offsets are exactly consecutive, padding included.
    offset += padded(tensorBytes(tensor));
  }
  header.bytes(new Uint8Array(padded(header.length) - header.length));
  return header.finish();
}

/** Makes the renaming of a file itself durable; Windows has no such call and needs none. */
export async function syncFolderOf(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(dirname(path), 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Reads safetensors files: a length, a JSON header, then the tensors' bytes.
 * Format: huggingface/safetensors README. The file is data: the header's size is bounded before it is
 * read, and every tensor's type, shape and extent are checked against the file before any is used.
 */
import { open, type FileHandle } from 'node:fs/promises';
import * as z from 'zod';
import { AppError } from '../domain/contract/errors';

/** The format's own limit is 100 MB; a 13B's header is below 100 kB. */
const maxHeaderBytes = 16 * 1024 * 1024;

const elementBytes = { F32: 4, F16: 2, BF16: 2 } as const;
type ElementType = keyof typeof elementBytes;

const entrySchema = z.object({
  dtype: z.enum(['F32', 'F16', 'BF16']),
  shape: z.array(z.int().nonnegative()).max(8),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});
const headerSchema = z.record(z.string(), z.unknown());

export interface StoredTensor {
  readonly name: string;
  readonly type: ElementType;
  /** Slowest dimension first, as PyTorch gives it. */
  readonly shape: readonly number[];
  /** Bytes from the file's beginning, and how many. */
  readonly offset: number;
  readonly bytes: number;
}

export interface Safetensors {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** Values of a tensor as F32. @throws AppError `MODEL_TRUNCATED` */
  read(tensor: StoredTensor): Promise<Float32Array>;
  close(): Promise<void>;
}

/**
 * Opens a file and checks its header.
 * @throws AppError `MODEL_STRUCTURE` (what: safetensors-...), `MODEL_TRUNCATED`
 */
export async function openSafetensors(path: string): Promise<Safetensors> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (size < 8) throw new AppError('MODEL_TRUNCATED');
    const length = Number((await exactly(file, 0, 8)).readBigUInt64LE());
    if (length > maxHeaderBytes) throw broken('header-size');
    if (8 + length > size) throw new AppError('MODEL_TRUNCATED');
    const tensors = parseHeader(await exactly(file, 8, length), 8 + length, size);
    return {
      tensors,
      read: async (tensor) => {
        const bytes = await exactly(file, tensor.offset, tensor.bytes);
        return toFloats(bytes, tensor.type);
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function parseHeader(bytes: Buffer, start: number, size: number): Map<string, StoredTensor> {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw broken('header', error);
  }
  const header = headerSchema.safeParse(json);
  if (!header.success) throw broken('header', header.error);
  const tensors = new Map<string, StoredTensor>();
  for (const [name, value] of Object.entries(header.data)) {
    if (name === '__metadata__') continue;
    const entry = entrySchema.safeParse(value);
    if (!entry.success) throw broken('tensor', entry.error);
    const { dtype, shape, data_offsets: extent } = entry.data;
    const elements = shape.reduce((product, n) => product * n, 1);
    const length = extent[1] - extent[0];
    if (!Number.isSafeInteger(elements) || length !== elements * elementBytes[dtype]) {
      throw broken('extent');
    }
    if (start + extent[1] > size) throw new AppError('MODEL_TRUNCATED');
    tensors.set(name, { name, type: dtype, shape, offset: start + extent[0], bytes: length });
  }
  return tensors;
}

function toFloats(bytes: Buffer, type: ElementType): Float32Array {
  const values = new Float32Array(bytes.length / elementBytes[type]);
  for (let i = 0; i < values.length; i++) {
    if (type === 'F32') values[i] = bytes.readFloatLE(i * 4);
    else if (type === 'F16') values[i] = halfValue(bytes.readUInt16LE(i * 2));
    else values[i] = brainValue(bytes.readUInt16LE(i * 2));
  }
  return values;
}

function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const mantissa = bits & 0x3ff;
  if (exponent === 0x1f) return mantissa ? NaN : sign * Infinity;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

const view = new DataView(new ArrayBuffer(4));

/** bfloat16 is the upper half of a float32. */
function brainValue(bits: number): number {
  view.setUint32(0, bits << 16);
  return view.getFloat32(0);
}

async function exactly(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length;) {
    const { bytesRead } = await file.read(bytes, at, length - at, position + at);
    if (bytesRead === 0) throw new AppError('MODEL_TRUNCATED');
    at += bytesRead;
  }
  return bytes;
}

function broken(what: string, cause?: unknown): AppError {
  return new AppError('MODEL_STRUCTURE', { params: { what: `safetensors-${what}` }, cause });
}

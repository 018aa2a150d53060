/**
 * Reads the header of a GGUF file: metadata and the list of tensors. Format: ggml's docs/gguf.md.
 *
 * Every count and length is compared with what the file can hold before anything is allocated, and
 * no more than `maxHeaderBytes` is read however large the file says its header is.
 */
import { AppError } from '../domain/contract/errors';
import type { ByteSource } from './byte-source';
import { tensorType, type TensorType } from './gguf-types';

/** A vocabulary of 260,000 tokens with its merges is about 12 MiB. */
export const maxHeaderBytes = 64 * 1024 * 1024;
const maxTensors = 100_000;
const maxEntries = 10_000;
/** llama.cpp's GGML_MAX_NAME is 64 with its final NUL. */
const maxNameBytes = 63;
const maxKeyBytes = 65_535;

export interface GgufTensorInfo {
  readonly name: string;
  /** ggml's `ne` order. */
  readonly dims: readonly number[];
  readonly type: TensorType;
  readonly elements: number;
  /** From the beginning of the data. */
  readonly offset: number;
  readonly bytes: number;
}

export interface GgufArray {
  /** GGUF's number of the items' type. */
  readonly type: number;
  readonly count: number;
  /** The items, where they are numbers and few, or the vocabulary's. */
  readonly items: readonly (number | string)[] | null;
}

export interface GgufHeader {
  readonly fileSize: number;
  readonly alignment: number;
  /** Where the tensors' data begins, bytes from the beginning of the file. */
  readonly dataStart: number;
  readonly scalars: ReadonlyMap<string, number | boolean | string>;
  readonly arrays: ReadonlyMap<string, GgufArray>;
  readonly tensors: readonly GgufTensorInfo[];
}

/** @param what short technical word that names the broken part; it is shown to the person */
export function structureProblem(what: string): AppError {
  return new AppError('MODEL_STRUCTURE', { params: { what } });
}

export const tokensKey = 'tokenizer.ggml.tokens';
/** Numbers of llama.h's `llama_token_type`, one a token. */
export const tokenTypesKey = 'tokenizer.ggml.token_type';
const stringType = 8;
const arrayType = 9;
/** Bytes of a fixed-size value by GGUF's type number. */
const scalarBytes: readonly number[] = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8];

/** @throws AppError `MODEL_NOT_GGUF`, `MODEL_TRUNCATED`, `MODEL_STRUCTURE` */
export function readGgufHeader(source: ByteSource): GgufHeader {
  if (source.size < 4 || source.take(4).toString('latin1') !== 'GGUF') {
    throw new AppError('MODEL_NOT_GGUF');
  }
  const version = source.take(4).readUInt32LE();
  // Version 1 had 32-bit counts; a big-endian file shows its version byte-swapped.
  if (version !== 2 && version !== 3) throw structureProblem('version');
  const reader = new Reader(source);
  const tensorCount = reader.u64('tensor-count');
  const entryCount = reader.u64('metadata-count');
  if (tensorCount > maxTensors) throw structureProblem('tensor-count');
  if (entryCount > maxEntries) throw structureProblem('metadata-count');
  for (let i = 0; i < entryCount; i++) reader.entry();
  const alignment = reader.scalars.get('general.alignment') ?? 32;
  if (
    typeof alignment !== 'number' ||
    alignment < 8 ||
    alignment > 65_536 ||
    (alignment & (alignment - 1)) !== 0
  ) {
    throw structureProblem('alignment');
  }
  const tensors: GgufTensorInfo[] = [];
  for (let i = 0; i < tensorCount; i++) tensors.push(reader.tensor());
  return {
    fileSize: source.size,
    alignment,
    dataStart: Math.ceil(source.position / alignment) * alignment,
    scalars: reader.scalars,
    arrays: reader.arrays,
    tensors,
  };
}

class Reader {
  readonly scalars = new Map<string, number | boolean | string>();
  readonly arrays = new Map<string, GgufArray>();
  readonly #source: ByteSource;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** A count or length; beyond 2^53 nothing real is counted. */
  u64(what: string): number {
    const value = this.#source.take(8).readBigUInt64LE();
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw structureProblem(what);
    return Number(value);
  }

  #u32(): number {
    return this.#source.take(4).readUInt32LE();
  }

  #string(limit: number, what: string): string {
    const length = this.u64(what);
    if (length > limit) throw structureProblem(what);
    return this.#source.take(length).toString('utf8');
  }

  entry(): void {
    const key = this.#string(maxKeyBytes, 'key-length');
    if (key === '' || this.scalars.has(key) || this.arrays.has(key)) throw structureProblem('key');
    const type = this.#u32();
    if (type === arrayType) this.arrays.set(key, this.#array(key));
    else this.scalars.set(key, this.#value(type));
  }

  #value(type: number): number | boolean | string {
    if (type === stringType) return this.#string(maxHeaderBytes, 'string-length');
    const size = scalarBytes[type];
    if (size === undefined || size === 0) throw structureProblem('value-type');
    return numberIn(this.#source.take(size), type);
  }

  #array(key: string): GgufArray {
    const type = this.#u32();
    const count = this.u64('array-count');
    // llama.cpp has no arrays of arrays; nesting them is a way to exhaust a reader's stack.
    const size = type === stringType ? 8 : scalarBytes[type];
    if (size === undefined || size === 0) throw structureProblem('array-type');
    if (count > maxHeaderBytes / size) throw structureProblem('array-count');
    if (type === stringType) {
      const keep = key === tokensKey;
      const items: string[] = [];
      for (let i = 0; i < count; i++) {
        const length = this.u64('string-length');
        if (length > maxHeaderBytes) throw structureProblem('string-length');
        const bytes = this.#source.take(length);
        // As bytes: pieces of a byte-level vocabulary need not be UTF-8.
        if (keep) items.push(bytes.toString('latin1'));
      }
      return { type, count, items: keep ? items : null };
    }
    const bytes = this.#source.take(count * size);
    if (count > 1024 && key !== tokenTypesKey) return { type, count, items: null };
    const items = Array.from({ length: count }, (_, i) =>
      Number(numberIn(bytes.subarray(i * size, (i + 1) * size), type)),
    );
    return { type, count, items };
  }

  tensor(): GgufTensorInfo {
    const name = this.#string(maxNameBytes, 'tensor-name');
    const dimensions = this.#u32();
    if (dimensions < 1 || dimensions > 4) throw structureProblem('tensor-dimensions');
    const dims = Array.from({ length: dimensions }, () => this.u64('tensor-dimensions'));
    const elements = dims.reduce((product, length) => product * length, 1);
    if (elements < 1 || !Number.isSafeInteger(elements))
      throw structureProblem('tensor-dimensions');
    const type = tensorType(this.#u32());
    if (!type) throw structureProblem('tensor-type');
    if ((dims[0] as number) % type.block !== 0) throw structureProblem('tensor-row');
    const bytes = (elements / type.block) * type.bytes;
    if (!Number.isSafeInteger(bytes)) throw structureProblem('tensor-dimensions');
    return { name, dims, type, elements, offset: this.u64('tensor-offset'), bytes };
  }
}

function numberIn(bytes: Buffer, type: number): number | boolean {
  switch (type) {
    case 0:
      return bytes.readUInt8();
    case 1:
      return bytes.readInt8();
    case 2:
      return bytes.readUInt16LE();
    case 3:
      return bytes.readInt16LE();
    case 4:
      return bytes.readUInt32LE();
    case 5:
      return bytes.readInt32LE();
    case 6:
      return bytes.readFloatLE();
    case 7:
      return bytes.readUInt8() !== 0;
    case 10:
      return Number(bytes.readBigUInt64LE());
    case 11:
      return Number(bytes.readBigInt64LE());
    case 12:
      return bytes.readDoubleLE();
    default:
      throw structureProblem('value-type');
  }
}

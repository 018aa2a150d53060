/** A stored tensor's numbers in another type, in pieces, so that no matrix is ever whole in memory. */
import type { FileHandle } from 'node:fs/promises';
import { AppError } from '../domain/contract/errors';
import { brainBits, brainValue } from './brain';
import { elementBytes, type ElementType, type StoredTensor } from './checkpoint-tensor';
import { halfBits, halfValue } from './half';
import { readExactly } from './read-exactly';

const pieceElements = 1 << 21;

/**
 * Pieces in turn, as many as are in use at once: one is read, one is put into order from another, one is
 * written. Fresh memory for each would cost more than turning its numbers.
 */
export class PieceMemory {
  readonly #pieces: Buffer[] = Array.from({ length: 4 }, () => Buffer.alloc(0));
  #turn = 0;

  readonly take = (length: number): Buffer => {
    this.#turn = (this.#turn + 1) % this.#pieces.length;
    let piece = this.#pieces[this.#turn] as Buffer;
    if (piece.length < length) {
      piece = Buffer.allocUnsafeSlow(length);
      this.#pieces[this.#turn] = piece;
    }
    return piece.subarray(0, length);
  };
}

export interface TensorDataOptions {
  /**
   * For the query and key matrices: how many heads their rows belong to. Checkpoints of Transformers
   * turn a row with the one half a head away, GGUF with its neighbour, so the rows of each head are
   * reordered (`LlamaModel.permute` of llama.cpp's convert_hf_to_gguf.py).
   */
  readonly heads?: number | undefined;
  /** Memory to use again and again: a piece then stays as it is until the second after it is asked for. */
  readonly memory?: PieceMemory | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The tensor's bytes as `to`, little-endian, in order. Half precision rounds to nearest, ties to even.
 * @throws AppError `CHECKPOINT_INCOMPLETE` where the file ends before, `CHECKPOINT_INVALID` (what:
 *   weights) for infinities and NaN, `CHECKPOINT_UNSUPPORTED` (what: f16-range) for what F16 cannot hold
 */
export async function* tensorData(
  file: FileHandle,
  tensor: StoredTensor,
  to: ElementType,
  { heads, memory, signal }: TensorDataOptions = {},
): AsyncGenerator<Uint8Array> {
  const size = elementBytes[tensor.type];
  const total = tensor.bytes / size;
  const [rows = 1, row = 1] = tensor.shape;
  const step = heads === undefined ? pieceElements : (rows / heads) * row;
  const convert = converter(tensor.type, to);
  const read = (first: number): Promise<Uint8Array> | null =>
    first < total
      ? readExactly(
          file,
          tensor.offset + first * size,
          Math.min(step, total - first) * size,
          memory?.take,
        )
      : null;
  // The next piece is read while this one is converted and written.
  let next = read(0);
  next?.catch(() => undefined);
  for (let first = 0; next; first += step) {
    signal?.throwIfAborted();
    const piece = await next;
    next = read(first + step);
    // A reader that stops early must not leave a failure that nobody hears.
    next?.catch(() => undefined);
    const ordered =
      heads === undefined ? piece : interleaved(piece, row * size, memory?.take(piece.length));
    yield convert(ordered);
  }
}

/** Rows i and i + n/2 of one head become neighbours. */
function interleaved(
  head: Uint8Array,
  rowBytes: number,
  out: Uint8Array = new Uint8Array(head.length),
): Uint8Array {
  const half = head.length / rowBytes / 2;
  for (let i = 0; i < half; i++) {
    out.set(head.subarray(i * rowBytes, (i + 1) * rowBytes), 2 * i * rowBytes);
    out.set(
      head.subarray((half + i) * rowBytes, (half + i + 1) * rowBytes),
      (2 * i + 1) * rowBytes,
    );
  }
  return out;
}

/** Numbers that are no wider afterwards are turned into the others where they lie. */
type Convert = (bytes: Uint8Array) => Uint8Array;

function converter(from: ElementType, to: ElementType): Convert {
  const known = converters.get(`${from} ${to}`);
  if (known) return known;
  const made = makeConverter(from, to);
  converters.set(`${from} ${to}`, made);
  return made;
}
const converters = new Map<string, Convert>();

function makeConverter(from: ElementType, to: ElementType): Convert {
  if (from === 'F32') return fromFloats(to);
  if (to === 'F32') return widened(from);
  if (from === to) return unchanged(from);
  return to === 'F16' ? brainToHalf() : halfToBrain();
}

type HalfSized = 'F16' | 'BF16';
const valueOf = { F16: halfValue, BF16: brainValue } as const;
const bitsOf = { F16: halfBits, BF16: brainBits } as const;
const infinityOf = { F16: 0x7c00, BF16: 0x7f80 } as const;

/** The same 16 bits twice, for looking at two numbers at once, which takes half the time. */
const pairOf = (bits: number): number => (bits << 16) | bits;
const signs = 0x80008000 | 0;
const magnitudes = 0x7fff7fff;

/** Between the biases of the exponents, 127 and 15. */
const exponentShift = 112;
/** 2^-14, the smallest normal half, and 65536, the first number beyond any, as bfloat16. */
const brainOfNormalHalf = (exponentShift + 1) << 7;
const brainBeyondHalf = 0x4780;

/** What nearly every released checkpoint needs: the same bits elsewhere, but at the range's ends. */
function brainToHalf(): Convert {
  const table = Uint16Array.from({ length: 0x10000 }, (_, bits) => halfBits(brainValue(bits)));
  return (bytes) => {
    const words = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
    const pairs = new Int32Array(bytes.buffer, bytes.byteOffset, words.length >> 1);
    const reachNormal = pairOf(0x8000 - brainOfNormalHalf);
    const reachBeyond = pairOf(0x8000 - brainBeyondHalf);
    const biases = pairOf(exponentShift << 7);
    let seen = 0;
    const one = (bits: number): number => {
      seen = Math.max(seen, bits & 0x7fff);
      return table[bits] as number;
    };
    for (let i = 0; i < pairs.length; i++) {
      const pair = pairs[i] as number;
      const sizes = pair & magnitudes;
      // A sum reaches the upper bit of its half where the number is at least the bound.
      const normal = (sizes + reachNormal) | 0;
      const beyond = (sizes + reachBeyond) | 0;
      pairs[i] =
        (normal & ~beyond & signs) === signs
          ? (pair & signs) | ((sizes - biases) << 3)
          : one(pair & 0xffff) | (one(pair >>> 16) << 16);
    }
    if (words.length % 2 === 1) words[words.length - 1] = one(words[words.length - 1] as number);
    refuse(seen >= infinityOf.BF16, seen >= brainBeyondHalf);
    return bytes;
  };
}

/** Sixteen bits have so few values that each is worked out once. */
function halfToBrain(): Convert {
  const table = Uint16Array.from({ length: 0x10000 }, (_, bits) => brainBits(halfValue(bits)));
  const look = unchanged('F16');
  return (bytes) => {
    look(bytes);
    const words = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
    for (let i = 0; i < words.length; i++) words[i] = table[words[i] as number] as number;
    return bytes;
  };
}

/** Only looked at. */
function unchanged(type: HalfSized): Convert {
  return (bytes) => {
    const words = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
    const pairs = new Int32Array(bytes.buffer, bytes.byteOffset, words.length >> 1);
    const reach = pairOf(0x8000 - infinityOf[type]);
    // The last of an odd count is in no pair.
    let reached = (((words.at(-1) ?? 0) & magnitudes) + reach) | 0;
    for (let i = 0; i < pairs.length; i++) {
      reached |= (((pairs[i] as number) & magnitudes) + reach) | 0;
    }
    refuse((reached & signs) !== 0, false);
    return bytes;
  };
}

function widened(from: HalfSized): Convert {
  return (bytes) => {
    const words = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
    const values = Float32Array.from(words, valueOf[from]);
    refuse(!values.every(Number.isFinite), false);
    return new Uint8Array(values.buffer);
  };
}

function fromFloats(to: ElementType): Convert {
  return (bytes) => {
    const source = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    let seen = 0;
    let finite = true;
    for (const value of source) {
      const magnitude = Math.abs(value);
      if (magnitude > seen) seen = magnitude;
      // Neither an infinity nor NaN is below infinity.
      if (!(magnitude < Infinity)) finite = false;
    }
    // 65520 is the first that rounds beyond the largest half.
    refuse(!finite, to === 'F16' && seen >= 65520);
    if (to === 'F32') return bytes;
    const toBits = bitsOf[to];
    const out = new Uint16Array(bytes.buffer, bytes.byteOffset, source.length);
    for (let i = 0; i < source.length; i++) out[i] = toBits(source[i] as number);
    return bytes.subarray(0, out.byteLength);
  };
}

function refuse(notFinite: boolean, beyondHalf: boolean): void {
  if (notFinite) throw new AppError('CHECKPOINT_INVALID', { params: { what: 'weights' } });
  if (beyondHalf) throw new AppError('CHECKPOINT_UNSUPPORTED', { params: { what: 'f16-range' } });
}

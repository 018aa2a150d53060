/**
 * Reads the pickle of a PyTorch checkpoint without executing it: a small machine that knows the opcodes
 * such a file needs, and builds tensors' descriptions out of an allow-list of six names. A pickle that
 * asks for anything else is refused at the name, before anything could be called.
 * Source: CPython's pickletools, and torch/serialization.py's persistent ids.
 */
import { AppError } from '../domain/contract/errors';
import type { ElementType } from './checkpoint-tensor';

/** A run of numbers in the archive: the file `data/KEY` beside the pickle. */
export interface TorchStorage {
  readonly kind: 'storage';
  readonly type: ElementType;
  readonly key: string;
  readonly elements: number;
}

/** A view of a storage. Offset, shape and strides count elements; the slowest dimension is first. */
export interface TorchTensor {
  readonly kind: 'tensor';
  readonly storage: TorchStorage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

type Builder = 'OrderedDict' | 'rebuildTensor' | 'rebuildParameter';
/** A name that the pickle imported; only those of `names` exist. */
interface Named {
  readonly kind: 'named';
  readonly means: { readonly storage: ElementType } | { readonly call: Builder };
}
interface Tuple {
  readonly kind: 'tuple';
  readonly items: readonly Value[];
}
interface List {
  readonly kind: 'list';
  readonly items: Value[];
}
interface Dictionary {
  readonly kind: 'dictionary';
  readonly entries: Map<string, Value>;
}
type Value =
  null | boolean | number | string | Named | Tuple | List | Dictionary | TorchStorage | TorchTensor;

/** Everything that a checkpoint may name. */
const names: ReadonlyMap<string, Named> = new Map(
  (
    [
      ['torch.BFloat16Storage', { storage: 'BF16' }],
      ['torch.HalfStorage', { storage: 'F16' }],
      ['torch.FloatStorage', { storage: 'F32' }],
      ['collections.OrderedDict', { call: 'OrderedDict' }],
      ['torch._utils._rebuild_tensor_v2', { call: 'rebuildTensor' }],
      ['torch._utils._rebuild_parameter', { call: 'rebuildParameter' }],
    ] as const
  ).map(([name, means]) => [name, { kind: 'named', means }]),
);

const mark = Symbol('mark');

/**
 * @param bytes the whole of `data.pkl`
 * @returns the tensors by name, as the file orders them
 * @throws AppError `CHECKPOINT_UNSAFE` (name) where it imports anything else,
 *   `CHECKPOINT_UNSUPPORTED` (what) for other number types, `CHECKPOINT_INVALID` (what: pickle-...) where
 *   it is no pickle of named tensors
 */
export function readTorchPickle(bytes: Uint8Array): ReadonlyMap<string, TorchTensor> {
  const top = new Machine(bytes).run();
  if (!isKind(top, 'dictionary')) throw invalid('top');
  const tensors = new Map<string, TorchTensor>();
  for (const [name, value] of top.entries) {
    if (!isKind(value, 'tensor')) throw invalid('entry');
    tensors.set(name, value);
  }
  return tensors;
}

class Machine {
  readonly #bytes: Buffer;
  #at = 0;
  readonly #stack: (Value | typeof mark)[] = [];
  readonly #memo = new Map<number, Value>();

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  run(): Value {
    for (;;) {
      const opcode = this.#take(1)[0] as number;
      if (opcode === 0x2e) {
        const top = this.#pop();
        if (this.#stack.length > 0) throw invalid('stop');
        return top;
      }
      this.#step(opcode);
    }
  }

  #step(opcode: number): void {
    switch (opcode) {
      // PROTO and FRAME say how the rest is written; nothing depends on them here.
      case 0x80:
        if ((this.#take(1)[0] as number) > 5) throw invalid('protocol');
        return;
      case 0x95:
        this.#take(8);
        return;
      case 0x28: // MARK
        return this.#push(mark);
      case 0x4e: // NONE
        return this.#push(null);
      case 0x88: // NEWTRUE
        return this.#push(true);
      case 0x89: // NEWFALSE
        return this.#push(false);
      case 0x4b: // BININT1
        return this.#push(this.#take(1).readUInt8());
      case 0x4d: // BININT2
        return this.#push(this.#take(2).readUInt16LE());
      case 0x4a: // BININT
        return this.#push(this.#take(4).readInt32LE());
      case 0x8a: // LONG1
        return this.#push(this.#long());
      case 0x58: // BINUNICODE
        return this.#push(this.#text(this.#take(4).readUInt32LE()));
      case 0x8c: // SHORT_BINUNICODE
        return this.#push(this.#text(this.#take(1).readUInt8()));
      case 0x63: // GLOBAL
        return this.#push(named(`${this.#line()}.${this.#line()}`));
      case 0x93: {
        // STACK_GLOBAL
        const [module, name] = [this.#pop(), this.#pop()].reverse();
        if (typeof module !== 'string' || typeof name !== 'string') throw invalid('global');
        return this.#push(named(`${module}.${name}`));
      }
      case 0x29: // EMPTY_TUPLE
        return this.#push({ kind: 'tuple', items: [] });
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: {
        // TUPLE3
        const items = Array.from({ length: opcode - 0x84 }, () => this.#pop()).reverse();
        return this.#push({ kind: 'tuple', items });
      }
      case 0x74: // TUPLE
        return this.#push({ kind: 'tuple', items: this.#toMark() });
      case 0x5d: // EMPTY_LIST
        return this.#push({ kind: 'list', items: [] });
      case 0x61: // APPEND
        return this.#extend([this.#pop()]);
      case 0x65: // APPENDS
        return this.#extend(this.#toMark());
      case 0x7d: // EMPTY_DICT
        return this.#push({ kind: 'dictionary', entries: new Map() });
      case 0x73: // SETITEM
        return this.#set([this.#pop(), this.#pop()].reverse());
      case 0x75: // SETITEMS
        return this.#set(this.#toMark());
      case 0x71: // BINPUT
        return this.#remember(this.#take(1).readUInt8());
      case 0x72: // LONG_BINPUT
        return this.#remember(this.#take(4).readUInt32LE());
      case 0x94: // MEMOIZE
        return this.#remember(this.#memo.size);
      case 0x68: // BINGET
        return this.#push(this.#recall(this.#take(1).readUInt8()));
      case 0x6a: // LONG_BINGET
        return this.#push(this.#recall(this.#take(4).readUInt32LE()));
      case 0x51: // BINPERSID
        return this.#push(storageOf(this.#pop()));
      case 0x52: {
        // REDUCE
        const items = this.#pop();
        return this.#push(build(this.#pop(), items));
      }
      case 0x62: // BUILD gives an OrderedDict its `_metadata`, which says nothing about tensors.
        this.#pop();
        if (!isKind(this.#top(), 'dictionary')) throw invalid('build');
        return;
      default:
        throw invalid(`opcode-${opcode.toString(16)}`);
    }
  }

  #take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw invalid('end');
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0 || end - this.#at > 1_000) throw invalid('end');
    const text = this.#bytes.toString('latin1', this.#at, end);
    this.#at = end + 1;
    return text;
  }

  #text(length: number): string {
    return this.#take(length).toString('utf8');
  }

  /** A number of up to eight bytes, little-endian, two's complement. */
  #long(): number {
    const length = this.#take(1).readUInt8();
    if (length > 8) throw invalid('number');
    const bytes = this.#take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number);
    const signed = length === 0 ? 0n : BigInt.asIntN(8 * length, value);
    const number = Number(signed);
    if (!Number.isSafeInteger(number)) throw invalid('number');
    return number;
  }

  #push(value: Value | typeof mark): void {
    if (this.#stack.length >= 1_000_000) throw invalid('depth');
    this.#stack.push(value);
  }

  #pop(): Value {
    const value = this.#stack.pop();
    if (value === undefined || value === mark) throw invalid('stack');
    return value;
  }

  #top(): Value {
    const value = this.#stack.at(-1);
    if (value === undefined || value === mark) throw invalid('stack');
    return value;
  }

  #toMark(): Value[] {
    const at = this.#stack.lastIndexOf(mark);
    if (at < 0) throw invalid('mark');
    const items = this.#stack.splice(at).slice(1);
    return items.filter((item): item is Value => item !== mark);
  }

  #extend(items: readonly Value[]): void {
    const list = this.#top();
    if (!isKind(list, 'list')) throw invalid('append');
    for (const item of items) list.items.push(item);
  }

  #set(items: readonly Value[]): void {
    const dictionary = this.#top();
    if (!isKind(dictionary, 'dictionary') || items.length % 2 !== 0) throw invalid('items');
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i];
      if (typeof key !== 'string' || dictionary.entries.has(key)) throw invalid('key');
      dictionary.entries.set(key, items[i + 1] as Value);
    }
  }

  #remember(number: number): void {
    this.#memo.set(number, this.#top());
  }

  #recall(number: number): Value {
    const value = this.#memo.get(number);
    if (value === undefined) throw invalid('memo');
    return value;
  }
}

/** @throws AppError `CHECKPOINT_UNSAFE`, `CHECKPOINT_UNSUPPORTED` for numbers of another type */
function named(name: string): Named {
  const found = names.get(name);
  if (found) return found;
  if (/^torch\.[A-Z]\w*Storage$/.test(name)) {
    throw new AppError('CHECKPOINT_UNSUPPORTED', { params: { what: name.slice(6, 40) } });
  }
  throw new AppError('CHECKPOINT_UNSAFE', { params: { name: printable(name) } });
}

/** ('storage', type, key, device, elements): what PyTorch writes instead of the numbers themselves. */
function storageOf(value: Value): TorchStorage {
  const items = isKind(value, 'tuple') ? value.items : [];
  const [tag, type, key, , elements] = items;
  if (items.length !== 5 || tag !== 'storage' || !isKind(type, 'named')) throw invalid('storage');
  if (!('storage' in type.means) || typeof key !== 'string' || !isCount(elements)) {
    throw invalid('storage');
  }
  return { kind: 'storage', type: type.means.storage, key, elements };
}

function build(callable: Value, given: Value): Value {
  if (!isKind(callable, 'named') || !('call' in callable.means)) throw invalid('call');
  const items = isKind(given, 'tuple') ? given.items : null;
  if (!items) throw invalid('call');
  switch (callable.means.call) {
    case 'OrderedDict':
      if (items.length > 0) throw invalid('OrderedDict');
      return { kind: 'dictionary', entries: new Map() };
    case 'rebuildTensor':
      return tensorOf(items);
    case 'rebuildParameter': {
      const [tensor] = items;
      if (!isKind(tensor, 'tensor')) throw invalid('parameter');
      return tensor;
    }
    default:
      return callable.means.call satisfies never;
  }
}

/** (storage, offset, shape, strides, requires_grad, hooks[, metadata]) */
function tensorOf(items: readonly Value[]): TorchTensor {
  const [storage, offset, shape, strides] = items;
  if (items.length < 6 || !isKind(storage, 'storage') || !isCount(offset)) throw invalid('tensor');
  return { kind: 'tensor', storage, offset, shape: counts(shape), strides: counts(strides) };
}

function counts(value: Value | undefined): number[] {
  if (!isKind(value, 'tuple') || value.items.length > 8) throw invalid('shape');
  return value.items.map((item) => {
    if (!isCount(item)) throw invalid('shape');
    return item;
  });
}

function isCount(value: Value | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

type Kinds = Exclude<Value, null | boolean | number | string>;
function isKind<K extends Kinds['kind']>(
  value: Value | undefined,
  kind: K,
): value is Extract<Kinds, { kind: K }> {
  return typeof value === 'object' && value !== null && value.kind === kind;
}

/** A name out of a file, short and without characters that could play tricks on a screen. */
function printable(name: string): string {
  return name.replace(/[^\w.]/g, '?').slice(0, 80);
}

function invalid(what: string): AppError {
  return new AppError('CHECKPOINT_INVALID', { params: { what: `pickle-${what}` } });
}

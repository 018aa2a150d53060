/** Archives like those of `torch.save`, and unlike them, put together byte by byte. */

/** The opcodes that tests write, in the words of CPython's pickletools. */
export const op = {
  proto: Buffer.from([0x80, 2]),
  emptyDict: Buffer.from('}'),
  emptyTuple: Buffer.from(')'),
  mark: Buffer.from('('),
  tuple: Buffer.from('t'),
  setItems: Buffer.from('u'),
  reduce: Buffer.from('R'),
  persistent: Buffer.from('Q'),
  none: Buffer.from('N'),
  false: Buffer.from([0x89]),
  stackGlobal: Buffer.from([0x93]),
  stop: Buffer.from('.'),
  global: (module: string, name: string): Buffer => Buffer.from(`c${module}\n${name}\n`),
  text: (text: string): Buffer => {
    const bytes = Buffer.from(text);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    return Buffer.concat([Buffer.from('X'), length, bytes]);
  },
  int: (value: number): Buffer => {
    const bytes = Buffer.alloc(5, 'J');
    bytes.writeInt32LE(value, 1);
    return bytes;
  },
};

export interface PickledTensor {
  readonly name: string;
  /** Name in the module `torch`. Defaults to `BFloat16Storage`. */
  readonly storage?: string;
  readonly key?: string;
  /** Elements that the storage is said to have. */
  readonly elements: number;
  readonly offset?: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

const tupleOf = (numbers: readonly number[]): Buffer =>
  Buffer.concat([op.mark, ...numbers.map(op.int), op.tuple]);

/** A state dict of the tensors. */
export function pickleOf(tensors: readonly PickledTensor[]): Buffer {
  const items = tensors.flatMap(({ name, storage, key, elements, offset, shape, strides }) => [
    op.text(name),
    op.global('torch._utils', '_rebuild_tensor_v2'),
    op.mark,
    ...[op.mark, op.text('storage'), op.global('torch', storage ?? 'BFloat16Storage')],
    ...[op.text(key ?? '0'), op.text('cpu'), op.int(elements), op.tuple, op.persistent],
    ...[op.int(offset ?? 0), tupleOf(shape), tupleOf(strides), op.false],
    ...[op.global('collections', 'OrderedDict'), op.emptyTuple, op.reduce],
    op.tuple,
    op.reduce,
  ]);
  return Buffer.concat([op.proto, op.emptyDict, op.mark, ...items, op.setItems, op.stop]);
}

export interface ZipEntry {
  readonly name: string;
  readonly data: Uint8Array;
  /** 0 stored, 8 deflated; only what the archive says, the data is written as it is. */
  readonly method?: number;
  /** Bytes that the entry is said to have. */
  readonly claimed?: number;
}

/** A zip archive; checksums are zero, which no reader of stored weights looks at. */
export function zipOf(entries: readonly ZipEntry[]): Buffer {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, data, method = 0, claimed = data.length } of entries) {
    const title = Buffer.from(name);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(method, 8);
    local.writeUInt32LE(claimed, 18);
    local.writeUInt32LE(claimed, 22);
    local.writeUInt16LE(title.length, 26);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(method, 10);
    central.writeUInt32LE(claimed, 20);
    central.writeUInt32LE(claimed, 24);
    central.writeUInt16LE(title.length, 28);
    central.writeUInt32LE(at, 42);
    files.push(local, title, Buffer.from(data));
    directory.push(central, title);
    at += local.length + title.length + data.length;
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...files, ...directory, end]);
}

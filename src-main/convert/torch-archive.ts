/**
 * Opens a shard that `torch.save` wrote: a zip archive of stored (not compressed) entries, a pickle that
 * describes the tensors, and a file of numbers for each storage. Nothing in it is executed, and nothing
 * but the pickle is read until a tensor is asked for.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { openPromise, type Entry } from 'yauzl';
import { AppError } from '../domain/contract/errors';
import { elementBytes, elementsOf, type StoredTensor } from './checkpoint-tensor';
import { readExactly } from './read-exactly';
import { readTorchPickle, type TorchTensor } from './torch-pickle';

/** A 13B's is 60 kB. */
const maxPickleBytes = 64 * 1024 * 1024;
const maxEntries = 100_000;

interface Extent {
  readonly offset: number;
  readonly bytes: number;
}

/**
 * The tensors of one `pytorch_model*.bin`, as places in that file.
 * @throws AppError `CHECKPOINT_UNSAFE`, `CHECKPOINT_INVALID` (what: zip-..., pickle-..., tensor-...)
 */
export async function readTorchArchive(path: string): Promise<ReadonlyMap<string, StoredTensor>> {
  const entries = await storedEntries(path);
  const pickle = [...entries.keys()].filter((name) => /^[^/]*\/data\.pkl$/.test(name));
  const [name] = pickle;
  const extent = name === undefined ? undefined : entries.get(name);
  if (!name || !extent || pickle.length !== 1) throw invalid('zip-pickle');
  if (extent.bytes > maxPickleBytes) throw invalid('zip-pickle-size');
  const folder = name.slice(0, -'data.pkl'.length);
  const file = await open(path, 'r');
  try {
    await refuseBigEndian(file, entries.get(`${folder}byteorder`));
    const described = readTorchPickle(await readExactly(file, extent.offset, extent.bytes));
    const tensors = new Map<string, StoredTensor>();
    for (const [tensorName, tensor] of described) {
      const storage = entries.get(`${folder}data/${tensor.storage.key}`);
      if (!storage) throw invalid('tensor-storage');
      tensors.set(tensorName, placed(tensorName, tensor, storage));
    }
    return tensors;
  } finally {
    await file.close();
  }
}

async function storedEntries(path: string): Promise<Map<string, Extent>> {
  try {
    const zip = await openPromise(path, { lazyEntries: true, autoClose: false });
    try {
      if (zip.entryCount > maxEntries) throw invalid('zip-entries');
      const entries = new Map<string, Extent>();
      for await (const entry of zip.eachEntry()) {
        if (entry.fileName.endsWith('/')) continue;
        if (entries.has(entry.fileName)) throw invalid('zip-entry-twice');
        entries.set(entry.fileName, {
          // yauzl has checked that the data ends within the file.
          offset: await dataStart(zip, entry),
          bytes: entry.uncompressedSize,
        });
      }
      return entries;
    } finally {
      zip.close();
    }
  } catch (error) {
    if (error instanceof AppError || isSystemError(error)) throw error;
    // What yauzl says of a damaged archive; PyTorch's format before 1.6 is no zip at all.
    throw new AppError('CHECKPOINT_INVALID', { params: { what: 'zip' }, cause: error });
  }
}

async function dataStart(
  zip: {
    readLocalFileHeaderPromise(
      entry: Entry,
      options: { minimal: true },
    ): Promise<{ fileDataStart: number }>;
  },
  entry: Entry,
): Promise<number> {
  const stored = entry.compressionMethod === 0 && entry.compressedSize === entry.uncompressedSize;
  if (!stored || (entry.generalPurposeBitFlag & 1) !== 0) throw invalid('zip-compressed');
  return (await zip.readLocalFileHeaderPromise(entry, { minimal: true })).fileDataStart;
}

/** Checks a view against its storage; only whole, contiguous tensors are taken. */
function placed(name: string, tensor: TorchTensor, storage: Extent): StoredTensor {
  const { offset, shape, strides } = tensor;
  const { type } = tensor.storage;
  const size = elementBytes[type];
  const elements = elementsOf(shape);
  let contiguous = shape.length === strides.length;
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    // The stride of a dimension of length one is never used.
    if (shape[i] !== 1 && strides[i] !== stride) contiguous = false;
    stride *= shape[i] as number;
  }
  if (!contiguous) throw invalid('tensor-strides');
  if (tensor.storage.elements * size !== storage.bytes) throw invalid('tensor-storage-size');
  if (!Number.isSafeInteger(elements) || (offset + elements) * size > storage.bytes) {
    throw invalid('tensor-extent');
  }
  return {
    name,
    type,
    shape,
    offset: storage.offset + offset * size,
    bytes: elements * size,
  };
}

async function refuseBigEndian(file: FileHandle, extent: Extent | undefined): Promise<void> {
  // Written since PyTorch 2.1; before, the writer's own order, which is this one on every desktop.
  if (!extent) return;
  if (extent.bytes > 16) throw invalid('zip-byteorder');
  const order = (await readExactly(file, extent.offset, extent.bytes)).toString('latin1');
  if (order !== 'little') throw invalid('zip-byteorder');
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

function invalid(what: string): AppError {
  return new AppError('CHECKPOINT_INVALID', { params: { what } });
}

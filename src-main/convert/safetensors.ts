/**
 * Reads safetensors files: a length, a JSON header, then the tensors' bytes.
 * Format: huggingface/safetensors README. The file is data: the header's size is bounded before it is
 * read, and every tensor's type, shape and extent are checked against the file before any is used.
 */
import * as z from 'zod';
import { AppError } from '../domain/contract/errors';
import { openRegular } from '../library/open-regular';
import { elementBytes, elementsOf, type StoredTensor } from './checkpoint-tensor';
import { readExactly } from './read-exactly';

/** The format's own limit is 100 MB; a 13B's header is below 100 kB. */
const maxHeaderBytes = 16 * 1024 * 1024;

const entrySchema = z.object({
  dtype: z.enum(['F32', 'F16', 'BF16']),
  shape: z.array(z.int().nonnegative()).max(8),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});
const headerSchema = z.record(z.string(), z.unknown());

/**
 * The tensors of one file, as places in it.
 * @throws AppError `CHECKPOINT_INVALID` (what: safetensors-...), `CHECKPOINT_INCOMPLETE`
 */
export async function readSafetensors(path: string): Promise<ReadonlyMap<string, StoredTensor>> {
  const { file, size } = await openRegular(path);
  try {
    if (size < 8) throw new AppError('CHECKPOINT_INCOMPLETE');
    const length = Number((await readExactly(file, 0, 8)).readBigUInt64LE());
    if (length > maxHeaderBytes) throw broken('header-size');
    if (8 + length > size) throw new AppError('CHECKPOINT_INCOMPLETE');
    return parseHeader(await readExactly(file, 8, length), 8 + length, size);
  } finally {
    await file.close();
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
    const elements = elementsOf(shape);
    const length = extent[1] - extent[0];
    if (!Number.isSafeInteger(elements) || length !== elements * elementBytes[dtype]) {
      throw broken('extent');
    }
    if (start + extent[1] > size) throw new AppError('CHECKPOINT_INCOMPLETE');
    tensors.set(name, { name, type: dtype, shape, offset: start + extent[0], bytes: length });
  }
  return tensors;
}

function broken(what: string, cause?: unknown): AppError {
  return new AppError('CHECKPOINT_INVALID', { params: { what: `safetensors-${what}` }, cause });
}

/**
 * The boxes of a vault as files: which there are, and their keys under another data key. For a rotation
 * every box is first given a second slot for the key to come; once that key holds, the other slot goes.
 * Interrupted anywhere, each box opens under the data key that the journal names.
 */
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../domain/contract/errors';
import {
  decodeHeader,
  encodeSlot,
  framesAt,
  slotBytes,
  unwrapBatchKey,
  wrapBatchKey,
  type BoxHeader,
  type BoxKeys,
} from './batch-box-format';
import {
  openVaultFile,
  readFully,
  readProblem,
  systemCode,
  writeFully,
  writeProblem,
  type VaultFile,
} from './files';

export const batchBoxSuffix = '.cmb';

/** Where the boxes of a vault lie. */
export function batchFolderOf(dataDir: string): string {
  return join(dataDir, 'batches');
}

/** Paths of the boxes of a folder, by name. @throws AppError `STORE_READ_FAILED` */
export async function batchBoxesIn(folder: string): Promise<string[]> {
  try {
    const names = await readdir(folder);
    return names
      .filter((name) => name.endsWith(batchBoxSuffix))
      .sort()
      .map((name) => join(folder, name));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw readProblem(error);
  }
}

/** @throws AppError `BATCH_MISSING`, `STORE_READ_FAILED` */
export async function openBoxFile(path: string): Promise<VaultFile> {
  return openVaultFile(path).catch((error: unknown) => {
    throw systemCode(error) === 'ENOENT' ? new AppError('BATCH_MISSING') : readProblem(error);
  });
}

/** @throws AppError as `decodeHeader`, `STORE_READ_FAILED` */
export async function readBoxHeader(file: VaultFile): Promise<BoxHeader> {
  const bytes = new Uint8Array(framesAt);
  const got = await readFully(file, bytes, 0).catch((error: unknown) => {
    throw readProblem(error);
  });
  return decodeHeader(bytes.subarray(0, got));
}

/**
 * Before a rotation holds: every box opens under either key afterwards. One that does not open under
 * the key of now is passed over; it must not keep the others from a new key.
 *
 * @throws AppError `DISK_FULL`, `STORE_WRITE_FAILED`, `STORE_READ_FAILED`
 */
export async function wrapBoxesFor(folder: string, from: BoxKeys, to: BoxKeys): Promise<void> {
  await eachHeader(folder, async (file, { batchId, wrapped }) => {
    const old = wrapped.get(from.keyId);
    const raw = old && unwrapBatchKey(from, batchId, old);
    if (!old || !raw) return;
    const next = wrapBatchKey(to, batchId, raw);
    raw.fill(0);
    // Which slot holds now is not known here: the first is made to, before the second is written over.
    await writeSlot(file, 0, encodeSlot(batchId, from.keyId, old));
    await writeSlot(file, 1, encodeSlot(batchId, to.keyId, next));
  });
}

/**
 * Both slots of every box under the data key that holds, whatever an interruption or damage left.
 *
 * @throws AppError as `wrapBoxesFor`
 */
export async function settleBoxes(folder: string, { keyId }: BoxKeys): Promise<void> {
  await eachHeader(folder, async (file, { batchId, wrapped, settled }) => {
    const held = wrapped.get(keyId);
    if (!held || settled) return;
    const slot = encodeSlot(batchId, keyId, held);
    const [first] = wrapped.keys();
    // The one that does not hold goes first: ended in between, the other is still there.
    const order = first === keyId ? [1, 0] : [0, 1];
    for (const at of order) await writeSlot(file, at, slot);
  });
}

/** Overwrites the keys of all boxes of a folder. @throws what the system throws */
export async function overwriteBoxKeys(folder: string): Promise<void> {
  for (const path of await batchBoxesIn(folder)) {
    const file = await open(path, 'r+');
    try {
      await writeFully(file, new Uint8Array(framesAt), 0);
      await file.sync();
    } finally {
      await file.close();
    }
  }
}

async function eachHeader(
  folder: string,
  work: (file: VaultFile, header: BoxHeader) => Promise<void>,
): Promise<void> {
  for (const path of await batchBoxesIn(folder)) {
    const file = await open(path, 'r+').catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return null;
      throw readProblem(error);
    });
    if (!file) continue;
    try {
      const header = await readBoxHeader(file).catch(orNone);
      if (!header) continue;
      await work(file, header);
      // Destroyed meanwhile: no slot of it may stay on the disk.
      if ((await file.stat()).nlink === 0)
        await file.write(new Uint8Array(framesAt), 0, framesAt, 0);
    } catch (error) {
      throw error instanceof AppError ? error : writeProblem(error);
    } finally {
      await file.close();
    }
  }
}

/** What is wrong with one box is told when it is opened. */
function orNone(error: unknown): null {
  if (error instanceof AppError && error.code !== 'STORE_READ_FAILED') return null;
  throw error;
}

async function writeSlot(file: VaultFile, at: number, slot: Uint8Array): Promise<void> {
  await writeFully(file, slot, at * slotBytes);
  await file.datasync();
}

/**
 * The data key's file of the time before there were users: the key lay in it unprotected, beside the
 * data that it opened. It is read once, when the first user is made, and destroyed then.
 *
 * Layout, 64 bytes: magic (8), u32 version = 1, key id (8), key (32), zeros (8), u32 CRC-32 of the
 * 60 bytes before it (so that a damaged key is named as such, not met as unreadable records).
 * Binary rather than JSON: bytes can be wiped from memory, strings cannot.
 */
import { access, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { AppError } from '../domain/contract/errors';
import { dataKeyBytes } from '../domain/sealing/row';
import { readFully, systemCode, writeFully, writeProblem } from './files';
import { journalFileName } from './journal-format';
import type { HeldDataKey } from './keyring/access';

export const keyFileName = 'data.key';

const magic = new TextEncoder().encode('CMDKEY\r\n');
const version = 1;
const keyIdAt = 12;
const keyAt = 20;
const checksumAt = 60;
const fileBytes = 64;

/**
 * The data key that lies beside the data, or null where there is none (any more).
 *
 * @throws AppError `KEY_UNREADABLE` when the file is damaged, or is missing beside a journal (a new
 *   key would make every record unreadable for ever); `STORE_NEWER`
 */
export async function readPlainKey(dataDir: string): Promise<HeldDataKey | null> {
  const stored = await readKeyFile(join(dataDir, keyFileName));
  if (!stored && (await exists(join(dataDir, journalFileName)))) {
    throw new AppError('KEY_UNREADABLE', { params: { reason: 'missing' } });
  }
  return stored;
}

/**
 * Overwrites and deletes the unprotected key, if there is one. Best effort against what a disk keeps
 * of overwritten blocks: `docs/security.md` says so.
 *
 * @throws AppError `DISK_FULL`, `STORE_WRITE_FAILED`
 */
export async function destroyPlainKey(dataDir: string): Promise<void> {
  const path = join(dataDir, keyFileName);
  try {
    const file = await open(path, 'r+');
    try {
      await writeFully(file, new Uint8Array(fileBytes), 0);
      await file.sync();
    } finally {
      await file.close();
    }
    await rm(path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw writeProblem(error);
  }
}

async function readKeyFile(path: string): Promise<HeldDataKey | null> {
  // One byte more than the file may have, so that a longer file is noticed and never read whole.
  const bytes = new Uint8Array(fileBytes + 1);
  try {
    const file = await open(path, 'r');
    try {
      return decode(bytes.subarray(0, await readFully(file, bytes, 0)));
    } finally {
      await file.close();
    }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    if (error instanceof AppError) throw error;
    throw new AppError('KEY_UNREADABLE', {
      params: { reason: systemCode(error) ?? 'unknown' },
      cause: error,
    });
  } finally {
    bytes.fill(0);
  }
}

function decode(bytes: Uint8Array): HeldDataKey {
  const damaged = new AppError('KEY_UNREADABLE', { params: { reason: 'damaged' } });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < keyIdAt || magic.some((byte, at) => bytes[at] !== byte)) throw damaged;
  const format = view.getUint32(magic.byteLength);
  if (format > version) throw new AppError('STORE_NEWER', { params: { format } });
  if (format !== version || bytes.byteLength !== fileBytes) throw damaged;
  if (view.getUint32(checksumAt) !== crc32(bytes.subarray(0, checksumAt))) throw damaged;
  return {
    id: Buffer.from(bytes.subarray(keyIdAt, keyAt)).toString('hex'),
    bytes: bytes.slice(keyAt, keyAt + dataKeyBytes),
  };
}

/** Also true when it cannot be told: then a new key must not be made either. */
async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    return systemCode(error) !== 'ENOENT';
  }
}

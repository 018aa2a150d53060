/**
 * The data key's file. Until the vault issue wraps it, the key lies here unprotected, beside the
 * data that it opens; the status bar and the README say so.
 *
 * Layout, 64 bytes: magic (8), u32 version = 1, key id (8), key (32), zeros (8), u32 CRC-32 of the
 * 60 bytes before it (so that a damaged key is named as such, not met as unreadable records).
 * Binary rather than JSON: bytes can be wiped from memory, strings cannot.
 */
import { access, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { AppError } from '../domain/contract/errors';
import { dataKeyBytes, newKeyId } from '../domain/sealing/row';
import { readFully, systemCode, writeAtomically, writeProblem } from './files';
import { journalFileName } from './journal-format';

export const keyFileName = 'data.key';

const magic = new TextEncoder().encode('CMDKEY\r\n');
const version = 1;
const keyIdAt = 12;
const keyAt = 20;
const checksumAt = 60;
const fileBytes = 64;

export interface DataKeyFile {
  /** 16 hexadecimal digits. */
  readonly keyId: string;
  /** 32 bytes; whoever takes them wipes them. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Reads the data key of a data folder, or makes one in a folder that holds no data yet.
 *
 * @throws AppError `KEY_UNREADABLE` when the file is damaged, or is missing beside a journal (a new
 *   key would make every record unreadable for ever); `STORE_NEWER`; `DISK_FULL`;
 *   `STORE_WRITE_FAILED`
 */
export async function openDataKey(dataDir: string): Promise<DataKeyFile> {
  const path = join(dataDir, keyFileName);
  const stored = await readKeyFile(path);
  if (stored) return stored;
  if (await exists(join(dataDir, journalFileName))) {
    throw new AppError('KEY_UNREADABLE', { params: { reason: 'missing' } });
  }
  const made = {
    keyId: newKeyId(),
    bytes: globalThis.crypto.getRandomValues(new Uint8Array(dataKeyBytes)),
  };
  const encoded = encode(made);
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await writeAtomically(path, encoded);
  } catch (error) {
    throw writeProblem(error);
  } finally {
    encoded.fill(0);
  }
  return made;
}

async function readKeyFile(path: string): Promise<DataKeyFile | null> {
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

function encode(key: DataKeyFile): Uint8Array {
  const bytes = new Uint8Array(fileBytes);
  const view = new DataView(bytes.buffer);
  bytes.set(magic, 0);
  view.setUint32(magic.byteLength, version);
  bytes.set(Buffer.from(key.keyId, 'hex'), keyIdAt);
  bytes.set(key.bytes, keyAt);
  view.setUint32(checksumAt, crc32(bytes.subarray(0, checksumAt)));
  return bytes;
}

function decode(bytes: Uint8Array): DataKeyFile {
  const damaged = new AppError('KEY_UNREADABLE', { params: { reason: 'damaged' } });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < keyIdAt || magic.some((byte, at) => bytes[at] !== byte)) throw damaged;
  const format = view.getUint32(magic.byteLength);
  if (format > version) throw new AppError('STORE_NEWER', { params: { format } });
  if (format !== version || bytes.byteLength !== fileBytes) throw damaged;
  if (view.getUint32(checksumAt) !== crc32(bytes.subarray(0, checksumAt))) throw damaged;
  return {
    keyId: Buffer.from(bytes.subarray(keyIdAt, keyAt)).toString('hex'),
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

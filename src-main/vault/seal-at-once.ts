/**
 * Sealing without waiting: the same bytes as `domain/sealing`, by Node's own cipher. WebCrypto hands
 * each note to another thread and back, which costs many times what sealing five kilobytes does.
 */
import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  KeyObject,
  randomFillSync,
} from 'node:crypto';
import { AppError } from '../domain/contract/errors';
import { wrappedKeyBytes, wrappingData, type RecordKeyName } from '../domain/sealing/record-key';
import { joinSealed, sealedFrame, type DataKey, type RowAddress } from '../domain/sealing/row';

const nonceBytes = 12;
const tagBytes = 16;

/** Random bytes fetched ahead: the system is asked once for many nonces. None is given out twice. */
const random = new Uint8Array(512 * nonceBytes);
let randomLeft = 0;

/** Plaintexts up to this are encoded in one place that is used again and wiped each time, bytes. */
const scratch = Buffer.alloc(256 * 1024);

/**
 * Seals a row as `sealRow` does.
 *
 * @param keyId 16 hexadecimal digits
 * @throws AppError `SEAL_INVALID` for an address or key id that cannot be bound
 */
export function sealRowAtOnce(
  key: DataKey | KeyObject,
  keyId: string,
  address: RowAddress,
  plaintext: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const { head, additionalData } = sealedFrame(keyId, address);
  const nonce = freshNonce();
  const cipher = createCipheriv('aes-256-gcm', keyObject(key), nonce);
  cipher.setAAD(additionalData);
  const body = cipher.update(plaintext);
  const rest = cipher.final();
  return joinSealed(head, nonce, body, rest, cipher.getAuthTag());
}

/** Seals a JSON value as `sealJson` does; see `sealRowAtOnce`. */
export function sealJsonAtOnce(
  key: DataKey | KeyObject,
  keyId: string,
  address: RowAddress,
  value: unknown,
): Uint8Array<ArrayBuffer> {
  const json = JSON.stringify(value);
  // A UTF-16 unit takes three bytes of UTF-8 at most.
  const mostBytes = 3 * json.length;
  const place = mostBytes <= scratch.byteLength ? scratch : Buffer.allocUnsafeSlow(mostBytes);
  const plaintext = place.subarray(0, place.write(json, 'utf-8'));
  try {
    return sealRowAtOnce(key, keyId, address, plaintext);
  } finally {
    plaintext.fill(0);
  }
}

/**
 * Wraps a record's key as `wrapRecordKey` does.
 *
 * @param raw 32 bytes; the caller wipes them
 * @throws AppError `RECORD_KEY_LOST` for ids that cannot be bound
 */
export function wrapAtOnce(wrapping: DataKey, name: RecordKeyName, raw: Uint8Array): Uint8Array {
  const nonce = freshNonce();
  const cipher = createCipheriv('aes-256-gcm', keyObject(wrapping), nonce);
  cipher.setAAD(wrappingData(name));
  return Buffer.concat([nonce, cipher.update(raw), cipher.final(), cipher.getAuthTag()]);
}

/**
 * Unwraps a record's key as `unwrapRecordKey` does.
 *
 * @throws AppError `RECORD_KEY_LOST` when it is damaged, or another record's or vault's
 */
export function unwrapAtOnce(wrapping: DataKey, name: RecordKeyName, bytes: Uint8Array): KeyObject {
  const raw = unwrapped(wrapping, name, bytes);
  try {
    return createSecretKey(raw);
  } finally {
    raw.fill(0);
  }
}

/**
 * Wraps a key again under another data key; the old wrapping stays valid.
 *
 * @throws AppError `RECORD_KEY_LOST` as `unwrapAtOnce`
 */
export function rewrapAtOnce(
  from: { readonly wrapping: DataKey; readonly keyId: string },
  to: { readonly wrapping: DataKey; readonly keyId: string },
  keyId: string,
  bytes: Uint8Array,
): Uint8Array {
  const raw = unwrapped(from.wrapping, { keyId, dataKeyId: from.keyId }, bytes);
  try {
    return wrapAtOnce(to.wrapping, { keyId, dataKeyId: to.keyId }, raw);
  } finally {
    raw.fill(0);
  }
}

/** The caller wipes what it gets. */
function unwrapped(wrapping: DataKey, name: RecordKeyName, bytes: Uint8Array): Uint8Array {
  if (bytes.byteLength !== wrappedKeyBytes) throw new AppError('RECORD_KEY_LOST');
  const tagAt = wrappedKeyBytes - tagBytes;
  const nonce = bytes.subarray(0, nonceBytes);
  const decipher = createDecipheriv('aes-256-gcm', keyObject(wrapping), nonce, {
    authTagLength: tagBytes,
  });
  decipher.setAAD(wrappingData(name));
  decipher.setAuthTag(bytes.subarray(tagAt));
  const raw = decipher.update(bytes.subarray(nonceBytes, tagAt));
  try {
    decipher.final();
    return raw;
  } catch (cause) {
    raw.fill(0);
    throw new AppError('RECORD_KEY_LOST', { cause });
  }
}

function freshNonce(): Uint8Array {
  if (randomLeft === 0) {
    randomFillSync(random);
    randomLeft = random.byteLength;
  }
  randomLeft -= nonceBytes;
  return random.slice(randomLeft, randomLeft + nonceBytes);
}

function keyObject(key: DataKey | KeyObject): KeyObject {
  return key instanceof KeyObject ? key : KeyObject.from(key);
}

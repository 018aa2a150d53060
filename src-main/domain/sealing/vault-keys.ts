/**
 * The keys that are made of the data key, one for each purpose (RFC 5869, HKDF-SHA256, no salt, the
 * label below as `info`). A key that serves one purpose cannot be turned against another: who learns
 * the key of the chain still reads nothing, and what is sealed as a row never opens as a wrapped key.
 *
 * The labels are part of the format: another label is another key, and nothing would open any more.
 *
 * Pure: WebCrypto only, so the same code runs in the worker and in the renderer.
 */
import { AppError } from '../contract/errors';
import { dataKeyBytes, type DataKey } from './row';

const subtle = globalThis.crypto.subtle;

export const purposeLabels = {
  /** AES-256-GCM: rows that belong to no record. */
  row: 'chimed vault 1 row',
  /** AES-256-GCM: wraps the keys of records. */
  wrapping: 'chimed vault 1 record key wrapping',
  /** HMAC-SHA256: the chain through the journal. */
  chain: 'chimed vault 1 journal chain',
  /** HMAC-SHA256: identifiers that are made of clinical text, and the search for duplicates. */
  identifiers: 'chimed vault 1 identifiers',
  /** HMAC-SHA256: the list of what a backup holds. */
  manifest: 'chimed vault 1 backup manifest',
  /** AES-256-GCM: wraps the keys of batches. */
  batches: 'chimed vault 1 batch key wrapping',
} as const;

/** The data key as the root of all others: it derives, and opens nothing itself. */
export type RootKey = DataKey;

/** What the renderer needs: it opens rows and writes none. */
export interface ReadingKeys {
  /** 16 hexadecimal digits of the data key. */
  readonly keyId: string;
  readonly row: DataKey;
  readonly wrapping: DataKey;
}

/** What the worker needs. None of them can be exported. */
export interface VaultKeys extends ReadingKeys {
  readonly chain: DataKey;
  readonly identifiers: DataKey;
  readonly manifest: DataKey;
  readonly batches: DataKey;
}

/**
 * Imports the raw data key as a root. The caller wipes `bytes` afterwards.
 *
 * @param bytes exactly 32 bytes
 * @throws AppError `KEY_UNREADABLE`
 */
export async function importRootKey(bytes: Uint8Array): Promise<RootKey> {
  if (bytes.byteLength !== dataKeyBytes) throw new AppError('KEY_UNREADABLE');
  const copy = new Uint8Array(bytes);
  try {
    return await subtle.importKey('raw', copy, 'HKDF', false, ['deriveKey']);
  } finally {
    copy.fill(0);
  }
}

/** @param keyId 16 hexadecimal digits of the data key */
export async function deriveReadingKeys(root: RootKey, keyId: string): Promise<ReadingKeys> {
  const [row, wrapping] = await Promise.all([
    derive(root, purposeLabels.row, sealing, ['decrypt']),
    derive(root, purposeLabels.wrapping, sealing, ['unwrapKey']),
  ]);
  return { keyId, row, wrapping };
}

/** @param keyId 16 hexadecimal digits of the data key */
export async function deriveVaultKeys(root: RootKey, keyId: string): Promise<VaultKeys> {
  const [row, wrapping, chain, identifiers, manifest, batches] = await Promise.all([
    derive(root, purposeLabels.row, sealing, ['encrypt', 'decrypt']),
    derive(root, purposeLabels.wrapping, sealing, ['encrypt', 'decrypt', 'unwrapKey']),
    derive(root, purposeLabels.chain, authenticating, ['sign']),
    derive(root, purposeLabels.identifiers, authenticating, ['sign']),
    derive(root, purposeLabels.manifest, authenticating, ['sign']),
    derive(root, purposeLabels.batches, sealing, ['encrypt', 'decrypt']),
  ]);
  return { keyId, row, wrapping, chain, identifiers, manifest, batches };
}

const sealing = { name: 'AES-GCM', length: 256 };
const authenticating = { name: 'HMAC', hash: 'SHA-256', length: 256 };

function derive(
  root: RootKey,
  label: string,
  algorithm: typeof sealing | typeof authenticating,
  usages: ('encrypt' | 'decrypt' | 'unwrapKey' | 'sign')[],
): Promise<DataKey> {
  return subtle.deriveKey(
    {
      name: 'HKDF',
      hash: 'SHA-256',
      salt: new Uint8Array(),
      info: new TextEncoder().encode(label),
    },
    root,
    algorithm,
    false,
    usages,
  );
}

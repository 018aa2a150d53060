/** The data key as this page holds it: only as the keys made of it, its raw bytes wiped. */
import type { Bridge } from '@domain/contract/ipc';
import { deriveReadingKeys, importRootKey, type ReadingKeys } from '@domain/sealing/vault-keys';
import { invoke } from './bridge';

/** @throws AppError `KEY_UNREADABLE` or what main answered */
export async function holdDataKey(bridge: Bridge): Promise<ReadingKeys> {
  const { keyId, bytes } = await invoke(bridge, 'vault.key');
  try {
    return await deriveReadingKeys(await importRootKey(bytes), keyId);
  } finally {
    bytes.fill(0);
  }
}

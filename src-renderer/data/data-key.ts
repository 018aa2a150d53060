/** The data key as this page holds it: imported, not extractable, its raw bytes wiped. */
import type { Bridge } from '@domain/contract/ipc';
import { importDataKey, type DataKey } from '@domain/sealing/row';
import { invoke } from './bridge';

export interface HeldKey {
  readonly key: DataKey;
  readonly keyId: string;
}

/** @throws AppError `KEY_UNREADABLE` or what main answered */
export async function holdDataKey(bridge: Bridge): Promise<HeldKey> {
  const { keyId, bytes } = await invoke(bridge, 'vault.key');
  try {
    return { key: await importDataKey(bytes), keyId };
  } finally {
    bytes.fill(0);
  }
}

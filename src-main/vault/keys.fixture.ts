/** Keys for tests of the vault: of one data key, always the same. */
import { deriveVaultKeys, importRootKey, type VaultKeys } from '../domain/sealing/vault-keys';

export const testKeyId = '0011223344556677';

/** A fresh copy each time: whoever takes it may wipe it. */
export const testDataKey = (fill = 7): { keyId: string; key: Uint8Array<ArrayBuffer> } => ({
  keyId: fill === 7 ? testKeyId : `${fill.toString(16).padStart(2, '0')}`.repeat(8),
  key: new Uint8Array(32).fill(fill),
});

export async function testKeys(fill = 7): Promise<VaultKeys> {
  const { keyId, key } = testDataKey(fill);
  return deriveVaultKeys(await importRootKey(key), keyId);
}

/**
 * A data folder with a user, as the program's own code makes one, for tests that are about something
 * else: its passphrase is cheap to check. The program has no such way; `vault.spec.ts` goes its own.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { newKeyId } from '../src-main/domain/sealing/row';
import { Keyring } from '../src-main/vault/keyring/keyring';

export const testUser = { name: '测试医师', title: '主治医师', staffNumber: 'T-001' };
export const testPassphrase = '青山不改绿水长流二〇二六';
const cost = { memoryKiB: 64, iterations: 1, parallelism: 1 };

/** Makes the vault of a data folder, unless it has one. */
export async function makeProfile(userData: string): Promise<void> {
  const folder = join(userData, 'data');
  if (await Keyring.open(folder)) return;
  await mkdir(folder, { recursive: true });
  const dataKey = { id: newKeyId(), bytes: crypto.getRandomValues(new Uint8Array(32)) };
  const made = await Keyring.found(folder, testUser, testPassphrase, dataKey, { cost });
  await made.save();
}

/** The data key of a profile that `makeProfile` made. */
export async function openProfile(
  userData: string,
): Promise<{ keyId: string; bytes: Uint8Array<ArrayBuffer> }> {
  await makeProfile(userData);
  const keyring = await Keyring.open(join(userData, 'data'));
  const user = keyring?.users[0];
  if (!keyring || !user) throw new Error('the profile has no user');
  const { dataKey } = await keyring.signIn(user.id, testPassphrase);
  if (!dataKey) throw new Error('the user has no data key');
  return { keyId: dataKey.id, bytes: new Uint8Array(dataKey.bytes) };
}

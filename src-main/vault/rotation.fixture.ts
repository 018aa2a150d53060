/**
 * A vault with its users for tests of changing the data key; run by itself, a process that signs in,
 * saves and changes the key until it is killed. It prints the ids of records once they are saved, and
 * `k` once the key was changed.
 * Arguments: data folder, user id, prefix of the ids.
 */
import { writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openRow } from '../domain/sealing/row';
import { sealJsonAtOnce } from './seal-at-once';
import { VaultSession, type SessionEvent } from './session';
import { Vault } from './vault';

export const passphrase = '青山不改绿水长流二〇二六';

export async function sessionOf(
  folder: string,
  onEvent: (event: SessionEvent) => void = () => undefined,
): Promise<VaultSession> {
  const session = new VaultSession({
    folder,
    policyPath: join(dirname(folder), 'policy.json'),
    cost: { memoryKiB: 64, iterations: 1, parallelism: 1 },
    onState: () => undefined,
    onEvent,
  });
  await session.load();
  return session;
}

/** Opens the data as the worker does: with the key that the session gives. */
export async function vaultOf(session: VaultSession, folder: string): Promise<Vault> {
  const { keyId, bytes } = session.dataKey();
  return Vault.open(folder, { keyId, key: bytes });
}

export async function save(vault: Vault, id: string): Promise<void> {
  const { keyId, key } = await vault.takeKey();
  const address = { table: 'record' as const, id, version: 1 };
  await vault.journal.append([{ ...address, sealed: sealJsonAtOnce(key, keyId, address, id) }]);
}

/** Whether a record is there and opens. */
export async function opens(vault: Vault, id: string): Promise<boolean> {
  const row = await vault.journal.latest('record', id);
  const keyId = vault.journal.keyIdOf('record', id);
  if (!row || !keyId) return false;
  const plain = await openRow(await vault.recordKeys.key(keyId), keyId, row, row.sealed);
  return new TextDecoder().decode(plain) === JSON.stringify(id);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder = '', userId = '', prefix = ''] = process.argv.slice(2);
  const session = await sessionOf(folder);
  await session.signIn(userId, passphrase);
  const vault = await vaultOf(session, folder);
  // Synchronous, so that what is acknowledged has left this process before it can be killed.
  writeSync(1, 'o\n');
  for (let next = 0; ; next += 1) {
    const id = `${prefix}-${next}`;
    await save(vault, id);
    writeSync(1, `${id}\n`);
    await session.rotateDataKey((key) => vault.rotate(key));
    writeSync(1, 'k\n');
  }
}

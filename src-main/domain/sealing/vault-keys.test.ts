import { createDecipheriv, createHmac, hkdfSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { unwrapRecordKey, wrapRecordKey } from './record-key';
import { keyIdOfSealed, openRow, sealRow } from './row';
import { deriveReadingKeys, deriveVaultKeys, importRootKey, purposeLabels } from './vault-keys';

const dataKey = Uint8Array.from({ length: 32 }, (_, index) => index);
const dataKeyId = '0011223344556677';
const keyId = '8899aabbccddeeff';

/** For ever: another value here means that no vault of today opens any more. */
const known = {
  row: '9dfafc325b83188ab99151ba6980bda9e10091bac7c2407f2736b8c2fe50ff14',
  wrapping: '09d884179fc57e72cfcc98f145b52bec6e2928264a319ecf0ba6bbac3e494d0f',
  chain: '45c924c4187cda78cfdd50629aa4ee42617bf61ce4495a3d871cbda2b5a694c4',
  identifiers: '6914a95d8cb78a99342ed6110e30c2c357be41e568ce6698a590701ac1e6f590',
  manifest: 'b4c0e1133cbeff9d84e5521b5f48d1fa0667c96865a9c70fb68f850cc7d5f4ba',
  batches: '3a6bffe04e557afb24468ba54c0476b5e6fd4a56becc9ac55833385496bcfa0c',
} as const;
const bytesOf = (purpose: keyof typeof known): Buffer => Buffer.from(known[purpose], 'hex');

test('the keys of today are those of the first release, by another implementation too', () => {
  for (const purpose of Object.keys(known) as (keyof typeof known)[]) {
    const derived = hkdfSync('sha256', dataKey, new Uint8Array(), purposeLabels[purpose], 32);
    expect(Buffer.from(derived).toString('hex')).toBe(known[purpose]);
  }
});

test('each key is the one of its purpose', async () => {
  const keys = await deriveVaultKeys(await importRootKey(dataKey), dataKeyId);
  const message = new TextEncoder().encode('journal');
  for (const purpose of ['chain', 'identifiers', 'manifest'] as const) {
    const mac = await crypto.subtle.sign('HMAC', keys[purpose], message);
    expect(Buffer.from(mac).toString('hex')).toBe(
      createHmac('sha256', bytesOf(purpose)).update(message).digest('hex'),
    );
  }
  for (const purpose of ['row', 'wrapping', 'batches'] as const) {
    const iv = new Uint8Array(12);
    const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, keys[purpose], message);
    const decipher = createDecipheriv('aes-256-gcm', bytesOf(purpose), iv);
    decipher.setAuthTag(Buffer.from(sealed).subarray(-16));
    expect(decipher.update(Buffer.from(sealed).subarray(0, -16)).toString()).toBe('journal');
    expect(() => decipher.final()).not.toThrow();
  }
});

test('no key can be exported, and the root opens nothing itself', async () => {
  const root = await importRootKey(dataKey);
  const keys = await deriveVaultKeys(root, dataKeyId);
  const purposes = Object.keys(purposeLabels) as (keyof typeof purposeLabels)[];
  for (const key of [root, ...purposes.map((purpose) => keys[purpose])])
    await expect(crypto.subtle.exportKey('raw', key)).rejects.toThrow();
  await expect(
    crypto.subtle.encrypt({ name: 'AES-GCM', iv: new Uint8Array(12) }, root, dataKey),
  ).rejects.toThrow();
  await expect(importRootKey(dataKey.subarray(1))).rejects.toMatchObject({
    code: 'KEY_UNREADABLE',
  });
});

test('the reading side opens what the writing side sealed, and can seal and wrap nothing', async () => {
  const root = await importRootKey(dataKey);
  const writing = await deriveVaultKeys(root, dataKeyId);
  const reading = await deriveReadingKeys(root, dataKeyId);
  const address = { table: 'deletion', id: 'x', version: 1 };
  const sealed = await sealRow(writing.row, dataKeyId, address, dataKey);
  expect(await openRow(reading.row, dataKeyId, address, sealed)).toEqual(dataKey);
  await expect(sealRow(reading.row, dataKeyId, address, dataKey)).rejects.toThrow();
  await expect(wrapRecordKey(reading.wrapping, { keyId, dataKeyId }, dataKey)).rejects.toThrow();
});

test("a record's key opens its rows after wrapping and unwrapping, on both sides", async () => {
  const root = await importRootKey(dataKey);
  const writing = await deriveVaultKeys(root, dataKeyId);
  const reading = await deriveReadingKeys(root, dataKeyId);
  const raw = new Uint8Array(32).fill(9);
  const wrapped = await wrapRecordKey(writing.wrapping, { keyId, dataKeyId }, raw);
  const mine = await unwrapRecordKey(writing.wrapping, { keyId, dataKeyId }, wrapped);
  const theirs = await unwrapRecordKey(reading.wrapping, { keyId, dataKeyId }, wrapped);
  expect(mine.extractable).toBe(false);
  const address = { table: 'record', id: 'r', version: 1 };
  const sealed = await sealRow(mine, keyId, address, dataKey);
  expect(keyIdOfSealed(sealed)).toBe(keyId);
  expect(await openRow(theirs, keyId, address, sealed)).toEqual(dataKey);
});

test('a wrapped key that was changed, renamed, cut or brought from another vault is refused', async () => {
  const keys = await deriveVaultKeys(await importRootKey(dataKey), dataKeyId);
  const name = { keyId, dataKeyId };
  const wrapped = await wrapRecordKey(keys.wrapping, name, new Uint8Array(32));
  const refused = { code: 'RECORD_KEY_LOST' };
  for (let at = 0; at < wrapped.length; at += 1) {
    const changed = wrapped.slice();
    changed[at] = (changed[at] ?? 0) ^ 0x40;
    await expect(unwrapRecordKey(keys.wrapping, name, changed)).rejects.toMatchObject(refused);
  }
  for (const other of [
    { keyId: dataKeyId, dataKeyId },
    { keyId, dataKeyId: keyId },
    { keyId: '', dataKeyId },
  ])
    await expect(unwrapRecordKey(keys.wrapping, other, wrapped)).rejects.toMatchObject(refused);
  await expect(unwrapRecordKey(keys.wrapping, name, wrapped.subarray(1))).rejects.toMatchObject(
    refused,
  );
  const others = await deriveVaultKeys(await importRootKey(dataKey.map((b) => b ^ 1)), dataKeyId);
  await expect(unwrapRecordKey(others.wrapping, name, wrapped)).rejects.toMatchObject(refused);
});

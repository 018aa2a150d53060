import { expect, test } from 'vitest';
import * as z from 'zod';
import { unwrapRecordKey, wrapRecordKey } from '../domain/sealing/record-key';
import { importDataKey, openJson } from '../domain/sealing/row';
import { deriveVaultKeys, importRootKey } from '../domain/sealing/vault-keys';
import { rewrapAtOnce, sealJsonAtOnce, unwrapAtOnce, wrapAtOnce } from './seal-at-once';

const keyId = '0011223344556677';
const address = { table: 'record', id: '病历-1', version: 3 };

test('what is sealed at once opens as what was sealed the other way, and nowhere else', async () => {
  const key = await importDataKey(new Uint8Array(32).fill(4));
  for (const text of ['', '患者主诉头痛三天。', '\u0000𠮷'.repeat(50_000)]) {
    const sealed = sealJsonAtOnce(key, keyId, address, { text });
    const schema = z.object({ text: z.string() });
    expect(await openJson(key, keyId, address, sealed, schema)).toEqual({ text });
    await expect(
      openJson(key, keyId, { ...address, version: 4 }, sealed, schema),
    ).rejects.toMatchObject({ code: 'SEAL_INVALID' });
  }
});

test('no nonce comes twice, and an address that cannot be bound is refused', async () => {
  const key = await importDataKey(new Uint8Array(32).fill(4));
  const nonces = Array.from({ length: 200 }, () =>
    Buffer.from(sealJsonAtOnce(key, keyId, address, 1).subarray(10, 22)).toString('hex'),
  );
  expect(new Set(nonces).size).toBe(200);
  for (const bad of [
    { ...address, id: '\uD800' },
    { ...address, version: 0 },
  ])
    expect(() => sealJsonAtOnce(key, keyId, bad, 1)).toThrow('SEAL_INVALID');
  expect(() => sealJsonAtOnce(key, 'short', address, 1)).toThrow('SEAL_INVALID');
});

test('a key that is wrapped at once is unwrapped by WebCrypto too, and the other way, at its own name only', async () => {
  const keys = await deriveVaultKeys(await importRootKey(new Uint8Array(32).fill(4)), keyId);
  const others = await deriveVaultKeys(
    await importRootKey(new Uint8Array(32).fill(5)),
    'ff'.repeat(8),
  );
  const name = { keyId: '8899aabbccddeeff', dataKeyId: keyId };
  const raw = new Uint8Array(32).fill(9);
  const atOnce = wrapAtOnce(keys.wrapping, name, raw);
  const sealed = sealJsonAtOnce(
    await unwrapRecordKey(keys.wrapping, name, atOnce),
    name.keyId,
    address,
    '头痛',
  );
  const slowly = await wrapRecordKey(keys.wrapping, name, raw);
  expect(unwrapAtOnce(keys.wrapping, name, slowly).export()).toEqual(Buffer.from(raw));
  const again = rewrapAtOnce(keys, others, name.keyId, slowly);
  const newName = { keyId: name.keyId, dataKeyId: others.keyId };
  const opened = await unwrapRecordKey(others.wrapping, newName, again);
  expect(await openJson(opened, name.keyId, address, sealed, z.string())).toBe('头痛');

  const lost = (work: () => unknown): void => expect(work).toThrow('RECORD_KEY_LOST');
  for (let at = 0; at < atOnce.length; at += 1) {
    const changed = Uint8Array.from(atOnce);
    changed[at] = (changed[at] ?? 0) ^ 1;
    lost(() => unwrapAtOnce(keys.wrapping, name, changed));
  }
  lost(() => unwrapAtOnce(keys.wrapping, name, atOnce.subarray(1)));
  lost(() => unwrapAtOnce(others.wrapping, name, atOnce));
  lost(() => unwrapAtOnce(keys.wrapping, { ...name, keyId: keyId }, atOnce));
  lost(() => unwrapAtOnce(keys.wrapping, newName, atOnce));
  lost(() => rewrapAtOnce(others, keys, name.keyId, slowly));
});

test('nothing of a longer text stays behind in a shorter one sealed after it', async () => {
  const key = await importDataKey(new Uint8Array(32).fill(4));
  sealJsonAtOnce(key, keyId, address, '头痛'.repeat(100));
  const sealed = sealJsonAtOnce(key, keyId, address, 'a');
  expect(await openJson(key, keyId, address, sealed, z.unknown())).toBe('a');
});

import { expect, test } from 'vitest';
import * as z from 'zod';
import { importDataKey, openJson } from '../domain/sealing/row';
import { sealJsonAtOnce } from './seal-at-once';

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

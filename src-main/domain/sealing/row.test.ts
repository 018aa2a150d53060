import { createCipheriv } from 'node:crypto';
import * as z from 'zod';
import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../contract/errors';
import {
  importDataKey,
  newKeyId,
  openJson,
  openRow,
  sealJson,
  sealOverheadBytes,
  sealRow,
  sealRowWithNonce,
} from './row';

const keyBytes = Uint8Array.from({ length: 32 }, (_, index) => index);
const keyId = '0011223344556677';
const address = { table: 'record', id: 'r-1', version: 1 };
const plain = new TextEncoder().encode('患者主诉头痛三天。');

/** Format version 1 for ever: rows of today must open in every later program. */
const knownNonce = 'a0a1a2a3a4a5a6a7a8a9aaab';
const knownRow =
  '01010011223344556677a0a1a2a3a4a5a6a7a8a9aaab009adfc5c54ee607d98d285ae2de7439e737bda81b52e6c57f8ea46324b0bf4f8e861abe58b8cff0eaa88e';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const unhex = (digits: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(Buffer.from(digits, 'hex'));
const code = async (promise: Promise<unknown>): Promise<ErrorCode | 'no error' | 'unknown'> => {
  try {
    await promise;
    return 'no error';
  } catch (error) {
    return (error as { code?: ErrorCode }).code ?? 'unknown';
  }
};

describe('format version 1', () => {
  test('a row sealed by the first release opens, byte for byte', async () => {
    const key = await importDataKey(keyBytes);
    expect(hex(await openRow(key, keyId, address, unhex(knownRow)))).toBe(hex(plain));
  });

  test('sealing still makes the bytes of the first release', async () => {
    const key = await importDataKey(keyBytes);
    const sealed = await sealRowWithNonce(key, keyId, address, plain, unhex(knownNonce));
    expect(hex(sealed)).toBe(knownRow);
  });

  test('the layout is what its table says, rebuilt here with another implementation', () => {
    const head = Buffer.from(`0101${keyId}`, 'hex');
    const u32 = (value: number): Buffer => Buffer.from([0, 0, 0, value]);
    const cipher = createCipheriv('aes-256-gcm', keyBytes, Buffer.from(knownNonce, 'hex'));
    cipher.setAAD(
      Buffer.concat([
        head,
        u32(6),
        Buffer.from('record'),
        u32(3),
        Buffer.from('r-1'),
        Buffer.from('0000000000000001', 'hex'),
      ]),
    );
    const body = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    expect(hex(Buffer.concat([head, Buffer.from(knownNonce, 'hex'), body]))).toBe(knownRow);
  });
});

test('a row opens at its own address only', async () => {
  const key = await importDataKey(keyBytes);
  const sealed = await sealRow(key, keyId, address, plain);
  expect(hex(await openRow(key, keyId, address, sealed))).toBe(hex(plain));
  for (const other of [
    { ...address, table: 'text' },
    { ...address, id: 'r-2' },
    { ...address, version: 2 },
    { table: 'recor', id: 'dr-1', version: 1 },
    { table: 'recordr', id: '-1', version: 1 },
  ])
    expect(await code(openRow(key, keyId, other, sealed))).toBe('SEAL_INVALID');
});

test('any changed byte is noticed', async () => {
  const key = await importDataKey(keyBytes);
  const sealed = await sealRow(key, keyId, address, plain);
  for (let at = 0; at < sealed.length; at += 1) {
    const changed = sealed.slice();
    changed[at] = (changed[at] ?? 0) ^ 0x01;
    expect(['SEAL_INVALID', 'STORE_NEWER'], `byte ${at}`).toContain(
      await code(openRow(key, keyId, address, changed)),
    );
  }
});

test('a row cut short at any place is refused', async () => {
  const key = await importDataKey(keyBytes);
  const sealed = await sealRow(key, keyId, address, plain);
  for (let length = 0; length < sealed.length; length += 1)
    expect(await code(openRow(key, keyId, address, sealed.subarray(0, length)))).toBe(
      'SEAL_INVALID',
    );
});

test('a format or an algorithm of a newer program is named as newer, not as damage', async () => {
  const key = await importDataKey(keyBytes);
  const sealed = await sealRow(key, keyId, address, plain);
  const newerFormat = sealed.slice();
  newerFormat[0] = 2;
  expect(await code(openRow(key, keyId, address, newerFormat))).toBe('STORE_NEWER');
  expect(await code(openRow(key, keyId, address, newerFormat.subarray(0, 5)))).toBe('STORE_NEWER');
  const newerAlgorithm = sealed.slice();
  newerAlgorithm[1] = 2;
  expect(await code(openRow(key, keyId, address, newerAlgorithm))).toBe('STORE_NEWER');
});

test('another key, and another key id, do not open a row', async () => {
  const key = await importDataKey(keyBytes);
  const sealed = await sealRow(key, keyId, address, plain);
  const other = await importDataKey(keyBytes.map((byte) => byte ^ 0xff));
  expect(await code(openRow(other, keyId, address, sealed))).toBe('SEAL_INVALID');
  expect(await code(openRow(key, newKeyId(), address, sealed))).toBe('SEAL_INVALID');
});

test('the same row sealed twice never looks the same', async () => {
  const key = await importDataKey(keyBytes);
  const seen = new Set<string>();
  for (let round = 0; round < 50; round += 1)
    seen.add(hex(await sealRow(key, keyId, address, plain)).slice(20, 44));
  expect(seen.size).toBe(50);
});

test('an address that cannot be bound without doubt is refused', async () => {
  const key = await importDataKey(keyBytes);
  for (const bad of [
    { ...address, id: 'a\uD800' },
    { ...address, table: '\uDC00' },
    { ...address, version: 0 },
    { ...address, version: 1.5 },
    { ...address, version: 2 ** 53 },
  ])
    expect(await code(Promise.resolve().then(() => sealRow(key, keyId, bad, plain)))).toBe(
      'SEAL_INVALID',
    );
});

test('the imported key cannot be exported, and a key of a wrong length is refused', async () => {
  const key = await importDataKey(keyBytes);
  expect(key.extractable).toBe(false);
  await expect(globalThis.crypto.subtle.exportKey('raw', key)).rejects.toThrow();
  expect(await code(importDataKey(keyBytes.subarray(1)))).toBe('KEY_UNREADABLE');
});

test('an empty row is a row', async () => {
  const key = await importDataKey(keyBytes);
  const sealed = await sealRow(key, keyId, address, new Uint8Array());
  expect(sealed).toHaveLength(sealOverheadBytes);
  expect(await openRow(key, keyId, address, sealed)).toHaveLength(0);
});

test('JSON comes back as its schema says, and an authentic row of another shape is corrupt', async () => {
  const key = await importDataKey(keyBytes);
  const schema = z.object({ text: z.string() });
  const value = { text: '\uFEFF血压 120/80 \u0000 𠮷' };
  const sealed = await sealJson(key, keyId, address, value);
  expect(await openJson(key, keyId, address, sealed, schema)).toEqual(value);
  const other = await sealJson(key, keyId, address, { text: 5 });
  expect(await code(openJson(key, keyId, address, other, schema))).toBe('STORE_CORRUPT');
  const notJson = await sealRow(key, keyId, address, plain);
  expect(await code(openJson(key, keyId, address, notJson, schema))).toBe('STORE_CORRUPT');
});

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AnnotationSchema } from '../domain/contract/annotation-schema';
import { AppError, type ErrorCode } from '../domain/contract/errors';
import type { JournalRow } from '../domain/contract/record';
import {
  maxSchemaChars,
  schemaRowSchema,
  type SavedSchema,
  type SchemaRow,
} from '../domain/contract/stored-schema';
import { keyIdOfSealed, openJson } from '../domain/sealing/row';
import { Vault } from '../vault/vault';
import { RecordStore } from './store';

const id = '3f1c2a54-7d3e-4f5a-9b60-1f2e3d4c5b6a';
const schemaOf = (chinese: string): AnnotationSchema => ({
  id,
  version: 77,
  chinese,
  english: '',
  types: [{ id: '造影剂', english: 'Contrast agent', hue: 12 }],
  fields: [],
  attributes: [],
});

let dir = '';
let vault: Vault;
let store: RecordStore;
let clock = 1_000_000;

async function start(userId: string | null = 'user-1'): Promise<void> {
  vault = await Vault.open(dir, { keyId: '0011223344556677', key: new Uint8Array(32).fill(7) });
  store = new RecordStore({ vault, now: () => clock++, userId });
}
async function restart(userId: string | null = 'user-1'): Promise<void> {
  await vault.close();
  await start(userId);
}
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'chimed-schemas-'));
  await start();
});
afterEach(async () => {
  await vault.close();
  await rm(dir, { recursive: true, force: true });
});

const code = (promise: Promise<unknown>): Promise<ErrorCode | 'no error'> =>
  promise.then(
    () => 'no error' as const,
    (error: unknown) => {
      if (error instanceof AppError) return error.code;
      throw error;
    },
  );

async function opened(row: JournalRow): Promise<SchemaRow> {
  const keyId = keyIdOfSealed(row.sealed);
  return openJson(await vault.recordKeys.key(keyId), keyId, row, row.sealed, schemaRowSchema);
}
async function saved(): Promise<SavedSchema> {
  const row = await vault.journal.latest('schema', id);
  const value = row && (await opened(row));
  if (value?.kind !== 'schema') throw new Error('no schema is saved');
  return value;
}
async function drafts(): Promise<SchemaRow[]> {
  const all: SchemaRow[] = [];
  for (const rowId of vault.journal.idsOf('schema')) {
    const row = await vault.journal.latest('schema', rowId);
    const value = row && (await opened(row));
    if (value?.kind === 'draft') all.push(value);
  }
  return all;
}

describe('a schema of the hospital’s own', () => {
  test('is there after a restart, in the version that the store counted', async () => {
    expect(await store.schemas.save(schemaOf('造影'), 0)).toMatchObject({ version: 1 });
    expect(await store.schemas.save(schemaOf('造影与用药'), 1)).toMatchObject({ version: 2 });
    await restart();
    expect(await saved()).toMatchObject({
      schema: { chinese: '造影与用药', version: 2 },
      deletedAt: null,
      by: 'user-1',
    });
    expect((await saved()).createdAt).toBeLessThan((await saved()).updatedAt);
  });

  test('is never readable in the files of the vault', async () => {
    await store.schemas.save(schemaOf('罕见造影方案'), 0);
    await store.schemas.keepDraft(id, 1, '{"chinese":"罕见造影方案"}');
    for (const name of await readdir(dir)) {
      const bytes = await readFile(join(dir, name)).catch(() => Buffer.alloc(0));
      expect(bytes.includes(Buffer.from('罕见造影方案'))).toBe(false);
    }
  });

  test('of two changes begun from the same version the second is refused, and nothing is lost', async () => {
    await store.schemas.save(schemaOf('一'), 0);
    const both = await Promise.all([
      code(store.schemas.save(schemaOf('二'), 1)),
      code(store.schemas.save(schemaOf('三'), 1)),
    ]);
    expect(both).toEqual(['no error', 'VERSION_CONFLICT']);
    expect((await saved()).schema).toMatchObject({ chinese: '二', version: 2 });
    expect(await code(store.schemas.save(schemaOf('四'), 0))).toBe('VERSION_CONFLICT');
    expect(await code(store.schemas.save(schemaOf('四'), 9))).toBe('VERSION_CONFLICT');
  });

  test('every version that was ever saved can be read again', async () => {
    for (const [base, name] of ['一', '二', '三'].entries()) {
      await store.schemas.save(schemaOf(name), base);
    }
    await restart();
    await store.schemas.save(schemaOf('四'), 3);
    const versions = await Promise.all((await store.schemas.history(id)).map(opened));
    expect(
      versions.map((row) => row.kind === 'schema' && [row.schema.version, row.schema.chinese]),
    ).toEqual([
      [1, '一'],
      [2, '二'],
      [3, '三'],
      [4, '四'],
    ]);
  });

  test('that is deleted keeps its words and its version; undo, or a save, brings it back', async () => {
    await store.schemas.save(schemaOf('一'), 0);
    await store.schemas.delete(id);
    await restart();
    expect(await saved()).toMatchObject({ schema: { chinese: '一', version: 1 } });
    expect((await saved()).deletedAt).not.toBeNull();
    const { seq } = await store.schemas.delete(id);
    expect(seq).toBe(vault.journal.lastSeq);
    await store.schemas.restore(id);
    expect((await saved()).deletedAt).toBeNull();
    await store.schemas.delete(id);
    await store.schemas.save(schemaOf('二'), 1);
    expect(await saved()).toMatchObject({ deletedAt: null, schema: { version: 2 } });
  });

  test('that nobody saved cannot be deleted or restored', async () => {
    expect(await code(store.schemas.delete(id))).toBe('SCHEMA_UNKNOWN');
    expect(await code(store.schemas.restore(id))).toBe('SCHEMA_UNKNOWN');
    expect(await store.schemas.history(id)).toEqual([]);
  });

  test('that is larger than any schema needs to be is refused', async () => {
    const facts = Array.from({ length: 3000 }, () => ({ type: '造影剂', text: '碘'.repeat(1000) }));
    const large = { ...schemaOf('大'), examples: [{ text: '碘', facts }] };
    expect(JSON.stringify(large).length).toBeGreaterThan(maxSchemaChars);
    expect(await code(store.schemas.save(large, 0))).toBe('SCHEMA_INVALID');
    expect(vault.journal.lastSeq).toBe(0);
  });
});

describe('a draft', () => {
  test('is kept for its user, over a restart, until it is let go', async () => {
    await store.schemas.keepDraft(id, 2, '{"chinese":');
    await restart('user-2');
    await store.schemas.keepDraft(id, 0, '{}');
    expect(await drafts()).toEqual([
      expect.objectContaining({ by: 'user-1', base: 2, text: '{"chinese":' }),
      expect.objectContaining({ by: 'user-2', base: 0, text: '{}' }),
    ]);
    await store.schemas.keepDraft(id, 0, null);
    const before = vault.journal.lastSeq;
    await store.schemas.keepDraft(id, 0, null);
    expect(vault.journal.lastSeq).toBe(before);
    expect((await drafts()).map((draft) => draft.kind === 'draft' && draft.text)).toEqual([
      '{"chinese":',
      null,
    ]);
  });

  test('of a trial, where nobody signed in, is kept too', async () => {
    await restart(null);
    await store.schemas.keepDraft(id, 0, '{}');
    expect(await drafts()).toEqual([expect.not.objectContaining({ by: expect.anything() })]);
  });

  test('changes nothing of the schema that it is about', async () => {
    await store.schemas.save(schemaOf('一'), 0);
    await store.schemas.keepDraft(id, 1, '{"chinese":"二"}');
    expect((await saved()).schema).toMatchObject({ chinese: '一', version: 1 });
    expect(await store.schemas.save(schemaOf('三'), 1)).toMatchObject({ version: 2 });
  });
});

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { AnnotationSchema } from '../domain/contract/annotation-schema';
import type { JournalRow } from '../domain/contract/record';
import {
  maxSchemaChars,
  schemaRowSchema,
  type SavedSchema,
  type SchemaRow,
} from '../domain/contract/stored-schema';
import { keyIdOfSealed, openJson } from '../domain/sealing/row';
import { codeOf, TestStore } from './test-store.fixture';

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

const at = new TestStore('chimed-schemas-');

async function opened(row: JournalRow): Promise<SchemaRow> {
  const keyId = keyIdOfSealed(row.sealed);
  return openJson(await at.vault.recordKeys.key(keyId), keyId, row, row.sealed, schemaRowSchema);
}
async function saved(): Promise<SavedSchema> {
  const row = await at.vault.journal.latest('schema', id);
  const value = row && (await opened(row));
  if (value?.kind !== 'schema') throw new Error('no schema is saved');
  return value;
}
async function drafts(): Promise<SchemaRow[]> {
  const all: SchemaRow[] = [];
  for (const rowId of at.vault.journal.idsOf('schema')) {
    const row = await at.vault.journal.latest('schema', rowId);
    const value = row && (await opened(row));
    if (value?.kind === 'draft') all.push(value);
  }
  return all;
}

describe('a schema of the hospital’s own', () => {
  test('is there after a restart, in the version that the store counted', async () => {
    expect(await at.store.schemas.save(schemaOf('造影'), 0)).toMatchObject({ version: 1 });
    expect(await at.store.schemas.save(schemaOf('造影与用药'), 1)).toMatchObject({ version: 2 });
    await at.restart();
    expect(await saved()).toMatchObject({
      schema: { chinese: '造影与用药', version: 2 },
      deletedAt: null,
      by: 'user-1',
    });
    expect((await saved()).createdAt).toBeLessThan((await saved()).updatedAt);
  });

  test('is never readable in the files of the vault', async () => {
    await at.store.schemas.save(schemaOf('罕见造影方案'), 0);
    await at.store.schemas.keepDraft(id, 1, '{"chinese":"罕见造影方案"}');
    for (const name of await readdir(at.dir)) {
      const bytes = await readFile(join(at.dir, name)).catch(() => Buffer.alloc(0));
      expect(bytes.includes(Buffer.from('罕见造影方案'))).toBe(false);
    }
  });

  test('of two changes begun from the same version the second is refused, and nothing is lost', async () => {
    await at.store.schemas.save(schemaOf('一'), 0);
    const both = await Promise.all([
      codeOf(at.store.schemas.save(schemaOf('二'), 1)),
      codeOf(at.store.schemas.save(schemaOf('三'), 1)),
    ]);
    expect(both).toEqual(['no error', 'VERSION_CONFLICT']);
    expect((await saved()).schema).toMatchObject({ chinese: '二', version: 2 });
    expect(await codeOf(at.store.schemas.save(schemaOf('四'), 0))).toBe('VERSION_CONFLICT');
    expect(await codeOf(at.store.schemas.save(schemaOf('四'), 9))).toBe('VERSION_CONFLICT');
  });

  test('every version that was ever saved can be read again', async () => {
    for (const [base, name] of ['一', '二', '三'].entries()) {
      await at.store.schemas.save(schemaOf(name), base);
    }
    await at.restart();
    await at.store.schemas.save(schemaOf('四'), 3);
    const versions = await Promise.all((await at.store.schemas.history(id)).map(opened));
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
    await at.store.schemas.save(schemaOf('一'), 0);
    await at.store.schemas.delete(id);
    await at.restart();
    expect(await saved()).toMatchObject({ schema: { chinese: '一', version: 1 } });
    expect((await saved()).deletedAt).not.toBeNull();
    const { seq } = await at.store.schemas.delete(id);
    expect(seq).toBe(at.vault.journal.lastSeq);
    await at.store.schemas.restore(id);
    expect((await saved()).deletedAt).toBeNull();
    await at.store.schemas.delete(id);
    await at.store.schemas.save(schemaOf('二'), 1);
    expect(await saved()).toMatchObject({ deletedAt: null, schema: { version: 2 } });
  });

  test('that nobody saved cannot be deleted or restored', async () => {
    expect(await codeOf(at.store.schemas.delete(id))).toBe('SCHEMA_UNKNOWN');
    expect(await codeOf(at.store.schemas.restore(id))).toBe('SCHEMA_UNKNOWN');
    expect(await at.store.schemas.history(id)).toEqual([]);
  });

  test('that is larger than any schema needs to be is refused', async () => {
    const facts = Array.from({ length: 3000 }, () => ({ type: '造影剂', text: '碘'.repeat(1000) }));
    const large = { ...schemaOf('大'), examples: [{ text: '碘', facts }] };
    expect(JSON.stringify(large).length).toBeGreaterThan(maxSchemaChars);
    expect(await codeOf(at.store.schemas.save(large, 0))).toBe('SCHEMA_INVALID');
    expect(at.vault.journal.lastSeq).toBe(0);
  });
});

describe('a draft', () => {
  test('is kept for its user, over a restart, until it is let go', async () => {
    await at.store.schemas.keepDraft(id, 2, '{"chinese":');
    await at.restart('user-2');
    await at.store.schemas.keepDraft(id, 0, '{}');
    expect(await drafts()).toEqual([
      expect.objectContaining({ by: 'user-1', base: 2, text: '{"chinese":' }),
      expect.objectContaining({ by: 'user-2', base: 0, text: '{}' }),
    ]);
    await at.store.schemas.keepDraft(id, 0, null);
    const before = at.vault.journal.lastSeq;
    await at.store.schemas.keepDraft(id, 0, null);
    expect(at.vault.journal.lastSeq).toBe(before);
    expect((await drafts()).map((draft) => draft.kind === 'draft' && draft.text)).toEqual([
      '{"chinese":',
      null,
    ]);
  });

  test('of a trial, where nobody signed in, is kept too', async () => {
    await at.restart(null);
    await at.store.schemas.keepDraft(id, 0, '{}');
    expect(await drafts()).toEqual([expect.not.objectContaining({ by: expect.anything() })]);
  });

  test('changes nothing of the schema that it is about', async () => {
    await at.store.schemas.save(schemaOf('一'), 0);
    await at.store.schemas.keepDraft(id, 1, '{"chinese":"二"}');
    expect((await saved()).schema).toMatchObject({ chinese: '一', version: 1 });
    expect(await at.store.schemas.save(schemaOf('三'), 1)).toMatchObject({ version: 2 });
  });
});

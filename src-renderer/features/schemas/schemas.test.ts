import { expect, it } from 'vitest';
import type { AnnotationSchema } from '@domain/contract/annotation-schema';
import { Notices } from '../../ui/notices.svelte';
import { SchemaCatalogue } from './catalogue.svelte';
import { addType, blankSchema, setGeneral, setType } from './edit';
import { SchemasState, type SchemasOptions } from './schemas.svelte';

const first: AnnotationSchema = { ...blankSchema('own-1', '随访'), version: 1 };
const newest: AnnotationSchema = {
  ...setType(addType(setGeneral(first, { chinese: '随访二' })), 0, { id: '药物' }),
  version: 4,
};

it('a schema that results name by its id is told by name, also after it was deleted; nobody knows others', () => {
  const catalogue = new SchemaCatalogue();
  const row = { kind: 'schema' as const, schema: newest, createdAt: 1, updatedAt: 1 };
  catalogue.put([{ ...row, deletedAt: 5 }]);
  expect(catalogue.nameOf('own-1', 'en')).toBe('随访二');
  expect(catalogue.nameOf('ccks2019', 'zh-CN')).toBe('六类实体');
  expect(catalogue.nameOf('ccks2019', 'en')).toBe('Six entity types');
  expect(catalogue.nameOf('own-2', 'en')).toBe('own-2');
});

it('an older version that is taken over is a change like any other: undone by one step, saved as a new version', () => {
  const catalogue = new SchemaCatalogue();
  catalogue.put([{ kind: 'schema', schema: newest, createdAt: 1, updatedAt: 1, deletedAt: null }]);
  const store = {} as SchemasOptions['store'];
  const schemas = new SchemasState({
    ...{ store, catalogue, notices: new Notices(), user: () => null },
    save: () => Promise.resolve(false),
  });
  schemas.takeVersion(first);
  const { editor } = schemas;
  expect(editor?.doc).toEqual({ ...first, version: 4 });
  expect([editor?.dirty, editor?.base, editor?.outdated]).toEqual([true, 4, false]);
  editor?.undo();
  expect([editor?.doc, editor?.dirty, editor?.canUndo]).toEqual([newest, false, false]);
});

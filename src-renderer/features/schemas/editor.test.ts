import { beforeEach, describe, expect, it } from 'vitest';
import type { AnnotationSchema } from '@domain/contract/annotation-schema';
import { addField, addType, blankSchema, setField, setGeneral, setType } from './edit';
import { SchemaEditor } from './editor.svelte';

const saved: AnnotationSchema = {
  ...blankSchema('own', '随访'),
  version: 3,
  types: [
    { id: '药物', english: '', hue: 1, description: '药名' },
    { id: '手术', english: '', hue: 2, description: '术式' },
    { id: '检查', english: '', hue: 3, description: '检查项目' },
  ],
};
let editor: SchemaEditor;
beforeEach(() => {
  editor = new SchemaEditor(saved, saved);
});
const types = (): string[] => editor.doc.types.map(({ id }) => id);
const rename = (index: number, id: string, group?: string): void =>
  editor.edit((doc) => setType(doc, index, { id }), group ?? null);

describe('steps', () => {
  it('are undone and done again, one by one, and a new one ends what was undone', () => {
    rename(0, '药品');
    rename(1, '操作');
    editor.undo();
    expect([types(), editor.canRedo]).toEqual([['药品', '手术', '检查'], true]);
    editor.undo();
    expect([types(), editor.canUndo, editor.dirty]).toEqual([
      ['药物', '手术', '检查'],
      false,
      false,
    ]);
    editor.undo();
    editor.redo();
    editor.redo();
    expect(types()).toEqual(['药品', '操作', '检查']);
    editor.undo();
    rename(2, '检验');
    expect([types(), editor.canRedo]).toEqual([['药品', '手术', '检验'], false]);
  });

  it('typing on in one field is one step, until something else is done', () => {
    for (const typed of ['药', '药品', '药品名']) rename(0, typed, 'name');
    editor.endGroup();
    for (const typed of ['术', '术式']) rename(1, typed, 'name');
    editor.undo();
    expect(types()).toEqual(['药品名', '手术', '检查']);
    editor.undo();
    expect(types()).toEqual(['药物', '手术', '检查']);
  });
});

describe('order', () => {
  it('what is moved stays selected, and never goes further than its list', () => {
    editor.move({ kind: 'type', index: 2 }, -1);
    expect([types(), editor.place]).toEqual([['药物', '检查', '手术'], { kind: 'type', index: 1 }]);
    editor.move(editor.place, -5);
    editor.move(editor.place, -1);
    expect([types(), editor.place]).toEqual([['检查', '药物', '手术'], { kind: 'type', index: 0 }]);
    editor.undo();
    editor.undo();
    expect([types(), editor.canUndo]).toEqual([['药物', '手术', '检查'], false]);
  });

  it('when what is selected is taken out, its neighbour is, then what holds it', () => {
    editor.edit((doc) => addField(doc, 'group'));
    editor.select({ kind: 'type', index: 2 });
    editor.remove(editor.place);
    expect([types(), editor.place]).toEqual([['药物', '手术'], { kind: 'type', index: 1 }]);
    editor.remove({ kind: 'field', index: 0, member: 0 });
    expect(editor.place).toEqual({ kind: 'field', index: 0 });
    editor.remove(editor.place);
    expect(editor.place).toEqual({ kind: 'general' });
    editor.remove({ kind: 'general' });
    expect(editor.doc.fields).toEqual([]);
  });
});

describe('saving', () => {
  it('is possible for what is changed and right, and for nothing else', () => {
    expect(editor.canSave).toBe(false);
    editor.edit(addType);
    expect([editor.canSave, editor.faults.length > 0]).toEqual([false, true]);
    editor.edit((doc) => setType(doc, 3, { id: '过敏原', description: '引起过敏的物质' }));
    expect([editor.faults, editor.canSave]).toEqual([[], true]);
    editor.saving = true;
    expect(editor.canSave).toBe(false);
  });

  it('a group is right once its members are: a number with its unit', () => {
    editor.edit((doc) => addField(doc, 'group'));
    const group = { kind: 'field', index: 0 } as const;
    editor.edit((doc) => setField(doc, group, { id: '用药', description: '每一种药' }));
    expect(editor.faults.map(({ path }) => path.slice(0, 4))).toContainEqual([
      ...['fields', 0, 'fields', 0],
    ]);
    editor.edit((doc) => setField(doc, { ...group, member: 0 }, { id: '药名' }));
    editor.edit((doc) => addField(doc, 'number', 0));
    editor.edit((doc) => setField(doc, { ...group, member: 1 }, { id: '剂量', units: ['mg'] }));
    expect(editor.faults).toEqual([]);
  });

  it('typing may go on meanwhile: what was typed since is still to be saved', () => {
    rename(0, '药品');
    const written = editor.doc;
    rename(1, '操作');
    editor.saved({ ...written, version: 4 });
    expect([editor.base, editor.doc.version, editor.dirty]).toEqual([4, 4, true]);
    editor.undo();
    expect([editor.dirty, editor.doc.version]).toEqual([false, 4]);
  });

  it('another desk’s version is taken where nothing is lost by it', () => {
    const theirs = { ...setGeneral(saved, { chinese: '随访二' }), version: 4 };
    editor.follow(theirs);
    expect([editor.doc.chinese, editor.base, editor.outdated]).toEqual(['随访二', 4, false]);
  });

  it('where something would be lost, nothing is saved until a person has decided', () => {
    rename(0, '药品');
    const theirs = { ...setGeneral(saved, { chinese: '随访二' }), version: 4 };
    editor.follow(theirs);
    expect([editor.outdated, editor.canSave, types()[0]]).toEqual([true, false, '药品']);
    editor.rebase();
    expect([editor.canSave, editor.base, editor.doc.chinese]).toEqual([true, 4, '随访']);
    editor.revert();
    expect([editor.doc.chinese, types()[0], editor.dirty]).toEqual(['随访二', '药物', false]);
  });
});

describe('the schema as text', () => {
  it('a mistake is told by its line and keeps the form as it was; mended, it is one step', () => {
    const { text } = editor;
    editor.typeRaw(text.replace('"手术"', '"手术'));
    const line = text.split('\n').findIndex((each) => each.includes('"手术"')) + 1;
    expect([editor.rawFault?.kind, editor.rawFault?.line]).toEqual(['syntax', line]);
    expect([types(), editor.valid, editor.dirty]).toEqual([
      saved.types.map(({ id }) => id),
      false,
      true,
    ]);
    editor.typeRaw(text.replace('"手术"', '"操作"'));
    expect([types(), editor.raw, editor.valid]).toEqual([['药物', '操作', '检查'], null, true]);
    editor.undo();
    expect(types()).toEqual(['药物', '手术', '检查']);
  });

  it('cannot say which schema it is, nor which version', () => {
    editor.typeRaw(JSON.stringify({ ...saved, id: 'other', version: 99, chinese: '改名' }));
    expect(editor.doc).toMatchObject({ id: 'own', version: 3, chinese: '改名' });
  });

  it('what was kept of a draft is gone on with, also where it is no schema yet', () => {
    rename(0, '药品');
    const blank = blankSchema('own', '');
    const again = SchemaEditor.resumed('own', editor.kept, 3, saved, blank);
    expect([again.doc.types[0]?.id, again.dirty, again.base]).toEqual(['药品', true, 3]);
    editor.typeRaw('{ "chinese"');
    const torn = SchemaEditor.resumed('own', editor.kept, 3, saved, blank);
    expect([torn.raw, torn.doc.types[0]?.id]).toEqual(['{ "chinese"', '药物']);
  });
});

import { describe, expect, it } from 'vitest';
import { annotationSchema, type GroupField, type PlainField } from '../contract/annotation-schema';
import type { StoredReview } from '../contract/review';
import { stepOf } from './actions';
import { addAction, addTargets, wantsValue, type AddOrder } from './add-targets';
import { applyPatch, reversed } from './patch';
import { doctor, field, fresh, of, text } from './review.fixture';

const lab = annotationSchema('lab-results');
const groups = lab.fields.filter((each): each is GroupField => each.kind === 'group');
const plain = (id: string): PlainField[] =>
  annotationSchema(id).fields.filter((each): each is PlainField => each.kind !== 'group');
const members = addTargets({ types: [], plainFields: [], groups });
const member = (id: string) => {
  const found = members.find((target) => target.id === `检验.${id}`);
  if (!found) throw new Error(id);
  return found;
};
const at = (words: string) => {
  const start = text.indexOf(words);
  return { start, end: start + words.length };
};

let made = 0;
function added(
  review: StoredReview,
  target: AddOrder['target'],
  words: string,
  more: Partial<Pick<AddOrder, 'selected' | 'newRow'>> = {},
) {
  const action = addAction({
    ...{ target, span: at(words), of, items: review.items, newId: `new-${++made}` },
    ...{ selected: null, ...more },
  });
  const patch = stepOf(review, action, doctor);
  if (!patch) throw new Error('no step');
  return { review: applyPatch(review, patch, doctor), patch };
}
const rowsOf = (review: StoredReview) =>
  review.items
    .filter(({ fact, decision }) => fact.group && decision === 'accepted')
    .map(({ fact }) => `${fact.group?.index} ${fact.type} ${fact.text}`)
    .sort();

describe('what can be added by hand', () => {
  it('is in the order of the keys: types, fields, members of groups', () => {
    const { types } = annotationSchema('ccks2019');
    const plainFields = plain('admission');
    const all = addTargets({ types, plainFields, groups });
    expect(all.map(({ kind }) => kind)).toEqual([
      ...types.map(() => 'type'),
      ...plainFields.map(() => 'field'),
      ...members.map(() => 'member'),
    ]);
    expect(all.at(-1)?.id).toBe('检验.时间');
  });

  it('a field is added with its evidence and what can be read off it', () => {
    const age = { id: '病程', english: '', kind: 'number' as const, units: ['年'] };
    const { review } = added(fresh([]), { kind: 'field', id: '病程', field: age }, '10年');
    expect(review.items).toMatchObject([
      {
        ...{ origin: 'doctor', decision: 'accepted' },
        fact: { kind: 'field', type: '病程', text: '10年', value: 10, unit: '年', ...at('10年') },
      },
    ]);
    expect(review.changes.at(-1)).toMatchObject({ kind: 'add', by: doctor.by });
  });

  it('a field that is there gets the words instead of a second one, and is accepted', () => {
    const target = plain('admission').find(({ id }) => id === '主诉');
    if (!target) throw new Error('no field');
    const silent = fresh([field('主诉', null)]);
    const { review, patch } = added(silent, { kind: 'field', id: '主诉', field: target }, '高血压');
    expect(review.items).toHaveLength(1);
    expect(review.items[0]).toMatchObject({
      decision: 'accepted',
      fact: { text: '高血压', ...at('高血压') },
      machine: { text: null },
    });
    // One step takes it back.
    expect(applyPatch(review, reversed(patch), doctor).items).toEqual(silent.items);
  });

  it('a member joins the row until that has one, then begins another; or at once when asked', () => {
    let review = fresh([]);
    ({ review } = added(review, member('项目'), '高血压'));
    ({ review } = added(review, member('结果'), '10'));
    ({ review } = added(review, member('项目'), '糖尿病'));
    ({ review } = added(review, member('结果'), 'CT', { newRow: true }));
    expect(rowsOf(review)).toEqual(['0 结果 10', '0 项目 高血压', '1 项目 糖尿病', '2 结果 CT']);
    // The row of the selected fact goes before the last one.
    const selected = review.items.find(({ fact }) => fact.text === '高血压') ?? null;
    ({ review } = added(review, member('时间'), '10年', { selected }));
    expect(rowsOf(review)).toContain('0 时间 10年');
  });

  it('what was rejected leaves its place in the row', () => {
    let { review } = added(fresh([]), member('项目'), '高血压');
    const [first] = review.items;
    if (!first) throw new Error('no item');
    review = { ...review, items: [{ ...first, decision: 'rejected' }] };
    ({ review } = added(review, member('项目'), '糖尿病'));
    expect(rowsOf(review)).toEqual(['0 项目 糖尿病']);
  });

  it('a first member rejects what said that there is none, by the same act', () => {
    const silent = fresh([field('检验', null)]);
    const { review, patch } = added(silent, member('项目'), '高血压');
    const of检验 = review.items.find(({ fact }) => fact.type === '检验');
    expect(of检验?.decision).toBe('rejected');
    expect(applyPatch(review, reversed(patch), doctor).items).toEqual(silent.items);
  });

  it('a value is asked for where it cannot be read off the words', () => {
    const date = { id: '时间', english: '', kind: 'date' as const };
    expect(wantsValue(date, field('时间', '10年'))).toBe(true);
    expect(wantsValue(date, field('时间', '10年', { value: '2024-03-05' }))).toBe(false);
    expect(wantsValue({ ...date, kind: 'text' }, field('时间', '10年'))).toBe(false);
  });
});

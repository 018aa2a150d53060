import { describe, expect, it } from 'vitest';
import type { Fact } from '../contract/fact';
import type { StoredReview } from '../contract/review';
import { stepOf, type ReviewAction } from './actions';
import { carryOver } from './carry-over';
import { withType } from './edit-fact';
import { applyPatch } from './patch';
import { progressOf } from './progress';
import {
  anyStep,
  doctor,
  facts,
  field,
  fresh,
  idOf,
  mention,
  random,
  run,
  text,
} from './review.fixture';
import { reviewing, take, undo } from './undo';

function after(review: StoredReview, ...actions: ReviewAction[]): StoredReview {
  return actions.reduce((state, action) => {
    const step = stepOf(state, action, doctor);
    return step ? applyPatch(state, step, doctor) : state;
  }, review);
}
function rerun(review: StoredReview, found: readonly Fact[], id = 'run-2'): StoredReview {
  const { schema } = review;
  const patch = carryOver(review, run(id, found, { run: { ...run(id, []).run, schema } }));
  return patch ? applyPatch(review, patch, doctor) : review;
}
const at = (review: StoredReview, words: string) =>
  review.items.find(({ fact }) => fact.text === words);

describe('a later run', () => {
  it('that says the same changes nothing that was decided, and is the run under review', () => {
    const before = after(
      fresh(),
      { kind: 'accept', id: idOf(fresh(), '高血压') },
      { kind: 'reject', id: idOf(fresh(), '肺部') },
      { kind: 'accept-all', ids: [idOf(fresh(), '胸部CT')] },
    );
    const now = rerun(before, facts);
    expect(now.runId).toBe('run-2');
    expect(progressOf(now.items)).toMatchObject({ total: 6, open: 3, conflicts: 0 });
    expect(at(now, '高血压')).toMatchObject({
      ...{ decision: 'accepted', review: 'carried', by: 'doctor-1', at: 1000 },
    });
    expect(at(now, '肺部')).toMatchObject({ decision: 'rejected', review: 'carried' });
    // That it was accepted with others is not forgotten.
    expect(at(now, '胸部CT')?.review).toBe('bulk');
    expect(now.changes.slice(before.changes.length).map(({ kind }) => kind)).toEqual([
      ...['carry', 'carry'],
    ]);
  });

  it('the same run once more is no step', () => {
    expect(carryOver(fresh(), run('run-1', facts))).toBeNull();
  });

  it('brings new facts as pending, and takes the place of what nobody touched', () => {
    const before = after(fresh(), { kind: 'accept', id: idOf(fresh(), '高血压') });
    const now = rerun(before, [mention('高血压'), mention('控释片', '药物')]);
    expect(now.items.map(({ fact, decision }) => [fact.text, decision])).toEqual([
      ['高血压', 'accepted'],
      ['控释片', 'pending'],
    ]);
  });

  it('what it says otherwise of accepted words is listed on the item and not put beside it', () => {
    const accept: ReviewAction = { kind: 'accept', id: idOf(fresh(), '高血压') };
    const otherType = mention('高血压', '症状');
    const longer = mention('高血压病史');
    const negated = mention('高血压', '疾病和诊断', { attributes: { negated: true } });
    for (const later of [otherType, longer, negated]) {
      const now = rerun(after(fresh([mention('高血压')]), { ...accept, id: 'run-1:0' }), [later]);
      expect(now.items).toHaveLength(1);
      expect(now.items[0]).toMatchObject({
        fact: mention('高血压'),
        decision: 'accepted',
        conflict: { runId: 'run-2', fact: later },
      });
    }
  });

  it('a mention inside of another type is nested, not a conflict', () => {
    const before = after(fresh([mention('肺部感染')]), { kind: 'accept', id: 'run-1:0' });
    const now = rerun(before, [mention('肺部感染'), mention('肺部', '解剖部位')]);
    expect(progressOf(now.items)).toMatchObject({ total: 2, open: 1, conflicts: 0 });
  });

  it('an accepted fact that it finds no more is a conflict; a rejected or an added one is not', () => {
    const base = fresh([mention('高血压'), mention('糖尿病')]);
    const added = mention('患者', '症状');
    const before = after(
      base,
      { kind: 'accept', id: idOf(base, '高血压') },
      { kind: 'reject', id: idOf(base, '糖尿病') },
      { kind: 'add', id: 'x', fact: added },
    );
    const now = rerun(before, []);
    expect(now.items).toHaveLength(3);
    expect(at(now, '高血压')?.conflict).toEqual({ runId: 'run-2', fact: null });
    expect(at(now, '糖尿病')?.conflict).toBeUndefined();
    expect(at(now, '患者')?.conflict).toBeUndefined();
  });

  it('that did not end says nothing by its silence', () => {
    const before = after(fresh(), { kind: 'accept', id: idOf(fresh(), '高血压') });
    const patch = carryOver(before, run('run-2', [], { status: 'stopped' }));
    if (!patch) throw new Error('no step');
    const now = applyPatch(before, patch, doctor);
    expect(at(now, '高血压')?.conflict).toBeUndefined();
    expect(now.items).toHaveLength(6);
  });

  it('that repeats what a person corrected says nothing new', () => {
    const base = fresh([mention('高血压')]);
    const corrected = after(base, {
      kind: 'edit',
      id: 'run-1:0',
      fact: withType(mention('高血压'), '症状'),
    });
    const now = rerun(corrected, [mention('高血压')]);
    expect(now.items).toHaveLength(1);
    expect(now.items[0]).toMatchObject({ fact: { type: '症状' }, decision: 'pending' });
    expect(now.items[0]?.conflict).toBeUndefined();
  });

  it('that comes to say the same ends the conflict of the run before', () => {
    const before = after(fresh([mention('高血压')]), { kind: 'accept', id: 'run-1:0' });
    const contested = rerun(before, [mention('高血压病史')]);
    expect(contested.items[0]?.conflict).toBeDefined();
    const again = rerun(contested, [mention('高血压')], 'run-3');
    expect(again.items[0]?.conflict).toBeUndefined();
  });

  it('fields are matched by name and group; another answer is a conflict', () => {
    const group = (index: number) => ({ group: { name: '用药', index } });
    const base = fresh([
      field('药名', '硝苯地平', group(0)),
      field('药名', '控释片', group(1)),
      field('手术史', null),
    ]);
    const before = after(base, { kind: 'accept-all', ids: base.items.map(({ id }) => id) });
    const now = rerun(before, [
      field('药名', '硝苯地平', group(0)),
      field('药名', '硝苯地平控释片', group(1)),
      field('手术史', null),
    ]);
    expect(progressOf(now.items)).toMatchObject({ total: 3, conflicts: 1 });
    expect(at(now, '控释片')?.conflict?.fact?.text).toBe('硝苯地平控释片');
    const value = rerun(before, [field('手术史', '行胸部CT检查', { value: true })]);
    expect(value.items.find(({ fact }) => fact.type === '手术史')?.conflict?.fact).toMatchObject({
      value: true,
    });
  });

  describe('rows of a group are known by what stands in them', () => {
    const row = (index: number, drug: string, more: Partial<Fact> = {}) =>
      field('药名', drug, { ...more, group: { name: '用药', index } });
    const accepted = (found: readonly Fact[]): StoredReview => {
      const base = fresh(found);
      return after(base, { kind: 'accept-all', ids: base.items.map(({ id }) => id) });
    };
    const rowsOf = (review: StoredReview) =>
      review.items.map(({ fact, decision, conflict }) => [
        ...[fact.text, fact.group?.index, decision],
        ...(conflict ? ['conflict'] : []),
      ]);

    it('a row that comes in front moves nothing', () => {
      const before = accepted([row(0, '硝苯地平'), row(1, '控释片')]);
      const now = rerun(before, [row(0, '高血压'), row(1, '硝苯地平'), row(2, '控释片')]);
      expect(rowsOf(now)).toEqual([
        ['高血压', 2, 'pending'],
        ['硝苯地平', 0, 'accepted'],
        ['控释片', 1, 'accepted'],
      ]);
    });

    it('a row that is gone is a conflict of its own members only', () => {
      const rows = [row(0, '高血压'), row(1, '硝苯地平'), row(2, '控释片')];
      const before = { ...accepted(rows), schema: 'medication' };
      const now = rerun(before, [row(0, '硝苯地平'), row(1, '控释片')]);
      expect(rowsOf(now)).toEqual([
        ['高血压', 0, 'accepted', 'conflict'],
        ['硝苯地平', 1, 'accepted'],
        ['控释片', 2, 'accepted'],
      ]);
    });

    it('members stay in their row, also where two rows quote the same words', () => {
      const both = (index: number, start: number): Fact[] => [
        row(index, start === 0 ? '高血压' : '糖尿病'),
        field('开始', '10年', { group: { name: '用药', index } }),
      ];
      const before = accepted([...both(0, 0), ...both(1, 1)]);
      const now = rerun(before, [...both(0, 1), ...both(1, 0)]);
      expect(progressOf(now.items)).toMatchObject({ total: 4, open: 0, conflicts: 0 });
      expect(now.items.map(({ fact }) => fact)).toEqual(before.items.map(({ fact }) => fact));
    });

    it('any order of any rows is the same review', () => {
      const words = ['高血压', '硝苯地平', '控释片', '糖尿病', '肺部', '感染', '胸部', '检查'];
      for (let seed = 1; seed <= 50; seed += 1) {
        const draw = random(seed);
        const before = accepted(words.map((drug, index) => row(index, drug)));
        const mixed = words.map((drug) => ({ drug, key: draw() }));
        mixed.sort((a, b) => a.key - b.key);
        const now = rerun(
          before,
          mixed.map(({ drug }, index) => row(index, drug)),
        );
        expect(rowsOf(now)).toEqual(rowsOf(before));
      }
    });
  });

  it('says nothing of what its version of the schema does not ask for', () => {
    const base = fresh([mention('高血压'), mention('肺部感染'), mention('硝苯地平', '药物')]);
    const decided = after(
      base,
      { kind: 'accept', id: idOf(base, '高血压') },
      { kind: 'accept', id: idOf(base, '硝苯地平') },
    );
    const before = { ...decided, schema: 'own' };
    const definition = {
      ...{ id: 'own', version: 1, chinese: '自定', english: '', attributes: [] },
      ...{ types: [{ id: '药物', english: '', hue: 1 }], fields: [] },
    };
    const other = run('run-2', [mention('控释片', '药物')], {
      run: { ...run('x', []).run, schema: 'own', definition },
    });
    const patch = carryOver(before, other);
    if (!patch) throw new Error('no step');
    const now = applyPatch(before, patch, doctor);
    expect(at(now, '高血压')).toMatchObject({ decision: 'accepted' });
    expect(at(now, '高血压')?.conflict).toBeUndefined();
    // It asks for drugs, so its silence about one counts.
    expect(at(now, '硝苯地平')?.conflict).toEqual({ runId: 'run-2', fact: null });
    expect(at(now, '控释片')?.decision).toBe('pending');
    // Nobody had touched it, and the run that found it is kept.
    expect(at(now, '肺部感染')).toBeUndefined();
  });

  it('on another text, under another schema, or after the confirmation, is refused', () => {
    expect(() => carryOver(fresh(), run('run-2', [], { textSha256: 'text-2' }))).toThrow(
      'VERSION_CONFLICT',
    );
    expect(() => carryOver({ ...fresh(), schema: 'other' }, run('run-2', []))).toThrow(
      'BAD_REQUEST',
    );
    const confirmation = {
      ...{ by: 'd', name: 'n', title: '', at: 1, contentSha256: '0'.repeat(64) },
      signature: '0'.repeat(128),
    };
    expect(() => carryOver({ ...fresh(), confirmation }, run('run-2', []))).toThrow(
      'REVIEW_LOCKED',
    );
  });

  it('can be undone like any act', () => {
    const before = after(fresh(), { kind: 'accept', id: idOf(fresh(), '高血压') });
    const patch = carryOver(before, run('run-2', [mention('胸部CT', '影像检查')]));
    if (!patch) throw new Error('no step');
    const taken = take(reviewing(before), patch, doctor);
    expect(taken.review.runId).toBe('run-2');
    const back = undo(taken, doctor).review;
    expect(back.items).toEqual(before.items);
    expect(back.runId).toBe('run-1');
  });

  it('whatever was done and whatever it finds, nothing that a person decided or changed is changed', () => {
    for (let seed = 1; seed <= 300; seed += 1) {
      const draw = random(seed);
      let review = fresh();
      for (let step = 0; step < 12; step += 1) {
        const patch = anyStep(review, draw, doctor);
        if (patch) review = applyPatch(review, patch, doctor);
      }
      const found = Array.from({ length: Math.floor(draw() * 12) }, (_, index): Fact => {
        const known = facts[Math.floor(draw() * facts.length)];
        if (known && draw() < 0.6) return draw() < 0.7 ? known : withType(known, '手术');
        const start = Math.floor(draw() * (text.length - 5));
        const words = text.slice(start, start + 1 + Math.floor(draw() * 4));
        const end = start + words.length;
        return {
          ...{ id: `n${index}`, kind: 'mention', type: '药物', text: words, start, end },
          ...{ evidence: [{ text: words, start, end }], attributes: {}, confidence: 0.4 },
        };
      });
      const now = rerun(review, found);
      for (const item of review.items) {
        const isTouched =
          item.decision !== 'pending' || item.machine !== undefined || item.origin === 'doctor';
        if (!isTouched) continue;
        const kept = now.items.find(({ id }) => id === item.id);
        const how = kept?.review;
        const unmarked = (each: typeof item | undefined) => ({
          ...each,
          review: undefined,
          conflict: undefined,
        });
        expect(unmarked(kept)).toEqual(unmarked(item));
        if (how !== item.review) expect([item.review, how]).toEqual(['single', 'carried']);
      }
      // Each fact that it found is there: as an item, as what stands against one, or as known.
      const all = now.items.flatMap(({ fact, machine, conflict }) => [
        ...[fact, machine, conflict?.fact ?? undefined],
      ]);
      for (const fact of found) {
        expect(
          all.some(
            (each) =>
              each?.type === fact.type && each.start === fact.start && each.end === fact.end,
          ),
        ).toBe(true);
      }
    }
  });
});

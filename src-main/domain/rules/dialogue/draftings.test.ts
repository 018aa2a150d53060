import { describe, expect, it } from 'vitest';
import type { StoredCandidate, StoredReply } from '../../contract/conversation';
import { draftingsOf } from './draftings';

const drafts = (...texts: string[]): StoredCandidate[] =>
  texts.map((text) => ({ text, guards: [], quotes: [], ended: 'end' }));
const begun: StoredReply = {
  ...{ id: 'r', recordId: null, title: '', createdAt: 1, updatedAt: 1, deletedAt: null },
  ...{ state: 'conversation', turns: [{ role: 'patient', text: '咳嗽' }], dangerSigns: [] },
  options: { purpose: 'answer', tone: 'plain', length: 'short', askBack: false },
  ...{ candidates: [], chosen: null, text: '', edits: [], approval: null },
};
const drafted = { ...begun, state: 'machine-draft', candidates: drafts('一', '二') } as const;
const taken = { ...drafted, state: 'editing', chosen: 1, text: '二' } as const;

describe('the draftings of a reply', () => {
  it('are those of which drafts came, each with what was taken of it last', () => {
    const again = { ...drafted, candidates: drafts('三', '四') };
    const all = draftingsOf([
      ...[begun, drafted, { ...taken, chosen: 0 }, taken, taken],
      ...[again, { ...again, state: 'editing' as const, chosen: 0 }],
    ]);
    expect(all.map(({ candidates, chosen }) => [candidates[0]?.text, chosen])).toEqual([
      ['一', 1],
      ['三', 0],
    ]);
    expect(draftingsOf([begun, { ...begun, state: 'editing', text: '自己写' }])).toEqual([]);
  });

  it('have the turns and options that they were asked for with', () => {
    const turns = [{ role: 'patient' as const, text: '另一句' }];
    const options = { ...begun.options, tone: 'formal' as const };
    expect(draftingsOf([drafted, { ...taken, turns, options }])).toMatchObject([
      { turns: begun.turns, options: begun.options, chosen: 1 },
    ]);
  });

  it('may have brought the same words twice', () => {
    expect(draftingsOf([drafted, taken, taken, drafted]).map(({ chosen }) => chosen)).toEqual([
      1,
      null,
    ]);
  });

  it('decide for none where a doctor writes without a draft after all', () => {
    expect(draftingsOf([drafted, { ...drafted, state: 'editing', text: '自己写' }])).toMatchObject([
      { chosen: null },
    ]);
  });
});

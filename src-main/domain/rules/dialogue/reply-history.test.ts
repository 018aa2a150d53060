import { describe, expect, it } from 'vitest';
import type { StoredReply } from '../../contract/conversation';
import { replySteps } from './reply-history';

const candidate = (text: string) => ({ text, guards: [], quotes: [], ended: 'end' as const });
const first: StoredReply = {
  ...{ id: 'r', recordId: null, title: '', createdAt: 1, updatedAt: 1, deletedAt: null },
  ...{ state: 'conversation', turns: [], dangerSigns: [], candidates: [], chosen: null },
  options: { purpose: 'answer', tone: 'plain', length: 'short', askBack: false },
  ...{ text: '', edits: [], approval: null },
};

describe('the history of a reply', () => {
  it('tells drafts, choice, every edit with what it was before, and the approval', () => {
    const drafted: StoredReply = {
      ...{ ...first, updatedAt: 2, state: 'machine-draft' },
      candidates: [candidate('甲'), { ...candidate('乙'), ended: 'partial' }],
      model: { name: 'M', sha256: 'x' },
    };
    const chosen: StoredReply = {
      ...drafted,
      updatedAt: 3,
      state: 'editing',
      chosen: 1,
      text: '乙',
    };
    const edit = { at: 4, by: 'u', text: '乙！' };
    const edited: StoredReply = { ...chosen, updatedAt: 4, text: '乙！', edits: [edit] };
    const other = { at: 5, by: 'u', text: '乙！！' };
    const again: StoredReply = {
      ...edited,
      updatedAt: 6,
      chosen: 0,
      text: '甲',
      edits: [edit, other],
    };
    const by = { by: 'u', name: '王', title: '', at: 7, textSha256: '', signature: '' };
    const approved: StoredReply = { ...again, updatedAt: 7, state: 'approved', approval: by };
    expect(replySteps([first, drafted, chosen, edited, again, approved])).toEqual([
      { kind: 'drafted', at: 2, model: 'M', texts: ['甲', '乙'], partial: true },
      { kind: 'chosen', at: 3, number: 2 },
      { kind: 'edited', at: 4, by: 'u', before: '乙', after: '乙！' },
      { kind: 'edited', at: 5, by: 'u', before: '乙！', after: '乙！！' },
      { kind: 'chosen', at: 6, number: 1 },
      { kind: 'approved', at: 7, name: '王', title: '' },
    ]);
  });

  it('tells a choice before the edit of it where both were saved at once', () => {
    const taken: StoredReply = {
      ...{ ...first, state: 'editing', candidates: [candidate('甲')], chosen: 0, text: '甲！' },
      edits: [{ at: 2, by: 'u', text: '甲！' }],
    };
    expect(replySteps([taken]).slice(1)).toEqual([
      { kind: 'chosen', at: 1, number: 1 },
      { kind: 'edited', at: 2, by: 'u', before: '甲', after: '甲！' },
    ]);
  });

  it('of one that a doctor wrote without a model begins with their first edit', () => {
    const written = {
      ...first,
      state: 'editing' as const,
      text: '您好',
      edits: [{ at: 2, by: 'u', text: '您好' }],
    };
    expect(replySteps([first, written])).toEqual([
      { kind: 'edited', at: 2, by: 'u', before: '', after: '您好' },
    ]);
  });
});

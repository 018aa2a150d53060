import { describe, expect, it } from 'vitest';
import type { StoredCandidate, StoredReply } from '@domain/contract/conversation';
import { findIdentifiers } from '@domain/rules/deidentify/find-identifiers';
import { policySchema } from '@domain/contract/policy';
import type { SaveOrder } from '@domain/contract/save-file';
import { clearReply, trainingLines } from './training-data';
import { TrainingExport } from './training.svelte';

const candidate = (text: string, ended: StoredCandidate['ended'] = 'end'): StoredCandidate => ({
  ...{ text, guards: [], quotes: [], ended },
});
const reply: StoredReply = {
  ...{ id: 'r', recordId: null, title: '', createdAt: 1, updatedAt: 1, deletedAt: null },
  state: 'approved',
  turns: [
    { role: 'patient', text: '我叫张建国，电话13951860024，发烧' },
    { role: 'doctor', text: '多少度' },
    { role: 'patient', text: '39度' },
    { role: 'doctor', text: '稍等' },
  ],
  dangerSigns: [],
  options: { purpose: 'answer', tone: 'plain', length: 'short', askBack: false },
  candidates: [
    candidate('张建国您好，多喝水。'),
    candidate('多休息。'),
    candidate('没写', 'partial'),
  ],
  model: { name: 'M', sha256: 'x' },
  ...{ chosen: 0, text: '张建国您好，多喝温水。', edits: [] },
  approval: { by: 'u', name: '王', title: '', at: 1, textSha256: '', signature: '' },
};
const find = async (text: string) => findIdentifiers(text);

describe('texts for training', () => {
  it('hold nothing that identifies the patient, in any of them, nor who approved it', async () => {
    const clear = await clearReply(reply, find);
    for (const form of ['sft', 'dpo'] as const) {
      const text = JSON.stringify(trainingLines(form, clear ? [clear] : []));
      expect(text).not.toMatch(/张建国|13951860024|王/);
      expect(text).toContain('【姓名1】');
    }
    expect(clear?.replaced).toBeGreaterThanOrEqual(4);
  });

  it('an example is the question with the approved answer, and says where it comes from', async () => {
    const clear = await clearReply(reply, find);
    const [line, ...others] = trainingLines('sft', clear ? [clear] : []);
    expect(others).toEqual([]);
    expect(line).toMatchObject({
      ...{ version: 1, number: 1, of: 1 },
      messages: [
        { role: 'user' },
        { role: 'assistant', content: '多少度' },
        { role: 'user', content: '39度' },
        { role: 'assistant', content: '【姓名1】您好，多喝温水。' },
      ],
      provenance: { origin: 'machine-draft-edited-by-doctor', draftedBy: { name: 'M' } },
    });
  });

  it('a pair prefers what was approved to the draft that it came from and to those not taken', async () => {
    const clear = await clearReply(reply, find);
    const lines = trainingLines('dpo', clear ? [clear] : []);
    expect(lines).toMatchObject([
      { rejected: '【姓名1】您好，多喝水。', provenance: { basis: 'edited' }, of: 2 },
      { rejected: '多休息。', provenance: { basis: 'not-chosen' } },
    ]);
    const same = await clearReply({ ...reply, text: '多休息。', chosen: 1 }, find);
    expect(trainingLines('dpo', same ? [same] : [])).toMatchObject([
      { rejected: '【姓名1】您好，多喝水。' },
    ]);
  });

  it('are made of approved replies only', async () => {
    expect(await clearReply({ ...reply, state: 'editing', approval: null }, find)).toBeNull();
  });
});

describe('the export of them', () => {
  const made = (allowed: 'all' | 'deidentified' | 'none') => {
    const saved: { order: SaveOrder; text: string }[] = [];
    const state = new TrainingExport({
      replies: async () => [reply, { ...reply, turns: [{ role: 'doctor', text: '您好' }] }],
      find,
      policy: () => policySchema.parse({ format: 1, export: { allowed } }),
      save: async (order, text) => {
        saved.push({ order, text });
        return true;
      },
    });
    return { state, saved };
  };

  it('counts before it writes, and writes that many lines', async () => {
    const { state, saved } = made('deidentified');
    await state.show();
    expect(state.counts).toMatchObject({ replies: 2, sft: 1, dpo: 2, left: 1 });
    expect(await state.save()).toBe(2);
    expect(saved[0]?.order).toMatchObject({
      format: 'jsonl',
      count: 2,
      deidentified: true,
      pairs: 'dpo',
    });
    expect(saved[0]?.text.trim().split('\n')).toHaveLength(2);
  });

  it('is not offered where nothing may leave', async () => {
    const { state } = made('none');
    await state.show();
    expect([state.open, state.allowed]).toEqual([false, false]);
  });
});

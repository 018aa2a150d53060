import { describe, expect, it } from 'vitest';
import type { StoredCandidate, StoredReply } from '@domain/contract/conversation';
import { findIdentifiers } from '@domain/rules/deidentify/find-identifiers';
import { policySchema } from '@domain/contract/policy';
import type { SaveOrder } from '@domain/contract/save-file';
import { clearReply, type ReplyStory } from './clear-reply';
import { trainingLines, type TrainingForm } from './training-data';
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
const storyOf = (...versions: StoredReply[]): ReplyStory => ({ versions, recordText: null });
async function linesOf(form: TrainingForm, story: ReplyStory) {
  const clear = await clearReply(story, find);
  return trainingLines(form, clear ? [clear] : []);
}

describe('texts for training', () => {
  it('hold nothing that identifies the patient, in any of them, nor who approved it', async () => {
    for (const form of ['sft', 'dpo'] as const) {
      const text = JSON.stringify(await linesOf(form, storyOf(reply)));
      expect(text).not.toMatch(/张建国|13951860024|王/);
      expect(text).toContain('【姓名1】');
    }
    expect((await clearReply(storyOf(reply), find))?.replaced).toBeGreaterThanOrEqual(4);
  });

  it('an example is the question with the approved answer, and says where it comes from', async () => {
    const [line, ...others] = await linesOf('sft', storyOf(reply));
    expect(others).toEqual([]);
    expect(line).toMatchObject({
      ...{ version: 2, number: 1, of: 1 },
      messages: [
        { role: 'user' },
        { role: 'assistant', content: '多少度' },
        { role: 'user', content: '39度' },
        { role: 'assistant', content: '【姓名1】您好，多喝温水。' },
      ],
      provenance: {
        ...{ origin: 'machine-draft-edited-by-doctor', draftedBy: { name: 'M' } },
        ...{ recordLinked: false, prompt: 'conversation-only', approvedByDoctor: true },
      },
    });
  });

  it('a pair prefers what was approved to the draft that it came from and to those not taken', async () => {
    expect(await linesOf('dpo', storyOf(reply))).toMatchObject([
      { rejected: '【姓名1】您好，多喝水。', provenance: { basis: 'edited' }, of: 2 },
      { rejected: '多休息。', provenance: { basis: 'not-chosen' } },
    ]);
    const same = await linesOf('dpo', storyOf({ ...reply, text: '多休息。', chosen: 1 }));
    expect(same).toMatchObject([{ rejected: '【姓名1】您好，多喝水。' }]);
  });

  it('are made of approved replies only', async () => {
    const editing = storyOf({ ...reply, state: 'editing', approval: null });
    expect(await clearReply(editing, find)).toBeNull();
  });
});

describe('a prompt that held an excerpt of a record', () => {
  const excerpt = [
    '张建国于2026年3月5日因发热就诊，住院号：ZY20260305。',
    '联系电话13951860024，身份证号110101198003071234。',
    '前日随李桂芳外出后起疹，青霉素过敏。',
  ].join('\n');
  // Only the rest of the record says that these are names.
  const recordText = `姓名：张建国\n联系人：李桂芳（妻）\n${excerpt}\n主治医师：赵明`;
  const told = '你是医生的助手，请替医生起草一段给患者的回复，目的是解答患者的疑问。';
  const system = `${told}\n${excerpt}`;
  const context: StoredReply['context'] = {
    tokens: { instructions: 1, dialogue: 1, record: 1, answer: 1, size: 9 },
    ...{ parts: { used: [{ start: 0, end: 1 }], whole: false }, trailing: 1, system },
    ...{ forgotten: 2, textId: 't' },
  };
  const linked = { ...reply, recordId: 'rec', context };

  it('is in the example with it, as the model had it, without anything that identifies', async () => {
    for (const form of ['sft', 'dpo'] as const) {
      const [line] = await linesOf(form, { versions: [linked], recordText });
      const text = JSON.stringify(line);
      expect(text).not.toMatch(/张建国|李桂芳|赵明|2026年|ZY2026|13951860024|110101|王/);
      expect(text).toContain('青霉素过敏');
      expect(line).toMatchObject({
        [form === 'sft' ? 'messages' : 'prompt']: [
          { role: 'system' },
          // The turns before did not fit.
          { role: 'user', content: '39度' },
          ...(form === 'sft' ? [{ role: 'assistant' }] : []),
        ],
        provenance: { recordLinked: true, prompt: 'as-drafted' },
      });
    }
  });

  it('keeps its instructions word for word', async () => {
    const [line] = await linesOf('sft', {
      versions: [{ ...linked, context: { ...context, parts: null, system: told } }],
      recordText,
    });
    expect(line).toMatchObject({
      messages: [{ role: 'system', content: told }, {}, {}],
      provenance: { recordLinked: false },
    });
  });
});

describe('a reply that was drafted several times', () => {
  const first = {
    ...reply,
    state: 'machine-draft',
    approval: null,
    chosen: null,
    text: '',
  } as const;
  const again = { ...first, candidates: [candidate('多吃水果。'), candidate('先量体温。')] };
  const chosenLines = async (...versions: StoredReply[]) =>
    (await linesOf('dpo', storyOf(...versions))).map((line) => {
      const { chosen, rejected, provenance } = line as Record<'chosen' | 'rejected', string> & {
        provenance: Record<string, unknown>;
      };
      const { basis, approvedByDoctor, drafting } = provenance;
      return [chosen, rejected, basis, approvedByDoctor, drafting];
    });
  const approved = { ...again, state: 'approved', approval: reply.approval } as const;
  const final = { ...approved, chosen: 1, text: '先量体温，再来。' };

  it('from the same words prefers what was approved to all drafts that were passed over', async () => {
    expect(
      await chosenLines(first, { ...first, state: 'editing', chosen: 1 }, again, final),
    ).toEqual([
      ['先量体温，再来。', '多休息。', 'drafted-again', true, 1],
      ['先量体温，再来。', '【姓名1】您好，多喝水。', 'drafted-again', true, 1],
      ['先量体温，再来。', '先量体温。', 'edited', true, 2],
      ['先量体温，再来。', '多吃水果。', 'not-chosen', true, 2],
    ]);
  });

  it('from other words has the decision of then, which nobody approved', async () => {
    const formal = { ...again, options: { ...again.options, tone: 'formal' as const } };
    const end = { ...final, options: formal.options };
    const taken: StoredReply = { ...first, state: 'editing', chosen: 1, text: '多休息，多' };
    expect(await chosenLines(first, taken, formal, end)).toEqual([
      ['多休息。', '【姓名1】您好，多喝水。', 'not-chosen', false, 1],
      ['先量体温，再来。', '先量体温。', 'edited', true, 2],
      ['先量体温，再来。', '多吃水果。', 'not-chosen', true, 2],
    ]);
    // Nothing was taken of the first: nothing was decided.
    expect(await chosenLines(first, formal, end)).toHaveLength(2);
  });

  it('of a conversation that was changed afterwards is an example of what was said last', async () => {
    const said = [{ role: 'patient' as const, text: '不烧了' }];
    const story = storyOf(again, { ...final, turns: said });
    const [line] = await linesOf('sft', story);
    expect(line).toMatchObject({
      messages: [{ role: 'user', content: '不烧了' }, {}],
      provenance: { prompt: 'conversation-only' },
    });
    expect(await chosenLines(again, { ...final, turns: said })).toEqual([
      ['先量体温。', '多吃水果。', 'not-chosen', false, 1],
    ]);
  });
});

describe('the export of them', () => {
  const made = (allowed: 'all' | 'deidentified' | 'none') => {
    const saved: { order: SaveOrder; text: string }[] = [];
    const state = new TrainingExport({
      replies: async function* () {
        yield storyOf(reply);
        yield storyOf({ ...reply, turns: [{ role: 'doctor', text: '您好' }] });
      },
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

import { describe, expect, it } from 'vitest';
import type { DraftRequest, Turn } from '../../domain/contract/dialogue';
import type { ModelCard } from '../../domain/contract/model-card';
import { singleTurn } from '../../domain/contract/prompt-format';
import { chatFormat } from '../../library/prompt-formats';
import { cardWith, typedListCard } from '../extraction/card.fixture';
import { HostileModel } from '../extraction/hostile-model.fixture';
import { conversationTokens } from '../prompt/conversation';
import { planDraft } from './draft-plan';
import { draftTokens, exchangesOf } from './prompts';

const model = new HostileModel(2, 2400);
const card: ModelCard = {
  ...cardWith(typedListCard),
  promptFormat: singleTurn(chatFormat('chimed-readme')),
  capabilities: { schemas: [], attributes: [], tasks: ['dialogue'] },
};
const request: DraftRequest = {
  turns: [{ role: 'patient', text: '孩子发烧两天，对青霉素过敏吗' }],
  ...{ purpose: 'answer', tone: 'plain', length: 'short', askBack: true, candidates: 2 },
};
const plan = (change: Partial<DraftRequest> = {}) =>
  planDraft({ ...request, ...change }, { model, card });
const talk = (count: number): Turn[] =>
  Array.from({ length: count }, (_, at) => ({
    role: at % 2 === 0 ? 'patient' : 'doctor',
    text: `第${at}句`,
  }));
const longRecord = `${'既往体健，无特殊。'.repeat(200)}过敏史：青霉素过敏。${'查体无异常发现。'.repeat(200)}`;

describe('what drafts are made from', () => {
  it('costs what its parts cost, and no more than the context', () => {
    for (const change of [
      {},
      { turns: talk(9) },
      { turns: talk(500) },
      { record: { text: longRecord } },
      {
        turns: [...talk(498), ...request.turns],
        ...{ record: { text: longRecord }, length: 'long' as const },
      },
    ]) {
      const { prompt, preview } = plan(change);
      const { instructions, dialogue, record, answer, size } = preview.tokens;
      expect(instructions + dialogue + record).toBe(prompt.length);
      expect(instructions).toBeGreaterThan(50);
      expect(dialogue).toBeGreaterThan(0);
      expect(record > 0).toBe('record' in change);
      expect(answer).toBe(draftTokens[{ ...request, ...change }.length]);
      expect(prompt.length + answer).toBeLessThan(size);
    }
  });

  it('are all turns that fit: one more would not', () => {
    const turns = talk(499);
    const { preview, system } = plan({ turns });
    expect(preview.forgotten).toBeGreaterThan(300);
    const costOf = (from: number): number =>
      conversationTokens(model, card.promptFormat, {
        ...{ system, exchanges: exchangesOf(turns.slice(from)) },
      }).length;
    const capacity = 2400 - 1 - draftTokens.short;
    expect(costOf(preview.forgotten)).toBeLessThanOrEqual(capacity);
    expect(costOf(preview.forgotten - 1)).toBeGreaterThan(capacity);
    expect(plan({ turns: talk(9) }).preview.forgotten).toBe(0);
  });

  it('hold the turns before one that does not fit no more, and not what a doctor said last', () => {
    const turns: Turn[] = [
      { role: 'patient', text: '早' },
      { role: 'doctor', text: '好'.repeat(3000) },
      { role: 'patient', text: '发烧' },
      { role: 'doctor', text: '稍等' },
      { role: 'doctor', text: '就来' },
    ];
    expect(plan({ turns }).preview).toMatchObject({ forgotten: 2, trailing: 2 });
  });

  it('are a short record as a whole', () => {
    const text = '主诉：发热。\n过敏史：青霉素过敏。';
    const { preview, system } = plan({ record: { text } });
    expect(preview.parts?.whole).toBe(true);
    expect(system).toContain('主诉：发热。\n过敏史：青霉素过敏。');
    expect(plan().preview).toMatchObject({ parts: null, tokens: { record: 0 } });
  });

  it('are those sentences of a long record that the patient’s words are about, and these are told', () => {
    const { preview, system } = plan({ record: { text: longRecord } });
    const used = preview.parts?.used.map(({ start, end }) => longRecord.slice(start, end)) ?? [];
    expect(preview.parts?.whole).toBe(false);
    expect(used.some((words) => words.includes('青霉素过敏'))).toBe(true);
    expect(system).toContain(`\n${used.join('\n')}\n`);
    // Another record after it is another one.
    const other = plan({ record: { text: '过敏史：无。' } });
    expect(other.system).toContain('过敏史：无。');
  });

  it('always hold allergies and current drugs, whatever the patient speaks of', () => {
    const turns: Turn[] = [{ role: 'patient', text: '什么时候复诊' }];
    const text = longRecord.replace('过敏史', '现服用华法林2.5mg每日一次。过敏史');
    const { preview } = plan({ turns, record: { text } });
    const used = preview.parts?.used.map(({ start, end }) => text.slice(start, end)).join('\n');
    expect(used).toContain('过敏史：青霉素过敏。');
    expect(used).toContain('现服用华法林2.5mg每日一次。');
    expect(preview.parts?.whole).toBe(false);
  });

  it('may be nothing of a record that has nothing to do with what was said', () => {
    const text = 'abc def. '.repeat(600);
    const { preview } = plan({ record: { text } });
    expect(preview.parts).toEqual({ used: [], whole: false });
  });
});

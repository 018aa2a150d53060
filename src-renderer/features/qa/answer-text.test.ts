import { describe, expect, it } from 'vitest';
import type { ConversationNode } from '@domain/contract/conversation';
import { orderPlaceholder } from '@domain/rules/prescription/find-orders';
import { answerPieces, copiedText, textOf, withoutCitations } from './answer-text';
import { usage } from './host.fixture';

const quotes = [
  { text: '青霉素过敏。', start: 10, end: 16 },
  { text: '否认手术史。', start: 20, end: 26 },
];
const node: ConversationNode = {
  ...{ id: 'n', parent: null, question: '过敏史？', at: 1, state: 'answered', asked: [] },
  answer: {
    ...{ version: 1, answer: '对青霉素过敏。[1]未做过手术。[2]', basis: 'record', form: 'written' },
    ...{ sentences: [], quotes, confidence: 0.9, parts: null },
    model: { name: 'm', sha256: 'x' },
    usage,
  },
};
const words = {
  ...{ question: '问：', quotes: '引文：', notice: '未经医师核对' },
  more: (count: number) => `另有 ${count} 处`,
  place: ({ start, end }: { start: number; end: number }) => `(${start}-${end})`,
};

describe('an answer', () => {
  it('has a button where a sentence names its quotation, also while it is written', () => {
    expect(answerPieces('对青霉素过敏。[1]未做过[2', 2)).toEqual([
      { kind: 'text', text: '对青霉素过敏。' },
      { kind: 'cite', at: 0 },
      { kind: 'text', text: '未做过[2' },
    ]);
  });

  it('a number without a quotation is only words', () => {
    expect(answerPieces('见[3]和[0]', 2)).toEqual([{ kind: 'text', text: '见[3]和[0]' }]);
    expect(answerPieces('见[1]', 0)).toEqual([{ kind: 'text', text: '见[1]' }]);
  });

  it('without a record shows, copies and repeats no medication order, also not one that was stored', () => {
    const order = '可用布洛芬混悬液，每次5ml，每6小时一次。';
    const stored: ConversationNode = {
      ...node,
      state: 'partial',
      answer: undefined,
      written: order,
    };
    expect(textOf(stored)).toBe(`${orderPlaceholder}。`);
    expect(copiedText(stored, words)).not.toMatch(/布洛芬|5ml/);
    const asked = [{ recordId: 'r', textSha256: 's', chars: 9 }];
    expect(textOf({ ...stored, asked })).toBe(order);
  });

  it('is copied with its quotations, their places, and that nobody has confirmed it', () => {
    expect(copiedText(node, words)).toBe(
      [
        '问：过敏史？',
        '未经医师核对',
        '对青霉素过敏。[1]未做过手术。[2]',
        '引文：',
        '[1] 青霉素过敏。 (10-16)',
        '[2] 否认手术史。 (20-26)',
      ].join('\n'),
    );
  });

  it('is copied with the number of places that are not quoted', () => {
    const { answer } = node;
    const many = { ...node, ...(answer ? { answer: { ...answer, more: 3 } } : {}) };
    expect(copiedText(many, words).split('\n').at(-1)).toBe('另有 3 处');
  });

  it('that is quotations is not copied twice', () => {
    const { answer } = node;
    const quoted = {
      ...node,
      ...(answer ? { answer: { ...answer, form: 'quotations' as const } } : {}),
    };
    expect(copiedText(quoted, words)).not.toContain('未做过手术');
  });

  it('is told to a model later without the numbers of its quotations', () => {
    expect(withoutCitations('对青霉素过敏。[1]未做过手术。[2]')).toBe('对青霉素过敏。未做过手术。');
  });
});

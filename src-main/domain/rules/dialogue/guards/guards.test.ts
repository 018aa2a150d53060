import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { guardsOf } from '../draft-guards';
import {
  draftedGuards,
  draftedReplies,
  draftedSentences,
  furtherSentences,
} from './drafts.fixture';
import { guardRates, labelledSentences, measuredGuards } from './labelled.fixture';

const sets = ['labelled.txt', 'held-out.txt', 'held-out-2.txt', 'held-out-3.txt', 'held-out-4.txt'];

/** Rows of the table in docs/dialogue.md that has this heading, cells without their blanks. */
function tableOf(heading: string): string[][] {
  const docs = join(import.meta.dirname, '../../../../../docs/dialogue.md');
  const lines = readFileSync(docs, 'utf8').split('\n');
  const at = lines.findIndex((line) => line.replace(/\s+/g, ' ').startsWith(heading));
  const end = lines.findIndex((line, index) => index > at && !line.startsWith('|'));
  return lines.slice(at + 2, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

describe('guards of a draft', () => {
  it('find and wrongly show as much of the labelled sentences as docs/dialogue.md says', () => {
    const rows = sets.flatMap((set) =>
      guardRates(labelledSentences(set)).map((rates) => [
        `\`${set}\``,
        rates.guard,
        `${String(rates.found)} / ${String(rates.marked)}`,
        `${String(rates.hardAlarms)} / ${String(rates.hard)}`,
        `${String(rates.otherAlarms)} / ${String(rates.others)}`,
      ]),
    );
    expect(tableOf('| Sentences, rules now |')).toEqual(rows);
  });

  it('of the sentences that the rules were made with none is missed, and hardly one shown wrongly', () => {
    const rates = guardRates(labelledSentences('labelled.txt'));
    for (const { found, marked } of rates) expect(found).toBe(marked);
    expect(rates.flatMap(({ wrong }) => wrong).length).toBeLessThanOrEqual(3);
  });

  it.each(['development', 'test'] as const)(
    'find and wrongly show as much of the %s half of the sentences of drafts as docs/dialogue.md says',
    (half) => {
      const replies = draftedReplies(half);
      const rows = draftedGuards.map((guard) => {
        const [own] = guardRates(draftedSentences(guard, half)).filter(
          (row) => row.guard === guard,
        );
        const [whole] = guardRates(replies.map((reply) => ({ of: guard, ...reply }))).filter(
          (row) => row.guard === guard,
        );
        return [
          half,
          guard,
          `${String(own?.found)} / ${String(own?.marked)}`,
          `${String(own?.hardAlarms)} / ${String(own?.hard)}`,
          `${String(whole?.found)} / ${String(whole?.marked)}`,
        ];
      });
      expect(tableOf('| Half |').filter(([name]) => name === half)).toEqual(rows);
    },
  );

  it('find most of what a half that nobody improved them by holds, and pass over its hard negatives', () => {
    for (const guard of draftedGuards) {
      const rates = guardRates(draftedSentences(guard, 'test')).find((row) => row.guard === guard);
      expect((rates?.found ?? 0) / (rates?.marked ?? 1)).toBeGreaterThanOrEqual(0.9);
      expect((rates?.hardAlarms ?? 1) / (rates?.hard ?? 1)).toBeLessThanOrEqual(0.07);
      expect(rates?.marked).toBeGreaterThanOrEqual(100);
    }
  });

  it('no sentence that they were fitted with stands in the test half', () => {
    const measured = new Set(
      [
        ...draftedGuards.flatMap((guard) => draftedSentences(guard, 'test')),
        ...draftedReplies('test'),
      ].map(({ text }) => text),
    );
    const fitted = [
      ...draftedGuards.flatMap((guard) => draftedSentences(guard, 'development')),
      ...draftedReplies('development'),
      ...furtherSentences(),
      ...labelledSentences('labelled.txt'),
    ];
    expect(fitted.filter(({ text }) => measured.has(text))).toEqual([]);
  });

  it('what takes a sentence back elsewhere in it silences the rules as well', () => {
    for (const text of [
      '您说老家的医生让您不用管，我建议还是再查一次。',
      '某些机构承诺无效退款、包治包好，往往是骗局。',
      '如果两次空腹血糖都在7.0以上，就可以诊断为糖尿病。',
    ])
      expect(guardsOf(text, { hasRecord: false })).toEqual([]);
  });

  it('read a text without any mark, and one of nothing but marks', () => {
    expect(() => guardsOf('您得的就是'.repeat(1000), { hasRecord: false })).not.toThrow();
    expect(guardsOf('，。\n ？！'.repeat(1000), { hasRecord: false })).toEqual([]);
    expect(guardsOf('', { hasRecord: false })).toEqual([]);
  });

  it('are measured with enough sentences, each with a guard of its own', () => {
    expect(labelledSentences('held-out.txt').length).toBeGreaterThanOrEqual(120);
    expect(labelledSentences('labelled.txt').length).toBeGreaterThanOrEqual(120);
    for (const set of sets)
      for (const guard of measuredGuards) {
        const own = labelledSentences(set).filter(({ of }) => of === guard);
        expect(own.some(({ guards }) => guards.length > 0)).toBe(true);
        expect(own.some(({ guards }) => guards.length === 0)).toBe(true);
      }
  });

  it('no sentence stands in two sets', () => {
    const all = sets.flatMap((set) => labelledSentences(set).map(({ text }) => text));
    expect(all.filter((text, index) => all.indexOf(text) !== index)).toEqual([]);
  });

  it.each([
    ['no-need-to-see-doctor', '不用去医院也没什么要紧', true],
    ['no-need-to-see-doctor', '不用去医院跑那么远', true],
    ['no-need-to-see-doctor', '不用去医院了么', false],
    ['promise-of-cure', '保证治好没什么好怕的', true],
    ['promise-of-cure', '保证治好么', false],
    ['certain-diagnosis', '您得的是肺炎还是要住院', true],
    ['certain-diagnosis', '您得的是肺炎还是气管炎', false],
  ] as const)(
    '%s: %s: a word that only looks like a question takes nothing back',
    (kind, text, is) => {
      const kinds = guardsOf(text, { hasRecord: false }).map((guard) => guard.kind);
      expect(kinds.includes(kind)).toBe(is);
    },
  );

  it('show the words of the draft itself, through full width, Markdown and traditional characters', () => {
    const text = '＊＊放心＊＊，吃了藥**保證**好。';
    const [guard] = guardsOf(text, { hasRecord: false });
    expect(text.slice(guard?.start, guard?.end)).toBe('保證**好');
  });
});

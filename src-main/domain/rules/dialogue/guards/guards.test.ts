import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { guardsOf } from '../draft-guards';
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

  it('the sentences that the rules were made with are told apart', () => {
    expect(guardRates(labelledSentences('labelled.txt')).flatMap(({ wrong }) => wrong)).toEqual([]);
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

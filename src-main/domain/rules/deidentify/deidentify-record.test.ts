import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { ExportedFact, ExportedRecord } from '../../contract/export';
import { CasePseudonyms, deidentifyRecord, type DeidentifiedExport } from './deidentify-record';
import { findIdentifiers } from './find-identifiers';

const text =
  '姓名：张建国，男，住院号：00384512。\n2023年3月5日因胸闷入院，次日行冠脉造影，3月8日复查。\n张建国否认糖尿病。';

function fact(words: string, more: Partial<ExportedFact> = {}): ExportedFact {
  const start = text.indexOf(words);
  const end = start + words.length;
  return {
    ...{ id: words, kind: 'mention', type: '症状', text: words, start, end },
    evidence: [{ text: words, start, end }],
    ...{ attributes: {}, confidence: 0.5, standing: 'accepted', ...more },
  };
}

function record(facts: ExportedFact[]): ExportedRecord {
  return {
    ...{ id: 'a', source: '张建国.txt', caseId: '00384512', text, deidentified: false },
    textSha256: 'original',
    status: 'completed',
    run: { schema: 's', model: { name: 'm', sha256: 'a' }, strategy: 'x', settings: {} },
    facts,
    sections: [
      {
        name: '现病史',
        start: text.indexOf('2023'),
        end: text.length,
        body: text.indexOf('因胸闷'),
      },
    ],
    confirmation: {
      ...{ by: 'user-1', name: '王医师', title: '主治医师', at: 1 },
      contentSha256: 'c'.repeat(64),
      signature: 'd'.repeat(128),
    },
  };
}

const sha256 = (words: string): string => createHash('sha256').update(words).digest('hex');
const clear = (facts: ExportedFact[], shiftDays?: number): DeidentifiedExport =>
  deidentifyRecord(record(facts), {
    identifiers: findIdentifiers(text),
    ...(shiftDays === undefined ? {} : { shiftDays }),
    caseId: 'case-0001',
    sha256,
  });

describe('a record without what identifies', () => {
  test('every fact, its evidence and every section stands on its words in the new text', () => {
    const made = clear(['胸闷', '冠脉造影', '糖尿病'].map((words) => fact(words)));
    expect(made.maskedFacts).toBe(0);
    const { record: one } = made;
    for (const { text: words, start, end, evidence } of one.facts) {
      expect(one.text?.slice(start ?? 0, end ?? 0)).toBe(words);
      expect(evidence).toEqual([{ text: words, start, end }]);
    }
    const [section] = one.sections ?? [];
    expect(one.text?.slice(section?.body, (section?.body ?? 0) + 3)).toBe('因胸闷');
    expect(section?.end).toBe(one.text?.length);
  });

  test('holds nothing that leads back: text, hash, case, file, name of the doctor, signature', () => {
    const made = clear([fact('胸闷')]);
    const json = JSON.stringify(made.record);
    expect(json).not.toMatch(/张建国|00384512|2023|王医师|主治医师|original|cccc|dddd/);
    expect(made.record).toMatchObject({
      ...{ deidentified: true, caseId: 'case-0001' },
      textSha256: sha256(made.record.text ?? ''),
      confirmation: { by: 'user-1', at: 1 },
    });
    expect(made.counts).toMatchObject({ name: 2, 'hospital-number': 1 });
  });

  test('a fact that is a part of an identifier is left out and counted', () => {
    const made = clear([fact('张建国'), fact('建国'), fact('00384512'), fact('胸闷')]);
    expect(made.record.facts.map((one) => one.text)).toEqual(['胸闷']);
    expect(made.maskedFacts).toBe(3);
  });

  test('a fact around an identifier keeps what is left of it', () => {
    const made = clear([fact('胸闷入院，次日行冠脉造影，3月8日复查')]);
    expect(made.record.facts[0]?.text).toMatch(/^胸闷入院，次日行冠脉造影，【日期\d】复查$/);
  });

  test('a normalised date never stays, not even where its words name no date', () => {
    const facts = [fact('次日', { kind: 'field', value: '2023-03-06' })];
    expect(clear(facts).record.facts[0]).not.toHaveProperty('value');
    const [shifted] = clear(facts, 40).record.facts;
    expect(shifted).toMatchObject({ text: '次日', value: '2023-04-15' });
    expect(clear([fact('胸闷', { value: true })]).record.facts[0]?.value).toBe(true);
    expect(clear([fact('胸闷', { value: '2023' })], 40).record.facts[0]?.value).not.toBe(undefined);
  });

  test('a shifted date is a fact like any other', () => {
    const made = clear([fact('2023年3月5日', { value: '2023-03-05' })], 40);
    expect(made.record.facts[0]).toMatchObject({ text: '2023年4月14日', value: '2023-04-14' });
  });

  test('without its text nothing is de-identified by guess', () => {
    const blind = record([fact('胸闷')]);
    delete blind.text;
    expect(() => deidentifyRecord(blind, { identifiers: [], sha256 })).toThrow(
      expect.objectContaining({ code: 'EXPORT_TEXT_MISSING' }) as Error,
    );
  });
});

test('cases are called in the order in which they come, the same one the same', () => {
  const names = new CasePseudonyms();
  expect(['甲', '乙', '甲'].map((caseId) => names.of(caseId))).toEqual([
    'case-0001',
    'case-0002',
    'case-0001',
  ]);
});

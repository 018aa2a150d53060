/** Questions about records: the data of ours, and what is counted. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findSections } from '../domain/rules/sections';
import { cardWith, markedCopyCard } from '../tasks/extraction/card.fixture';
import { HostileModel } from '../tasks/extraction/hostile-model.fixture';
import {
  evaluateGrounding,
  groundingReport,
  isSupported,
  type Outcome,
} from './grounding-evaluation';
import { readRecordQuestions, type RecordQuestion } from './record-questions';

const data = join(import.meta.dirname, '..', '..', 'resources', 'evaluation', 'record-qa.json');
const { signal } = new AbortController();
let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'chimed-grounding-'))));
afterAll(async () => rm(folder, { recursive: true, force: true }));

describe('our records with questions', () => {
  it('are enough of them, and every answer stands in its record word for word', async () => {
    const questions = await readRecordQuestions(data, 'all');
    expect(new Set(questions.map(({ text }) => text)).size).toBeGreaterThanOrEqual(12);
    expect(questions.length).toBeGreaterThanOrEqual(150);
    expect(questions.filter(({ answer }) => answer.length === 0).length).toBeGreaterThanOrEqual(60);
    expect(questions.filter(({ nearMiss }) => nearMiss).length).toBeGreaterThanOrEqual(30);
    for (const { text, answer } of questions)
      for (const words of answer) expect([words, text.includes(words)]).toEqual([words, true]);
    expect(new Set(questions.map((one) => `${one.record} ${one.question}`)).size).toBe(
      questions.length,
    );
  });

  it('no record serves both for fitting and for reporting', async () => {
    const records = async (split: 'dev' | 'test'): Promise<Set<string>> =>
      new Set((await readRecordQuestions(data, split)).map(({ text }) => text));
    const [dev, test] = [await records('dev'), await records('test')];
    expect([...dev].filter((text) => test.has(text))).toEqual([]);
    expect(Math.min(dev.size, test.size)).toBeGreaterThanOrEqual(5);
  });

  it.each([
    ['{', 0, 'JSON'],
    ['{"version":2}', 0, 'version'],
    [fileOf({ answer: ['青霉素类'] }), 1, 'answer'],
    [fileOf({ record: 'b' }), 1, 'record'],
    [fileOf({ nearMiss: true }), 1, 'nearMiss'],
    [fileOf({ question: '' }), 1, 'questions.question'],
    [fileOf({ question: ' ' }), 1, 'questions.question'],
    [fileOf({ question: '问'.repeat(4001) }), 1, 'questions.question'],
    [fileOf({}, { text: ' ' }), 0, 'records.text'],
    [
      fileOf({}, {}, [{ id: 'a', kind: '出院小结', split: 'dev', text: '另一份。' }]),
      0,
      'records.id',
    ],
    [Buffer.from('7b22d0d8cdb4227d', 'hex'), 0, 'UTF-8'],
  ])(
    'what is wrong in a file is named by its question and field: %#',
    async (text, line, field) => {
      const path = join(folder, 'data.json');
      await writeFile(path, text);
      await expect(readRecordQuestions(path, 'all')).rejects.toMatchObject({
        code: 'DATASET_LINE_INVALID',
        params: { line, field },
      });
    },
  );
});

function fileOf(question: object, record: object = {}, others: readonly object[] = []): string {
  return JSON.stringify({
    version: 1,
    source: 'test',
    records: [
      { id: 'a', kind: '门诊病历', split: 'dev', text: '青霉素过敏。血压120/80。', ...record },
      ...others,
    ],
    questions: [
      { record: 'a', kind: 'allergy', question: '对什么过敏', answer: ['青霉素'], ...question },
    ],
  });
}

const text = '青霉素过敏。血压120/80。';
const asked = (given: Partial<RecordQuestion> = {}): RecordQuestion => ({
  number: 1,
  text,
  record: 'a',
  kind: 'allergy',
  question: '对什么过敏',
  answer: ['青霉素'],
  nearMiss: false,
  ...given,
});
const quote = (start: number, end: number, words = text.slice(start, end)) => ({
  start,
  end,
  text: words,
});

describe('what is counted', () => {
  const none = asked({ answer: [], kind: 'vitals' });
  const outcomes: Outcome[] = [
    { question: asked(), quotes: [quote(0, 6)], cites: [0], outcome: 'answered' },
    { question: asked(), quotes: [quote(6, 15)], cites: [0], outcome: 'answered' },
    { question: asked(), quotes: [], cites: [], outcome: 'abstained' },
    { question: asked(), quotes: [], cites: [], outcome: 'too-long' },
    { question: none, quotes: [quote(0, 6)], cites: [0], outcome: 'answered' },
    { question: none, quotes: [], cites: [], outcome: 'abstained' },
    { question: { ...none, nearMiss: true }, quotes: [], cites: [], outcome: 'abstained' },
  ];
  const about = { threshold: 0.5, model: { name: 'm', sha256: '0' } };

  it('support is of all that have an answer, abstention of what was and should have been left', () => {
    const report = groundingReport(outcomes, about);
    expect(report.support).toMatchObject({ right: 1, asked: 4 });
    expect(report.supportOfAnswered).toMatchObject({ right: 1, asked: 3 });
    expect(report.abstentionPrecision).toMatchObject({ right: 2, asked: 3 });
    expect(report.abstentionRecall).toMatchObject({ right: 2, asked: 3 });
    expect(report.nearMissRecall).toMatchObject({ right: 1, asked: 1 });
    expect(report.citationExactness).toMatchObject({ right: 6, asked: 6 });
    expect(report).toMatchObject({ questions: 7, tooLong: 1, meanQuotes: 1 });
    expect(report.kinds['vitals']?.abstentionRecall).toMatchObject({ right: 2, asked: 3 });
    expect(report.kinds['allergy']?.support).toMatchObject({ right: 1, asked: 4 });
  });

  it('a quotation that is not the record at its place, and a citation of none, are not exact', () => {
    const report = groundingReport(
      [
        {
          question: asked(),
          quotes: [quote(0, 6, '头孢类过敏。')],
          cites: [0],
          outcome: 'answered',
        },
        { question: asked(), quotes: [quote(0, 6)], cites: [1], outcome: 'answered' },
      ],
      about,
    );
    expect(report.citationExactness).toMatchObject({ right: 2, asked: 4 });
    expect(report.support.right).toBe(2);
  });

  it('an answer of two parts needs both', () => {
    const question = asked({ answer: ['青霉素', '120/80'] });
    expect(isSupported(question, [quote(0, 6)])).toBe(false);
    expect(isSupported(question, [quote(0, 6), quote(6, 15)])).toBe(true);
    expect(isSupported(asked({ answer: [] }), [quote(0, 6)])).toBe(false);
  });
});

describe('answers that are quotations, on the records that served for nothing else', () => {
  it('are exact, and as good as docs/qa.md says', async () => {
    const report = await evaluateGrounding(await readRecordQuestions(data, 'test'), {
      // Whatever it says: these answers come from search alone.
      model: new HostileModel(1, 2400),
      card: cardWith(markedCopyCard),
      signal,
      threshold: 0.5,
      findSections,
    });
    expect(report.citationExactness.value).toBe(1);
    expect(report.citationExactness.asked).toBeGreaterThan(50);
    expect(report.support.value).toBeGreaterThanOrEqual(0.7);
    expect(report.abstentionRecall.value).toBeGreaterThanOrEqual(0.7);
  });
});

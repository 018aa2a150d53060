/** `chimed eval ner` as a person starts it: a process of its own, with a model that recites. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scriptedAnswer, testModel } from '../../e2e/fixtures/test-models';
import { nerReportSchema } from '../domain/contract/evaluation';
import { readModelCard } from '../library/model-card';
import { builtProgram } from './program.fixture';

const chimed = builtProgram();
const evalNer = (args: readonly string[], interruptAt?: RegExp) =>
  chimed(['eval', 'ner', '--threads', '1', ...args], { interruptAt });

/** What the model says of every record, each word of it once. */
const answer = scriptedAnswer.split('\n').flatMap((line) => {
  const [type = '', values = ''] = line.split('：');
  return values.split('；').map((words) => ({ type, words }));
});
/** Holds each of those words once, and characters of two UTF-16 units. */
const text = `🩺本病房患者𠮷某，${answer.map(({ words }) => words).join('，')}。`;

let folder: string;
let model: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-eval-'));
  model = await testModel('scripted');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function place(words: string): { start: number; end: number } {
  const at = text.indexOf(words);
  if (at < 0) throw new Error(words);
  const start = [...text.slice(0, at)].length;
  return { start, end: start + [...words].length };
}
const native = (type: string, words: string) => ({ type, ...place(words), text: words });
const ccks = (label_type: string, words: string) => {
  const { start, end } = place(words);
  return { label_type, start_pos: start, end_pos: end, overlap: 0 };
};

async function dataWith(...lines: unknown[]): Promise<string> {
  const path = join(folder, 'data.jsonl');
  await writeFile(path, lines.map((line) => JSON.stringify(line)).join('\n'));
  return path;
}

describe('three records in two layouts', () => {
  let data: string;
  beforeAll(async () => {
    data = await dataWith(
      { text, entities: answer.map(({ type, words }) => native(type, words)) },
      {
        originalText: text,
        entities: [
          ...answer
            .filter(({ words }) => words !== '2型糖尿病' && words !== '阿司匹林肠溶片')
            .map(({ type, words }) => ccks(type, words)),
          // Other ends, another type, and words that the model does not find.
          ccks('疾病和诊断', '糖尿病，'),
          ccks('手术', '阿司匹林肠溶片'),
          ccks('解剖部位', '病房'),
          // Not in the six types.
          ccks('症状', '患者'),
        ],
      },
      {
        text,
        entities: [
          { type: '药物', start: 0, end: 100_000 },
          { type: '药物', start: 0, end: 2, text: '呋塞米' },
        ],
      },
    );
  });

  it('scores are those computed by hand, and the object has exactly these keys', async () => {
    const { code, out, err } = await evalNer([
      '--data',
      data,
      '--schema',
      'ccks2019',
      '--model',
      model,
      '--format',
      'json',
    ]);
    expect([code, err.split('\n')]).toEqual([0, [expect.stringContaining('3 records'), '']]);
    const card = await readModelCard(model);
    const { seconds, recordsPerMinute, calibration, latency, tokens, ...report } =
      nerReportSchema.parse(JSON.parse(out));
    expect(calibration.facts).toBe(48);
    expect(
      calibration.bins.reduce((sum, bin) => sum + bin.facts * (bin.right ?? 0), 0),
    ).toBeCloseTo(30);
    expect(latency?.median).toBeGreaterThan(0);
    expect(tokens.decoded).toBeGreaterThan(0);
    expect(seconds).toBeGreaterThan(0);
    expect(recordsPerMinute).toBeGreaterThan(0);

    // The answer has 16 mentions: 5 diseases, 3 imaging, 3 laboratory, 1 operation, 2 drugs, 2 sites.
    // Found: 16 in each of three records. Annotated: 16; then 17 (one drug has become an operation,
    // one site more); then none, because both are defects.
    // Right: 16; then 14 (not 糖尿病，, not the operation, not the site); then 0.
    const of = (right: number, found: number, support: number) => ({
      precision: right / found,
      recall: right / support,
      f1: (2 * right) / (found + support),
      support,
    });
    const strict = {
      疾病和诊断: of(9, 15, 10),
      影像检查: of(6, 9, 6),
      实验室检验: of(6, 9, 6),
      手术: of(2, 3, 3),
      药物: of(3, 6, 3),
      解剖部位: of(4, 6, 5),
    };
    expect(report).toEqual({
      version: 1,
      schema: 'ccks2019',
      labels: 'ccks2019',
      unscored: [],
      records: 3,
      incomplete: 0,
      defects: 2,
      strict: { micro: { precision: 30 / 48, recall: 30 / 33, f1: 60 / 81 }, types: strict },
      // 糖尿病， shares characters with 2型糖尿病: one more.
      relaxed: {
        micro: { precision: 31 / 48, recall: 31 / 33, f1: 62 / 81 },
        types: { ...strict, 疾病和诊断: of(10, 15, 10) },
      },
      confusion: {
        types: Object.keys(strict),
        matrix: [
          [10, 0, 0, 0, 0, 0],
          [0, 6, 0, 0, 0, 0],
          [0, 0, 6, 0, 0, 0],
          // The drug that was annotated as an operation.
          [0, 0, 0, 2, 1, 0],
          [0, 0, 0, 0, 3, 0],
          [0, 0, 0, 0, 0, 4],
        ],
        missed: [0, 0, 0, 0, 0, 1],
        // What was found in the record whose annotations are defects.
        spurious: [5, 3, 3, 1, 2, 2],
      },
      ungrounded: 0,
      offsetErrors: 0,
      model: { name: card?.name, sha256: card?.sha256 },
    });
  });

  it('without a format it is a table, of as many records as were asked for', async () => {
    const { code, out } = await evalNer([
      '--data',
      data,
      '--schema',
      'ccks2019',
      '--model',
      model,
      '--limit',
      '1',
    ]);
    expect(code).toBe(0);
    expect(out).toContain('Records: 1,');
    expect(out.match(/^Diagnosis +1\.0000 +1\.0000 +1\.0000 +5$/gm)).toHaveLength(2);
    expect(out.match(/^All \(micro\) +1\.0000 +1\.0000 +1\.0000 +16$/gm)).toHaveLength(2);
  });
});

describe('what stops it prints no scores', () => {
  const args = (data: string) => ['--data', data, '--schema', 'ccks2019', '--model', model];

  it('labels that no mapping knows are named; a mapping of a person makes them known', async () => {
    const data = await dataWith({
      text,
      entities: [native('med', '呋塞米'), native('gene', '患者')],
    });
    const refused = await evalNer(args(data));
    expect([refused.code, refused.out]).toEqual([1, '']);
    expect(refused.err).toContain('DATASET_LABELS_UNKNOWN');
    expect(refused.err).toContain('med, gene');

    const labels = join(folder, 'mine.json');
    await writeFile(
      labels,
      JSON.stringify({ version: 1, source: 'test', labels: { med: '药物', gene: null } }),
    );
    const { code, out } = await evalNer([...args(data), '--labels', labels, '--format', 'json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      labels: 'mine',
      // 1 of the 2 drugs found is annotated.
      strict: { types: { 药物: { precision: 1 / 2, recall: 1, support: 1 } } },
    });
  });

  it('a bad line is named before the model is loaded, without its words', async () => {
    const data = await dataWith({ text, entities: [] }, { text: '患者张某', entities: '无' });
    const { code, out, err } = await evalNer([
      '--data',
      data,
      '--schema',
      'ccks2019',
      '--model',
      'gone',
    ]);
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/DATASET_LINE_INVALID.*line=2 field=entities/);
    expect(err).not.toContain('张某');
  });

  it('an interruption ends with 130 and says so', async () => {
    const data = await dataWith(...Array.from({ length: 500 }, () => ({ text, entities: [] })));
    const { code, out, err } = await evalNer([...args(data), '--format', 'json'], /500 records/);
    expect([code, out]).toEqual([130, '']);
    expect(err).toContain('interrupted');
  });

  it('wrong usage ends with 2', async () => {
    for (const wrong of [
      ['--schema', 'ccks2019'],
      ['--data', 'x'],
      [...args('x'), '--limit', '0'],
    ]) {
      const { code, out } = await evalNer(wrong);
      expect([wrong, code, out]).toEqual([wrong, 2, '']);
    }
  });
});

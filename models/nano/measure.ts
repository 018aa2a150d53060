/**
 * Measures the shipped file with the program's own evaluation and writes the scores into its card:
 * `npx tsx models/nano/measure.ts --data DATA`, after `samples.ts`. DATA is the folder of the public sets.
 * With `--check` nothing is written, and it fails where the card says anything else.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { annotationSchema } from '../../src-main/domain/contract/annotation-schema';
import { modelCardSchema, type ModelCard } from '../../src-main/domain/contract/model-card';
import { readLabelMapping } from '../../src-main/evaluation/label-mapping';
import { labelledRecords, type LabelledRecord } from '../../src-main/evaluation/labelled-records';
import { evaluateNer } from '../../src-main/evaluation/ner-evaluation';
import { cardPathOf } from '../../src-main/library/model-card';
import { extract } from '../../src-main/tasks/extraction/extract';
import { loadShipped, shippedPath } from './shipped';

interface MeasuredSet {
  /** Of the public sets, or made from them for this measurement. */
  readonly folder: 'data' | 'made';
  readonly file: string;
  readonly schema: 'ccks2019' | 'ccks2019-symptom';
  readonly on: { readonly 'zh-CN': string; readonly en: string };
  /** Lines that are left out. */
  readonly without?: readonly number[];
  /** Whether the card also has the relaxed score and those of each type. */
  readonly detailed?: boolean;
}

const test = 'cehrner.test.jsonl';
const symptom = 'ccks2019-symptom';
const sets: readonly MeasuredSet[] = [
  {
    folder: 'data',
    file: test,
    schema: symptom,
    on: { 'zh-CN': 'cEHRNER 测试集', en: 'cEHRNER test' },
    detailed: true,
  },
  {
    folder: 'data',
    file: test,
    schema: symptom,
    on: {
      'zh-CN': 'cEHRNER 测试集，去掉与训练病历相近的 3 份',
      en: 'cEHRNER test without 3 records akin to training records',
    },
    // Those of which reports/overlap.json finds most in training text.
    without: [1, 26, 37],
  },
  {
    folder: 'made',
    file: 'cehrner.test.ordinary.jsonl',
    schema: symptom,
    on: { 'zh-CN': 'cEHRNER 测试集，改为常规书写', en: 'cEHRNER test in ordinary writing' },
  },
  {
    folder: 'data',
    file: 'cehrner.dev.jsonl',
    schema: symptom,
    on: { 'zh-CN': 'cEHRNER 开发集', en: 'cEHRNER dev' },
  },
  {
    folder: 'data',
    file: test,
    schema: 'ccks2019',
    on: { 'zh-CN': 'cEHRNER 测试集', en: 'cEHRNER test' },
  },
];

type Scores = NonNullable<ModelCard['scores']>;

const { values } = parseArgs({
  options: { data: { type: 'string' }, check: { type: 'boolean', default: false } },
});
const { data, check } = values;
if (!data) throw new Error('--data DATA [--check]');
const root = join(import.meta.dirname, '..', '..');
const { model, card } = await loadShipped();
const mapping = await readLabelMapping(join(root, 'resources', 'labels', 'ccks2019.json'));
const { signal } = new AbortController();

const made = await mkdtemp(join(tmpdir(), 'chimed-measure-'));
const recipe = join(import.meta.dirname, 'run.py');
await promisify(execFile)('python3', ['-B', recipe, 'rewrite', '--data', data, '--work', made]);

async function* recordsOf(set: MeasuredSet): AsyncGenerator<LabelledRecord> {
  const folder = set.folder === 'data' ? (data as string) : made;
  for await (const record of labelledRecords(join(folder, set.file), { signal })) {
    if (!set.without?.includes(record.line)) yield record;
  }
}

const scores: Scores = [];
const rounded = (value: number): number => Math.round(value * 1000) / 1000;
for (const set of sets) {
  const report = await evaluateNer(recordsOf(set), {
    model: { name: card.name, sha256: card.sha256 },
    extract: (text) => extract({ text, schema: set.schema }, { model, card, signal }),
    schema: set.schema,
    mapping,
  });
  const { strict, relaxed } = report;
  const types = annotationSchema(set.schema).types;
  const micro = (zh: string, en: string): Scores[number]['metric'] => ({
    'zh-CN': `${zh}微平均 F1，${types.length} 类`,
    en: `${en} micro-F1, ${types.length} types`,
  });
  scores.push({ metric: micro('严格', 'strict'), on: set.on, value: rounded(strict.micro.f1) });
  if (set.detailed) {
    scores.push({ metric: micro('宽松', 'relaxed'), on: set.on, value: rounded(relaxed.micro.f1) });
    const ordered = types
      .map(({ id, english }) => ({ id, english, f1: strict.types[id]?.f1 ?? 0 }))
      .sort((a, b) => b.f1 - a.f1);
    for (const { id, english, f1 } of ordered) {
      const metric = { 'zh-CN': `严格 F1，${id}`, en: `strict F1, ${english}` };
      scores.push({ metric, on: set.on, value: rounded(f1) });
    }
  }
  const { precision, recall, f1 } = strict.micro;
  console.log(
    [
      set.on.en,
      set.schema,
      `records ${report.records}, strict ${f1.toFixed(4)} (P ${precision.toFixed(4)}`,
      `R ${recall.toFixed(4)}), relaxed ${relaxed.micro.f1.toFixed(4)}`,
      `ungrounded ${report.ungrounded}, misplaced ${report.offsetErrors}`,
      `${report.recordsPerMinute} records/min`,
    ].join('; '),
  );
}
await model.dispose();
await rm(made, { recursive: true });

const samples = await readFile(join(import.meta.dirname, 'SAMPLES.md'), 'utf8');
const sampleScore = /Strict F1 (\d\.\d{3})/.exec(samples)?.[1];
if (!samples.includes(card.sha256.slice(0, 12)) || sampleScore === undefined) {
  throw new Error('SAMPLES.md is not of this file: run samples.ts first');
}
scores.push({
  metric: { 'zh-CN': '严格微平均 F1，7 类', en: 'strict micro-F1, 7 types' },
  on: {
    'zh-CN': '自编 30 段样例（models/nano/SAMPLES.md）',
    en: '30 samples of ours (models/nano/SAMPLES.md)',
  },
  value: Number(sampleScore),
});
const written = modelCardSchema.parse({ ...card, scores });
if (check) {
  if (JSON.stringify(written.scores) !== JSON.stringify(card.scores)) {
    console.error('The card says something else: run it without --check.');
    process.exitCode = 1;
  }
} else await writeFile(cardPathOf(shippedPath), `${JSON.stringify(written, null, 2)}\n`);

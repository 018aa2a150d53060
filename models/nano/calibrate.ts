/**
 * Fits the confidences of the shipped file to being right, and writes the scale into its card:
 * `npx tsx models/nano/calibrate.ts --data DATA`, where DATA is the folder of the public sets. It is
 * fitted on cEHRNER's dev set; what it does to the test set is printed and decides nothing.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { modelCardSchema, type ModelCard } from '../../src-main/domain/contract/model-card';
import { fitCalibration, type Judged } from '../../src-main/evaluation/fit-calibration';
import { CalibrationMeter } from '../../src-main/evaluation/calibration';
import { readLabelMapping } from '../../src-main/evaluation/label-mapping';
import { labelledRecords } from '../../src-main/evaluation/labelled-records';
import { evaluateNer } from '../../src-main/evaluation/ner-evaluation';
import { cardPathOf } from '../../src-main/library/model-card';
import { calibrated } from '../../src-main/tasks/extraction/calibrated';
import { extract } from '../../src-main/tasks/extraction/extract';
import { loadShipped, shippedPath } from './shipped';

const schema = 'ccks2019-symptom';
const { data } = parseArgs({ options: { data: { type: 'string' } } }).values;
if (!data) throw new Error('--data DATA');
const root = join(import.meta.dirname, '..', '..');
const mapping = await readLabelMapping(join(root, 'resources', 'labels', 'ccks2019.json'));
const { model, card } = await loadShipped();
const { signal } = new AbortController();
/** Its confidences are the model's own. */
const plain: ModelCard = {
  ...card,
  strategies: card.strategies.map((strategy) => ({ ...strategy, calibration: undefined })),
};

async function judgedOf(file: string): Promise<Judged[]> {
  const judged: Judged[] = [];
  await evaluateNer(labelledRecords(join(data as string, file), { signal }), {
    model: { name: card.name, sha256: card.sha256 },
    extract: (text) => extract({ text, schema }, { model, card: plain, signal }),
    schema,
    mapping,
    onConfidence: (confidence, isRight) => judged.push({ confidence, isRight }),
  });
  return judged;
}

const judged = await judgedOf('cehrner.dev.jsonl');
const fitted = fitCalibration(judged);
if (!fitted) throw new Error('no scale can be fitted');
const rounded = (value: number): number => Math.round(value * 1000) / 1000;
const scale = { slope: rounded(fitted.slope), intercept: rounded(fitted.intercept) };

for (const file of ['cehrner.dev.jsonl', 'cehrner.test.jsonl']) {
  const facts = file.includes('dev') ? judged : await judgedOf(file);
  for (const [name, used] of [
    ['own probabilities', undefined],
    ['calibrated', scale],
  ] as const) {
    const meter = new CalibrationMeter();
    for (const { confidence, isRight } of facts) meter.add(calibrated(confidence, used), isRight);
    const { brier, ece, facts: count } = meter.calibration();
    console.log(
      `${file}; ${name}; facts ${count}, Brier ${brier?.toFixed(4)}, ECE ${ece?.toFixed(4)}`,
    );
  }
}
await model.dispose();

const source = {
  'zh-CN': `cEHRNER 开发集，${judged.length} 条抽取结果，以类型和起止位置全部相同为正确`,
  en: `cEHRNER dev, ${judged.length} facts, right where type, start and end are the same`,
};
const [first, ...others] = card.strategies;
const written = modelCardSchema.parse({
  ...card,
  strategies: [{ ...first, calibration: { ...scale, source } }, ...others],
});
await writeFile(cardPathOf(shippedPath), `${JSON.stringify(written, null, 2)}\n`);
console.log(JSON.stringify(scale));

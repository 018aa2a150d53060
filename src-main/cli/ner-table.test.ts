import { expect, it } from 'vitest';
import type { NerReport } from '../domain/contract/evaluation';
import { CalibrationMeter } from '../evaluation/calibration';
import { SpanScorer } from '../evaluation/span-scores';
import { ConfusionCounter } from '../evaluation/type-confusion';
import { nerTable } from './ner-table';
import { displayWidth } from './table';

const scorer = new SpanScorer(['疾病和诊断', '药物']);
scorer.add(
  [
    { type: '药物', start: 0, end: 2 },
    { type: '药物', start: 4, end: 6 },
  ],
  [{ type: '药物', start: 0, end: 2 }],
);
const confusion = new ConfusionCounter(['疾病和诊断', '药物']);
confusion.add(
  [
    { type: '药物', start: 0, end: 2 },
    { type: '药物', start: 4, end: 6 },
  ],
  [{ type: '疾病和诊断', start: 0, end: 2 }],
);
const calibration = new CalibrationMeter();
calibration.add(0.95, true);
const report: NerReport = {
  version: 1,
  schema: 'ccks2019',
  labels: 'cmedqaner',
  unscored: [],
  records: 1200,
  incomplete: 1,
  defects: 2,
  strict: scorer.strict(),
  relaxed: scorer.relaxed(),
  confusion: confusion.confusion(),
  calibration: calibration.calibration(),
  latency: { median: 12.5, p95: 30, max: 1400 },
  tokens: { prompt: 1000, reused: 400, decoded: 900 },
  ungrounded: 0,
  offsetErrors: 0,
  seconds: 12.345,
  recordsPerMinute: 5832.6,
  model: { name: 'nano', sha256: 'abcdef0123456789'.repeat(4) },
};

it('the columns stand below each other in a terminal, in both languages', () => {
  for (const locale of ['zh-CN', 'en'] as const) {
    const rows = nerTable(report, locale)
      .split('\n')
      .filter((line) => /\bF1\b|(\d\.\d{4} +){3}/.test(line));
    // Head, two types and the sum, strict and relaxed.
    expect(rows).toHaveLength(8);
    expect(new Set(rows.map(displayWidth)).size).toBe(1);
  }
  // Two columns a Chinese character or full-width mark, one a letter.
  expect(displayWidth('合计（微平均）')).toBe(14);
  expect(displayWidth('F1 药物')).toBe(7);
});

it('says what was taken for what, how far the confidence can be believed, and what it cost', () => {
  const zh = nerTable(report, 'zh-CN');
  expect(zh).toMatch(/^标注＼抽取 +疾病和诊断 +药物 +漏掉$/m);
  expect(zh).toMatch(/^药物 +1 +0 +1$/m);
  expect(zh).toMatch(/^0\.9-1\.0 +1 +0\.950 +1\.000$/m);
  expect(zh).toContain('布里尔分 0.0025');
  expect(zh).toContain('最长 1,400 毫秒');
  expect(nerTable(report, 'en')).toContain('1,000 of prompts (400 reused), 900 decoded');
  const calibrated = { ...report, calibration: new CalibrationMeter().calibration() };
  expect(nerTable(calibrated, 'en')).not.toContain('Calibration');
});

it('types that nobody annotated are named', () => {
  const some = nerTable({ ...report, unscored: ['手术'] }, 'zh-CN');
  expect(some).toContain('不评分的类型：手术');
  expect(nerTable({ ...report, unscored: ['手术'] }, 'en')).toContain('not scored: Operation');
});

it('a table holds what was measured, in words of the language', () => {
  const zh = nerTable(report, 'zh-CN');
  // P = 1/1, R = 1/2, F1 = 2/3.
  expect(zh).toMatch(/^药物 +1\.0000 +0\.5000 +0\.6667 +2$/m);
  expect(zh).toMatch(/^合计（微平均） +1\.0000 +0\.5000 +0\.6667 +2$/m);
  expect(zh).toContain('病历 1,200 份');
  const en = nerTable(report, 'en');
  expect(en).toMatch(/^Drug +1\.0000 +0\.5000 +0\.6667 +2$/m);
  expect(en).toContain('nano (SHA-256 abcdef012345…)');
  expect(en).not.toMatch(/\p{Script=Han}/u);
});

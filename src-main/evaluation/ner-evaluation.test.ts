import { describe, expect, it } from 'vitest';
import { extract } from '../tasks/extraction/extract';
import { cardWith, markedCopyCard } from '../tasks/extraction/card.fixture';
import { HostileModel } from '../tasks/extraction/hostile-model.fixture';
import { nerReportSchema } from '../domain/contract/evaluation';
import type { ExtractionResult } from '../domain/contract/extraction';
import type { Fact } from '../domain/contract/fact';
import type { LabelMapping } from './label-mapping';
import type { LabelledRecord } from './labelled-records';
import { evaluateNer, isGrounded, isInPlace } from './ner-evaluation';

const mapping: LabelMapping = {
  name: 'mine',
  types: new Map([
    ['s', '症状'],
    ['gene', null],
  ]),
};
const text = '🩺患者头痛，𠮷氏病。'.repeat(20);

async function* records(...made: Partial<LabelledRecord>[]): AsyncGenerator<LabelledRecord> {
  for (const [i, some] of made.entries()) {
    yield { line: i + 1, text, annotations: [], labels: new Set(), defects: 0, ...some };
  }
}

function evaluated(
  made: AsyncIterable<LabelledRecord>,
  schema = 'ccks2019-symptom',
  onFact: () => void = () => undefined,
) {
  const model = new HostileModel(3);
  const card = cardWith(markedCopyCard);
  const { signal } = new AbortController();
  return evaluateNer(made, {
    onFact,
    extract: (text) => extract({ text, schema }, { model, card, signal }),
    model: { name: card.name, sha256: card.sha256 },
    schema,
    mapping,
  });
}

describe('evaluation', () => {
  it('whatever the model says, the program invents nothing and misplaces nothing', async () => {
    let found = 0;
    const report = await evaluated(records({}, {}), 'ccks2019-symptom', () => found++);
    expect(report).toMatchObject({ records: 2, ungrounded: 0, offsetErrors: 0, defects: 0 });
    const annotations = [
      { label: 's', start: text.indexOf('头痛'), end: text.indexOf('头痛') + 2 },
    ];
    const { strict } = await evaluated(records({ annotations }));
    expect(strict.types['症状']?.support).toBe(1);
    // It said something, and nothing of it was in the annotations.
    expect(strict.micro.precision).toBeLessThan(1);
    expect(found).toBeGreaterThan(0);
  });

  it('labels that mean no type of the asked schema are left out of what is annotated', async () => {
    const annotations = [
      { label: 's', start: 4, end: 6 },
      { label: 'gene', start: 0, end: 2 },
    ];
    const { strict, unscored } = await evaluated(records({ annotations }), 'ccks2019');
    // Nobody annotated any of its types, so nothing found can be called wrong.
    expect(unscored).toHaveLength(6);
    expect(Object.values(strict.types)).toEqual([]);
  });

  it('a label that the mapping does not know stops it', async () => {
    const annotations = [{ label: 'new', start: 0, end: 2 }];
    await expect(evaluated(records({ annotations }))).rejects.toMatchObject({
      code: 'DATASET_LABELS_UNKNOWN',
      params: { labels: 'new' },
    });
  });

  it('a record without words is a defect in which nothing is found, not an end', async () => {
    const report = await evaluated(records({ text: ' \n', defects: 1 }));
    expect(report).toMatchObject({ records: 1, defects: 1, seconds: 0, recordsPerMinute: 0 });
  });
});

/** An extraction that says what it is told. */
const saying = (facts: Partial<Fact>[]): Promise<ExtractionResult> =>
  Promise.resolve({
    status: 'completed',
    run: { schema: 'ccks2019-symptom', model: someone, strategy: 'x', settings: {} },
    facts: facts.map((fact, at) => ({
      ...{ id: `f${at}`, kind: 'mention', type: '症状', text: '头痛', evidence: [] },
      ...{ start: 0, end: 2, attributes: {}, confidence: 0.5, ...fact },
    })),
    usage: {
      ...{ promptTokens: 10, reusedTokens: 4, restoredTokens: 0, decodedTokens: 6 },
      ...{ prefillMs: 1, decodeMs: 1 },
    },
  });
const someone = { name: 'm', sha256: 'a'.repeat(64) };

describe('the report', () => {
  it('holds confusion, calibration, times and tokens beside the scores', async () => {
    const annotations = [{ label: 's', start: 0, end: 2 }];
    const made = records({ text: '头痛三天', annotations }, { text: '头痛三天', annotations: [] });
    const report = await evaluateNer(made, {
      extract: () => saying([{ confidence: 0.8 }]),
      model: someone,
      schema: 'ccks2019-symptom',
      mapping,
    });
    expect(report.confusion).toEqual({
      types: ['症状'],
      matrix: [[1]],
      missed: [0],
      spurious: [1],
    });
    // One right and one wrong at 0.8: (0.04 + 0.64) / 2.
    expect(report.calibration.brier).toBeCloseTo(0.34, 10);
    expect(report.tokens).toEqual({ prompt: 20, reused: 8, decoded: 12 });
    expect(report.latency?.max).toBeGreaterThanOrEqual(report.latency?.median ?? Infinity);
    expect(nerReportSchema.parse(report)).toEqual(report);
  });

  it('of fields only the quotations are checked: one that is not mentioned has none', async () => {
    const evidence = [{ text: '三天', start: 2, end: 4 }];
    const field = { kind: 'field', type: '症状', confidence: 0.9 } as const;
    const report = await evaluateNer(records({ text: '头痛三天' }), {
      extract: () =>
        saying([
          { ...field, text: null, start: null, end: null, confidence: null },
          { ...field, text: '三天', start: 2, end: 4, evidence },
          {
            ...field,
            text: '三天',
            start: 2,
            end: 4,
            evidence: [{ text: '三天', start: 0, end: 2 }],
          },
          {
            ...field,
            text: '四天',
            start: 2,
            end: 4,
            evidence: [{ text: '四天', start: 2, end: 4 }],
          },
        ]),
      model: someone,
      schema: 'ccks2019-symptom',
      mapping,
    });
    expect([report.ungrounded, report.offsetErrors]).toEqual([1, 2]);
    expect([report.confusion.spurious, report.calibration.facts]).toEqual([[0], 0]);
  });

  it('types that nobody annotated are no part of the calibration', async () => {
    const report = await evaluateNer(records({ text: '头痛三天' }), {
      extract: () => saying([{ type: '药物', confidence: 0.9 }, { confidence: null }]),
      model: someone,
      schema: 'ccks2019-symptom',
      mapping,
    });
    expect(report.calibration.facts).toBe(0);
  });
});

describe('facts against their record', () => {
  it('words that are not in the record are not grounded', () => {
    expect(isGrounded({ text: '头痛' }, '患者头痛')).toBe(true);
    expect(isGrounded({ text: '头疼' }, '患者头痛')).toBe(false);
    expect(isGrounded({ text: '' }, '患者头痛')).toBe(false);
    expect(isGrounded({ text: null }, '患者头痛')).toBe(false);
  });

  it('words that are not at their place are misplaced, in UTF-16 units', () => {
    const record = '🩺头痛，头痛';
    expect(isInPlace({ text: '头痛', start: 2, end: 4 }, record)).toBe(true);
    expect(isInPlace({ text: '头痛', start: 1, end: 3 }, record)).toBe(false);
    expect(isInPlace({ text: '头痛', start: null, end: null }, record)).toBe(false);
  });
});

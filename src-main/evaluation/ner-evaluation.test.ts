import { describe, expect, it } from 'vitest';
import { cardWith, markedCopyCard } from '../tasks/extraction/card.fixture';
import { HostileModel } from '../tasks/extraction/hostile-model.fixture';
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
  return evaluateNer(made, {
    onFact,
    model: new HostileModel(3),
    card: cardWith(markedCopyCard),
    signal: new AbortController().signal,
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

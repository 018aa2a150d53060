/** How much is found, on labelled lines: the promise of ids and phones, and the floors of the others. */
import { describe, expect, it } from 'vitest';
import { findIdentifiers } from './find-identifiers';
import type { IdentifierKind } from './identifier';
import { labelledLines, measure, tableOf, tunedFiles } from './labelled.fixture';

const tuned = measure(tunedFiles);
const heldOut = measure(['heldout']);
const show = (title: string, lines: readonly string[]): void =>
  void process.stdout.write(`${title}\n${lines.map((line) => `  ${line}\n`).join('')}`);

it('the labelled set holds at least 500 identifiers, and about as many innocent words as half of them', () => {
  const spans = [...tunedFiles, 'heldout'].flatMap(labelledLines).flatMap((line) => line.spans);
  expect(spans.filter(({ kind }) => kind !== null).length).toBeGreaterThanOrEqual(500);
  expect(spans.filter(({ kind }) => kind === null).length).toBeGreaterThanOrEqual(250);
});

describe('on the lines that the rules were tuned on', () => {
  show('De-identification, tuned lines', tableOf(tuned));

  /** Slightly below what is reached: a change that loses more is seen. */
  const floors: Record<IdentifierKind, { recall: number; precision: number }> = {
    id: { recall: 0.98, precision: 0.98 },
    phone: { recall: 0.98, precision: 0.98 },
    name: { recall: 0.98, precision: 0.98 },
    address: { recall: 0.96, precision: 0.96 },
    'hospital-number': { recall: 0.97, precision: 0.97 },
    'insurance-number': { recall: 1, precision: 1 },
    date: { recall: 0.98, precision: 0.98 },
    institution: { recall: 0.97, precision: 0.97 },
    'bank-account': { recall: 1, precision: 1 },
    plate: { recall: 1, precision: 1 },
    contact: { recall: 1, precision: 1 },
  };

  it.each(Object.entries(floors))('%s: recall and precision keep their floors', (kind, floor) => {
    const score = tuned.kinds.get(kind as IdentifierKind);
    if (!score) throw new Error(`no labelled ${kind}`);
    expect(score.covered / score.items).toBeGreaterThanOrEqual(floor.recall);
    expect(score.right / score.found).toBeGreaterThanOrEqual(floor.precision);
  });

  it('of the words that look like identifiers at most two are taken for one', () => {
    expect(tuned.accused.length).toBeLessThanOrEqual(2);
  });
});

describe('on the lines held out from tuning', () => {
  show('De-identification, held-out lines', tableOf(heldOut));

  it('at least 98 of 100 ids and phones are found', () => {
    for (const kind of ['id', 'phone'] as const) {
      const score = heldOut.kinds.get(kind);
      expect((score?.covered ?? 0) / (score?.items ?? 1)).toBeGreaterThanOrEqual(0.98);
    }
  });

  it('names are mostly found, and hardly anything else', () => {
    const name = heldOut.kinds.get('name');
    expect((name?.covered ?? 0) / (name?.items ?? 1)).toBeGreaterThanOrEqual(0.85);
    expect((name?.right ?? 0) / (name?.found ?? 1)).toBeGreaterThanOrEqual(0.9);
    expect(heldOut.accused).toEqual([]);
  });
});

it('on all labelled lines together at least 98 of 100 ids and phones are found', () => {
  const all = measure([...tunedFiles, 'heldout']);
  for (const kind of ['id', 'phone'] as const) {
    const score = all.kinds.get(kind);
    expect(score?.items).toBeGreaterThan(50);
    expect((score?.covered ?? 0) / (score?.items ?? 1)).toBeGreaterThanOrEqual(0.98);
  }
});

it('all lines as one record: what is found is still found, and a name with a witness is found in every line', () => {
  const lines = tunedFiles.flatMap(labelledLines);
  const text = lines.map((line) => line.text).join('\n\n');
  const found = findIdentifiers(text);
  let items = 0;
  let covered = 0;
  let at = 0;
  for (const line of lines) {
    for (const { kind, start, end } of line.spans) {
      if (kind === null) continue;
      items++;
      const first = found.find((one) => one.end > at + start);
      if (first && first.start <= at + start && first.end >= at + end) covered++;
    }
    at += line.text.length + 2;
  }
  expect(covered / items).toBeGreaterThanOrEqual(0.97);
});

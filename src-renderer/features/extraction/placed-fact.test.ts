import { expect, it } from 'vitest';
import type { Fact } from '@domain/contract/fact';
import { isPlaced } from './placed-fact';

const fact = (start: number | null, end: number | null): Fact => ({
  ...{ id: 'f', kind: 'mention', type: '药物', text: '', start, end },
  ...{ evidence: [], attributes: {}, confidence: 1 },
});

it('facts without a place, or of no length, draw nothing', () => {
  expect([fact(null, null), fact(0, 0), fact(0, 1)].map(isPlaced)).toEqual([false, false, true]);
});

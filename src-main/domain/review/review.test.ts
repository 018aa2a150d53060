import { expect, it } from 'vitest';
import { isPrimaryId, ordinalOf, primaryIdOf, studyReviewIdOf } from './review';

const study = '11111111-1111-4111-8111-111111111111';

it('a first review is known by its number, and no other id is one', () => {
  for (const ordinal of [1, 2, 12]) {
    const id = primaryIdOf('r', ordinal);
    expect(ordinalOf({ id, recordId: 'r' })).toBe(ordinal);
    expect(ordinalOf({ id, recordId: 's' })).toBeNull();
    expect(isPrimaryId(id)).toBe(true);
  }
  for (const end of ['.1', '.02', '.0', '.-2', '.2.0', '.1e1', '. 2', '.', 'x', '.ccks2019']) {
    expect(ordinalOf({ id: `r.primary${end}`, recordId: 'r' })).toBeNull();
  }
  for (const role of ['second', 'adjudication'] as const) {
    const id = studyReviewIdOf('r', role, study);
    expect(ordinalOf({ id, recordId: 'r' })).toBeNull();
    expect(isPrimaryId(id)).toBe(false);
  }
});

it('that of a record which had only one review keeps its id', () => {
  expect(primaryIdOf('r')).toBe('r.primary');
});

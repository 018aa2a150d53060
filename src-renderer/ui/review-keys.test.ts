import { expect, it } from 'vitest';
import { reviewCommandOf, type ReviewKey } from './review-keys';

const key = (change: Partial<ReviewKey>): ReviewKey => ({
  ...{ key: '', code: '', ctrlKey: false, metaKey: false, altKey: false, shiftKey: false },
  repeat: false,
  ...change,
});
const kind = (change: Partial<ReviewKey>) => reviewCommandOf(key(change))?.kind ?? null;

it('one key accepts, one rejects, and a held key decides nothing more', () => {
  expect([' ', 'a', 'A'].map((each) => kind({ key: each }))).toEqual([
    'accept',
    'accept',
    'accept',
  ]);
  expect(['x', 'Delete'].map((each) => kind({ key: each }))).toEqual(['reject', 'reject']);
  expect(kind({ key: ' ', repeat: true })).toBeNull();
  expect(kind({ key: 'j', repeat: true })).toBe('next');
});

it('digits are the types in their order, 0 the tenth', () => {
  const types = ['1', '9', '0'].map((each) => reviewCommandOf(key({ key: each })));
  expect(types.map((each) => each?.kind === 'type' && each.index)).toEqual([0, 8, 9]);
});

it('brackets move the ends by where they lie on the keyboard, whatever they write', () => {
  const moves = (['BracketLeft', 'BracketRight'] as const).flatMap((code) =>
    [false, true].map((shiftKey) => reviewCommandOf(key({ key: '【', code, shiftKey }))),
  );
  expect(moves).toEqual([
    { kind: 'edge', edge: 'start', by: -1 },
    { kind: 'edge', edge: 'start', by: 1 },
    { kind: 'edge', edge: 'end', by: 1 },
    { kind: 'edge', edge: 'end', by: -1 },
  ]);
});

it('keys with Alt, and those of the window with Control, are not the review’s', () => {
  expect(kind({ key: 'x', altKey: true })).toBeNull();
  expect(reviewCommandOf(key({ key: '¡', code: 'Digit1', altKey: true }))).toEqual({
    kind: 'type',
    index: 0,
    newRow: true,
  });
  expect(['n', 'e', '1', 'l'].map((each) => kind({ key: each, ctrlKey: true }))).toEqual([
    ...[null, null, null, null],
  ]);
  expect(kind({ key: 'Enter', ctrlKey: true })).toBe('confirm');
  expect(kind({ key: 'Z', ctrlKey: true, shiftKey: true })).toBe('redo');
  expect(kind({ key: 'y', metaKey: true })).toBe('redo');
});

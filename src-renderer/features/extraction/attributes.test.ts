import { expect, it } from 'vitest';
import { messagesFor } from '@domain/messages';
import { attributeTags, tagsOf } from './attributes';

it('every attribute that a fact carries is named, the negation first', () => {
  expect(
    tagsOf({
      attributes: { experiencer: 'family', historical: true, uncertain: true, negated: true },
    }),
  ).toEqual(['negated', 'uncertain', 'historical', 'family']);
  expect(tagsOf({ attributes: { experiencer: 'other' } })).toEqual(['other']);
});

it("an affirmed, present finding of the patient's own has no tag", () => {
  expect(tagsOf({ attributes: {} })).toEqual([]);
  expect(
    tagsOf({ attributes: { negated: false, uncertain: false, experiencer: 'patient' } }),
  ).toEqual([]);
});

it('no two attributes look alike in words, in either language', () => {
  for (const locale of ['zh-CN', 'en'] as const) {
    const { attribute, attributeCue } = messagesFor(locale).extraction;
    for (const words of [attribute, attributeCue]) {
      expect(new Set(Object.values(words)).size).toBe(attributeTags.length);
    }
  }
});

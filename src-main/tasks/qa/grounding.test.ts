import { expect, it } from 'vitest';
import { defaultThreshold } from '../../domain/contract/qa';
import { groundingQuestions, quotationsFor, scoreGrounding } from './grounding.fixture';

const all = await groundingQuestions();

it('every quotation is the record’s words at their place', () => {
  let quotes = 0;
  for (const each of all) {
    for (const { text, start, end } of quotationsFor(each).quotes) {
      expect(each.text.slice(start, end)).toBe(text);
      quotes += 1;
    }
  }
  expect(quotes).toBeGreaterThan(all.length);
});

it('most of what a record says is answered, and nearly nothing that it does not say', () => {
  expect(all).toHaveLength(182);
  const { support, abstention, wrong } = scoreGrounding(all, defaultThreshold);
  expect(abstention.recall, wrong.join('\n')).toBeGreaterThanOrEqual(0.93);
  expect(support, wrong.join('\n')).toBeGreaterThanOrEqual(0.85);
});

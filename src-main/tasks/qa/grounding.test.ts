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

it.each([
  [false, 0.95],
  [true, 0.75],
])(
  'what a record does not say is not answered, and most of what it says is (held out: %s)',
  (isHeldOut, least) => {
    const questions = all.filter((each) => each.isHeldOut === isHeldOut);
    expect(questions.length).toBeGreaterThanOrEqual(40);
    const { support, abstention, wrong } = scoreGrounding(questions, defaultThreshold);
    expect(abstention.recall, wrong.join('\n')).toBe(1);
    expect(support, wrong.join('\n')).toBeGreaterThanOrEqual(least);
  },
);

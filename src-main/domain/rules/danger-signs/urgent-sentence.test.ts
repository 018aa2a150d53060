import { expect, it } from 'vitest';
import { findOrders } from '../prescription/find-orders';
import { messagesFor } from '../../messages';
import { signClasses } from './lexicon';
import { hasUrgentSentence, urgentSentence } from './urgent-sentence';

it('every class of signs has advice for the doctor and a sentence for the patient, without an order', () => {
  for (const { id } of signClasses) {
    expect([id, hasUrgentSentence(id)]).toEqual([id, true]);
    expect([id, findOrders(urgentSentence([id]))]).toEqual([id, []]);
    for (const locale of ['zh-CN', 'en'] as const)
      expect(messagesFor(locale).dialogue.advice[id]).toBeTruthy();
  }
});

it('of several signs the first is answered, and a wish to die before it', () => {
  expect(urgentSentence(['child', 'heart'])).toBe(urgentSentence(['child']));
  expect(urgentSentence(['heart', 'self-harm'])).toBe(
    `${urgentSentence(['self-harm'])}\n${urgentSentence(['heart'])}`,
  );
  expect(urgentSentence([])).toBe('');
});

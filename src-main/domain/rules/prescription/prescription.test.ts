import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../../e2e/fixtures/seeded-random';
import { findOrders, orderPlaceholder, withoutOrders } from './find-orders';
import { labelledDrafts, type LabelledDraft } from './labelled.fixture';
import { OrderStream } from './order-stream';

function rates(drafts: readonly LabelledDraft[]) {
  let orders = 0;
  let found = 0;
  let without = 0;
  let alarms = 0;
  const missed: string[] = [];
  for (const { text, orders: wanted } of drafts) {
    const given = findOrders(text);
    if (wanted.length === 0) {
      without++;
      if (given.length > 0) alarms++;
    }
    for (const { start, end } of wanted) {
      orders++;
      if (given.some((order) => order.start < end && order.end > start)) found++;
      else missed.push(text);
    }
  }
  return { orders, recall: found / orders, falseAlarms: alarms / without, missed };
}

const tuned = labelledDrafts('labelled.txt');
const all = ['labelled.txt', 'held-out.txt', 'held-out-2.txt'].flatMap(labelledDrafts);

describe('medication orders in a draft', () => {
  it('the sentences that the rules were written with are told apart', () => {
    const { recall, falseAlarms, missed } = rates(tuned);
    expect(missed).toEqual([]);
    expect({ recall, falseAlarms }).toEqual({ recall: 1, falseAlarms: 0 });
  });

  it('sentences that were written without the rules, and served to improve them, are told apart as well as docs/dialogue.md says', () => {
    const drafts = labelledDrafts('held-out.txt');
    expect(drafts.length).toBeGreaterThanOrEqual(300);
    const { recall, falseAlarms } = rates(drafts);
    expect(recall).toBeGreaterThanOrEqual(0.99);
    expect(falseAlarms).toBeLessThanOrEqual(0.02);
  });

  it('notations that the rules were never tuned with are found as often as docs/dialogue.md says', () => {
    const { recall, falseAlarms } = rates(labelledDrafts('held-out-2.txt'));
    expect(recall).toBeGreaterThanOrEqual(0.93);
    expect(falseAlarms).toBeLessThanOrEqual(0.05);
  });

  it('what is taken out leaves no dose behind', () => {
    for (const { text, orders } of tuned.filter((draft) => draft.orders.length === 1)) {
      const [order] = orders;
      const outside = text.slice(0, order?.start) + text.slice(order?.end);
      const digits = (words: string): string[] => words.match(/\d+/g) ?? [];
      const left = digits(withoutOrders(text)).filter((digit) => !digits(outside).includes(digit));
      expect([text, left]).toEqual([text, []]);
    }
  });

  it('full width and traditional characters are read like any others', () => {
    for (const text of ['ＩＢＵＰＲＯＦＥＮ　２００ｍｇ　ｔｉｄ', '二甲雙胍０．５克，每日兩次'])
      expect(withoutOrders(`多喝水，${text}。`)).toBe(`多喝水，${orderPlaceholder}。`);
  });

  it('says nothing of a text that holds none, and leaves it as it is', () => {
    const text = '每天饮水1500到2000毫升。血糖控制在7.0 mmol/L以下。🩺𠮷';
    expect(withoutOrders(text)).toBe(text);
    expect(withoutOrders('')).toBe('');
  });
});

describe('while a draft streams', () => {
  it('however it is cut, what was shown is the draft without its orders', () => {
    const random = new SeededRandom(7);
    for (let round = 0; round < 300; round++) {
      const some = Array.from(
        { length: 1 + (random.bits() % 4) },
        () => all[random.bits() % all.length]?.text ?? '',
      );
      const text = some.join(['', '\n', '另外，'][random.bits() % 3]);
      const stream = new OrderStream();
      let shown = '';
      for (let at = 0; at < text.length;) {
        const to = at + 1 + (random.bits() % 12);
        shown += stream.push(text.slice(at, to));
        at = to;
      }
      expect(shown + stream.end()).toBe(withoutOrders(text));
    }
  });

  it('never shows a part of an order, not for a moment', () => {
    const text = '先观察体温。必要时可用布洛芬混悬液，每次5ml，每6小时一次，不超过三天。多喝水。';
    const stream = new OrderStream();
    let shown = '';
    for (const char of text) {
      shown += stream.push(char);
      expect(shown).not.toMatch(/布洛芬|5ml|6小时/);
    }
    shown += stream.end();
    expect(shown.startsWith('先观察体温。')).toBe(true);
    expect(shown).toContain(orderPlaceholder);
    expect(shown.endsWith('多喝水。')).toBe(true);
  });

  it('lets plain words through before the draft has ended', () => {
    const stream = new OrderStream();
    const text = '您好，根据您的描述，建议先到医院做一次详细的检查，再决定下一步怎么办。'.repeat(4);
    expect(stream.push(text).length).toBeGreaterThan(text.length / 2);
  });
});

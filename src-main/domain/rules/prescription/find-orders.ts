/**
 * Medication orders in a machine's draft: a drug with a dose, a frequency or a duration, or a dose with a
 * frequency whatever it is of. Found by rules, never completely: what they miss is measured in the tests
 * and said in the docs. 互联网诊疗监管细则（试行） art. 21: no prescription by artificial intelligence.
 */
import { findElements, type ElementKind, type OrderElement } from './elements';

/** What stands in the place of an order until a doctor has typed it. */
export const orderPlaceholder = '【用药请由医师填写】';

/** UTF-16 units between two parts of one order, at most: across sentences, and in one sentence. */
export const gapAcross = 30;
const gapWithin = 60;

export interface Order {
  /** UTF-16 units of the text, end exclusive. */
  readonly start: number;
  readonly end: number;
}

export interface OrderSurvey {
  readonly orders: readonly Order[];
  /** Where the last group of parts begins, which more text may make an order or a longer one. */
  readonly openFrom: number;
}

/** @param text a draft, or the beginning of one */
export function surveyOrders(text: string): OrderSurvey {
  const orders: Order[] = [];
  let group: OrderElement[] = [];
  const close = (): void => {
    if (isOrder(group)) orders.push(spanOf(group));
    group = [];
  };
  for (const element of findElements(text)) {
    const last = group.at(-1);
    if (last && beginsAnother(text, last, element)) close();
    group.push(element);
  }
  const last = group.at(-1);
  const open = last && text.length - last.end <= gapWithin ? spanOf(group).start : text.length;
  close();
  return { orders, openFrom: open };
}

export function findOrders(text: string): readonly Order[] {
  return surveyOrders(text).orders;
}

/** @returns the text with a placeholder in the place of each order */
export function withoutOrders(text: string): string {
  let result = '';
  let from = 0;
  for (const { start, end } of findOrders(text)) {
    result += text.slice(from, start) + orderPlaceholder;
    from = end;
  }
  return result + text.slice(from);
}

/**
 * A drug in the next sentence is another matter; a dose there may still be of the drug before, if it is
 * near. In one sentence a drug may be told of at length before its dose.
 */
function beginsAnother(text: string, last: OrderElement, next: OrderElement): boolean {
  const between = text.slice(last.end, next.start);
  if (!/[。！？!?；;\n]/u.test(between)) return between.length > gapWithin;
  return next.kind === 'drug' || between.length > gapAcross;
}

function isOrder(group: readonly OrderElement[]): boolean {
  const has = (kind: ElementKind): boolean => group.some((element) => element.kind === kind);
  if (has('drug')) return has('dose') || has('frequency') || has('duration');
  return has('dose') && has('frequency');
}

function spanOf(group: readonly OrderElement[]): Order {
  const [first] = group;
  const start = first?.start ?? 0;
  return { start, end: Math.max(start, ...group.map(({ end }) => end)) };
}

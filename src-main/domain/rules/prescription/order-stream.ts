import { gapAcross, orderPlaceholder, surveyOrders } from './find-orders';

/** The longest single part of an order, UTF-16 units: so much of the end may still become one. */
const longestElement = 28;

/**
 * Lets a draft through as it streams, and puts a placeholder where an order would stand. It holds back
 * what may still become one, so that no part of an order is ever shown; with `end` comes the rest.
 */
export class OrderStream {
  #text = '';
  /** Of `#text`, how much was let through. */
  #passed = 0;

  /** @returns what can be shown now; may be empty */
  push(piece: string): string {
    this.#text += piece;
    const { orders, openFrom } = surveyOrders(this.#text);
    const safe = Math.min(openFrom, this.#text.length - longestElement - gapAcross);
    return this.#upTo(safe, orders);
  }

  /** The draft has ended. */
  end(): string {
    return this.#upTo(this.#text.length, surveyOrders(this.#text).orders);
  }

  #upTo(to: number, orders: readonly { readonly start: number; readonly end: number }[]): string {
    let shown = '';
    for (const { start, end } of orders) {
      // An order is let through whole, as its placeholder, or not at all.
      if (end <= this.#passed) continue;
      if (start >= to || end > to) {
        to = Math.min(to, Math.max(start, this.#passed));
        break;
      }
      shown += this.#text.slice(this.#passed, start) + orderPlaceholder;
      this.#passed = end;
    }
    if (to > this.#passed) {
      // Not between the halves of a character.
      if (isHighSurrogate(this.#text.charCodeAt(to - 1)) && to < this.#text.length) to--;
      shown += this.#text.slice(this.#passed, to);
      this.#passed = Math.max(this.#passed, to);
    }
    return shown;
  }
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

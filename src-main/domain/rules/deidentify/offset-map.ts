/** Where a place of the original text is in the de-identified one, and back. Offsets are UTF-16 units. */

/** A piece that was replaced. */
export interface Replaced {
  readonly start: number;
  readonly end: number;
  readonly newStart: number;
  readonly newEnd: number;
}

export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface MappedSpan extends Span {
  /** Some of it is replaced; the span then holds the whole of what replaces it. */
  readonly masked: boolean;
}

export class OffsetMap {
  /** Ordered, without overlaps. */
  readonly replaced: readonly Replaced[];

  constructor(replaced: readonly Replaced[]) {
    this.replaced = replaced;
  }

  /** A span of the original text in the new one. A part of an identifier becomes all of its replacement. */
  toNew({ start, end }: Span): MappedSpan {
    return this.#map(start, end, (piece) => piece, inverse);
  }

  /** A span of the new text in the original one. */
  toOriginal({ start, end }: Span): MappedSpan {
    return this.#map(start, end, inverse, (piece) => piece);
  }

  #map(
    start: number,
    end: number,
    from: (piece: Replaced) => Span,
    to: (piece: Replaced) => Span,
  ): MappedSpan {
    const { start: newStart, masked: maskedStart } = this.#place(start, from, to, 'start');
    if (end <= start) return { start: newStart, end: newStart, masked: maskedStart };
    const last = this.#place(end, from, to, 'end');
    const first = this.#lastBeginningBefore(end, from);
    const touches = first >= 0 && from(this.replaced[first] as Replaced).end > start;
    return { start: newStart, end: last.start, masked: maskedStart || last.masked || touches };
  }

  /** Inside of a piece, a start goes to its beginning and an end to its end. */
  #place(
    at: number,
    from: (piece: Replaced) => Span,
    to: (piece: Replaced) => Span,
    side: 'start' | 'end',
  ): { start: number; masked: boolean } {
    const piece = this.replaced[this.#lastBeginningBefore(at, from)];
    if (!piece) return { start: at, masked: false };
    const there = from(piece);
    if (at >= there.end) return { start: at - there.end + to(piece).end, masked: false };
    return { start: side === 'start' ? to(piece).start : to(piece).end, masked: true };
  }

  /** Index of the last piece that begins before `at`; -1 if there is none. */
  #lastBeginningBefore(at: number, from: (piece: Replaced) => Span): number {
    let low = 0;
    let high = this.replaced.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (from(this.replaced[middle] as Replaced).start < at) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

function inverse({ newStart, newEnd }: Replaced): Span {
  return { start: newStart, end: newEnd };
}

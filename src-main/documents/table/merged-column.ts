/** The merged ranges of one column, asked for row after row from the top. */
import type { MergedRange } from './table-row';

export class MergedColumn {
  readonly #ranges: readonly MergedRange[];
  #next = 0;

  constructor(ranges: readonly MergedRange[], column: number) {
    this.#ranges = ranges
      .filter(({ top, bottom, left }) => left === column && bottom > top)
      .sort((a, b) => a.top - b.top);
  }

  /** The range that the row lies in. @param row from 1, never less than before */
  at(row: number): MergedRange | undefined {
    for (;;) {
      const range = this.#ranges[this.#next];
      if (!range || range.top > row) return undefined;
      if (range.bottom >= row) return range;
      this.#next++;
    }
  }
}

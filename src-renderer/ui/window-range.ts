/** Which rows of a long list of equal heights to render. */

export interface WindowRange {
  /** First row to render, and the one after the last. */
  readonly from: number;
  readonly to: number;
  /** Pixels of emptiness above and below that stand for the rest. */
  readonly before: number;
  readonly after: number;
}

export interface WindowOptions {
  readonly count: number;
  /** Pixels. */
  readonly rowHeight: number;
  readonly scrollTop: number;
  readonly viewHeight: number;
  /** Rows rendered beyond each edge. */
  readonly overscan: number;
}

/** Lists up to this length are rendered whole: find-in-page and screen readers see all of them. */
export const wholeUpTo = 300;

export function windowRange(options: WindowOptions): WindowRange {
  const { count, rowHeight, scrollTop, viewHeight, overscan } = options;
  if (count <= wholeUpTo) return { from: 0, to: count, before: 0, after: 0 };
  const visible = Math.ceil(Math.max(0, viewHeight) / rowHeight) + 1;
  const top = Math.min(
    Math.max(0, Math.floor(scrollTop / rowHeight)),
    Math.max(0, count - visible),
  );
  const from = Math.max(0, top - overscan);
  const to = Math.min(count, top + visible + overscan);
  return { from, to, before: from * rowHeight, after: (count - to) * rowHeight };
}

/** The scroll position that shows a row whole, moving no further than needed. */
export function scrollToShow(
  index: number,
  rowHeight: number,
  scrollTop: number,
  viewHeight: number,
): number {
  const top = index * rowHeight;
  if (top < scrollTop) return top;
  if (top + rowHeight > scrollTop + viewHeight) return top + rowHeight - viewHeight;
  return scrollTop;
}

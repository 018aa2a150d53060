/**
 * From a text and marked spans of it to what is drawn: the text in blocks of whole lines, each block
 * in segments that lie under the same set of spans. Offsets are UTF-16 units of the text.
 */
export interface Span {
  readonly start: number;
  /** Exclusive, after start. */
  readonly end: number;
}

export interface Block {
  readonly start: number;
  /** Exclusive; includes the block's last line feed. */
  readonly end: number;
}

/** Characters of a block where lines allow; the browser skips the layout of blocks off screen. */
const blockChars = 2_000;
/** A line longer than this is broken over blocks, or one block could be the whole text. */
const longestLine = 20_000;

export function splitBlocks(text: string, target = blockChars, hardLimit = longestLine): Block[] {
  const blocks: Block[] = [];
  let start = 0;
  while (start < text.length) {
    const feed = text.indexOf('\n', Math.min(text.length, start + target - 1));
    let end = feed < 0 ? text.length : feed + 1;
    if (end - start > hardLimit) {
      const before = text.lastIndexOf('\n', start + target - 1);
      end = before >= start ? before + 1 : wholeCharacter(text, start + hardLimit);
    }
    blocks.push({ start, end });
    start = end;
  }
  return blocks;
}

/**
 * The spans of each block, in the blocks' order; `spans` are sorted by start. Lists that have not
 * changed are returned as the same arrays, so that a new span redraws its own block only.
 */
export function spansByBlock<T extends Span>(
  blocks: readonly Block[],
  spans: readonly T[],
  previous: readonly (readonly T[])[] = [],
): (readonly T[])[] {
  const lists: T[][] = blocks.map(() => []);
  for (const span of spans) {
    for (let at = blockAt(blocks, span.start); at < blocks.length; at++) {
      const block = blocks[at];
      if (!block || block.start >= span.end) break;
      lists[at]?.push(span);
    }
  }
  return lists.map((list, index) => {
    const old = previous[index];
    const same = old?.length === list.length && list.every((span, at) => span === old[at]);
    return same ? old : list;
  });
}

/** Index of the block that holds an offset; the last one for an offset at or past the end. */
export function blockAt(blocks: readonly Block[], offset: number): number {
  let low = 0;
  let high = blocks.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((blocks[middle]?.end ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low);
}

export interface SegmentSpan<T extends Span> {
  readonly span: T;
  /** True on the first segment of the span: it carries the label. */
  readonly first: boolean;
}

export interface Segment<T extends Span> {
  readonly start: number;
  readonly end: number;
  /** The spans over this stretch, the widest first: drawn from the outside in. */
  readonly spans: readonly SegmentSpan<T>[];
}

/** Cuts a block at every border of its spans; the segments cover the block without gaps. */
export function segmentBlock<T extends Span>(
  text: string,
  block: Block,
  spans: readonly T[],
): Segment<T>[] {
  if (block.end <= block.start) return [];
  const placed = spans
    .map((span) => ({
      span,
      from: snap(text, span.start, -1),
      to: snap(text, span.end, 1),
    }))
    .filter(({ from, to }) => from < block.end && to > block.start && from < to);
  const borders = new Set([block.start, block.end]);
  for (const { from, to } of placed) {
    if (from > block.start) borders.add(from);
    if (to < block.end) borders.add(to);
  }
  const cuts = [...borders].sort((a, b) => a - b);
  const segments: Segment<T>[] = [];
  for (let index = 0; index + 1 < cuts.length; index++) {
    const start = cuts[index] ?? 0;
    const end = cuts[index + 1] ?? 0;
    const over = placed
      .filter(({ from, to }) => from <= start && to >= end)
      .sort((a, b) => b.to - b.from - (a.to - a.from) || a.from - b.from)
      .map(({ span, from }) => ({ span, first: from === start }));
    segments.push({ start, end, spans: over });
  }
  return segments;
}

/** Moves a border out of the middle of a surrogate pair, which would draw two broken characters. */
function snap(text: string, offset: number, direction: -1 | 1): number {
  const inPair =
    offset > 0 &&
    offset < text.length &&
    /[\uD800-\uDBFF]/.test(text.charAt(offset - 1)) &&
    /[\uDC00-\uDFFF]/.test(text.charAt(offset));
  return inPair ? offset + direction : offset;
}

function wholeCharacter(text: string, offset: number): number {
  return snap(text, Math.min(offset, text.length), -1);
}

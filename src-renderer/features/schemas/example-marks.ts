/** An example's facts in its text. They are kept as words; each stands for the next place of its words. */
import type { SchemaExample } from '@domain/contract/annotation-schema';

export interface MarkedPiece {
  readonly text: string;
  /** Name of the type or field of the innermost fact; null between facts. */
  readonly type: string | null;
}

/** The whole text in pieces, in order. */
export function markedPieces({ text, facts }: SchemaExample): MarkedPiece[] {
  const spans = placed(text, facts);
  const borders = [
    ...new Set([0, text.length, ...spans.flatMap(({ start, end }) => [start, end])]),
  ];
  borders.sort((a, b) => a - b);
  const pieces: MarkedPiece[] = [];
  for (const [index, start] of borders.slice(0, -1).entries()) {
    const end = borders[index + 1] ?? text.length;
    const over = spans.filter((span) => span.start <= start && end <= span.end);
    over.sort((a, b) => a.end - a.start - (b.end - b.start));
    pieces.push({ text: text.slice(start, end), type: over[0]?.type ?? null });
  }
  return pieces;
}

function placed(text: string, facts: SchemaExample['facts']) {
  const spans: { start: number; end: number; type: string }[] = [];
  /** Where to look for the next of the same words and type. */
  const next = new Map<string, number>();
  for (const fact of facts) {
    const key = JSON.stringify([fact.type, fact.text]);
    const found = text.indexOf(fact.text, next.get(key) ?? 0);
    const start = found < 0 ? text.indexOf(fact.text) : found;
    if (start < 0 || fact.text === '') continue;
    spans.push({ start, end: start + fact.text.length, type: fact.type });
    next.set(key, start + fact.text.length);
  }
  return spans;
}

/** The key that marks with the name of a number; none for those after the thirty-fifth. @param index from 0 */
export function markKey(index: number): string | null {
  return '123456789abcdefghijklmnopqrstuvwxyz'[index] ?? null;
}

/** An answer as pieces that can be drawn and copied: words, and numbers of quotations. */
import type { ConversationNode } from '@domain/contract/conversation';
import type { Evidence } from '@domain/contract/fact';

export type AnswerPiece =
  | { readonly kind: 'text'; readonly text: string }
  /** Place among the quotations. */
  | { readonly kind: 'cite'; readonly at: number };

/** Brackets with a number are citations: a model that answers from a record cannot write others. */
export function answerPieces(text: string, quotes: number): AnswerPiece[] {
  const pieces: AnswerPiece[] = [];
  let from = 0;
  for (const match of text.matchAll(/\[(\d{1,3})\]/gu)) {
    const at = Number(match[1]) - 1;
    if (at < 0 || at >= quotes) continue;
    if (match.index > from) pieces.push({ kind: 'text', text: text.slice(from, match.index) });
    pieces.push({ kind: 'cite', at });
    from = match.index + match[0].length;
  }
  if (from < text.length) pieces.push({ kind: 'text', text: text.slice(from) });
  return pieces;
}

export function quotesOf(node: ConversationNode): readonly Evidence[] {
  return node.answer?.quotes ?? node.quotes ?? [];
}

/** What was said, with citations. */
export function textOf(node: ConversationNode): string {
  return node.answer?.answer ?? node.written ?? '';
}

/** The same for a model that is told of it later: numbers of quotations would mean others there. */
export function withoutCitations(text: string): string {
  return text.replace(/\[\d{1,3}\]/gu, '');
}

/** Words around a copied answer. */
export interface CopyWords {
  readonly question: string;
  readonly quotes: string;
  /** What kind of answer it is, and that nobody has confirmed it. */
  readonly notice: string;
  place(quote: Evidence): string;
}

/** A question with its answer as plain text, quotations and all. */
export function copiedText(node: ConversationNode, words: CopyWords): string {
  const quotes = quotesOf(node);
  const isQuotations = node.answer?.form === 'quotations';
  const text = isQuotations ? '' : textOf(node);
  return [
    `${words.question}${node.question}`,
    words.notice,
    ...(text === '' ? [] : [text]),
    ...(quotes.length === 0 ? [] : [words.quotes]),
    ...quotes.map((quote, at) => `[${at + 1}] ${quote.text} ${words.place(quote)}`),
  ].join('\n');
}

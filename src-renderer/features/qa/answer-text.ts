/** An answer as pieces that can be drawn and copied: words, and numbers of quotations. */
import type { ConversationNode } from '@domain/contract/conversation';
import type { Evidence } from '@domain/contract/fact';
import { withoutOrders } from '@domain/rules/prescription/find-orders';

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

/** Whether it was asked without a record. */
export function hasNoRecord({ asked }: ConversationNode): boolean {
  return asked.length === 0;
}

export function quotesOf(node: ConversationNode): readonly Evidence[] {
  return node.answer?.quotes ?? node.quotes ?? [];
}

/**
 * What was said, with citations. Without a record no medication order is shown, copied or told to a model again,
 * also one that was stored before the rules knew it.
 */
export function textOf(node: ConversationNode): string {
  const said = node.answer?.answer ?? node.written ?? '';
  return hasNoRecord(node) ? withoutOrders(said) : said;
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
  /** That so many sentences answer as well and are not quoted. */
  more(count: number): string;
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
    ...(node.answer?.more ? [words.more(node.answer.more)] : []),
  ].join('\n');
}

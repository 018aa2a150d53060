import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Order } from './find-orders';

export interface LabelledDraft {
  readonly text: string;
  /** Orders in it, UTF-16 units. */
  readonly orders: readonly Order[];
}

/**
 * @param name of a file beside this one: a sentence a line, orders in ⟦⟧, which may go over several
 *   lines; `#` begins a comment
 */
export function labelledDrafts(name: string): LabelledDraft[] {
  const lines = readFileSync(join(import.meta.dirname, name), 'utf8').split('\n');
  const drafts: LabelledDraft[] = [];
  let marked = '';
  for (const line of lines) {
    if (marked === '' && (line === '' || line.startsWith('#'))) continue;
    marked = marked === '' ? line : `${marked}\n${line}`;
    if (marked.split('⟦').length !== marked.split('⟧').length) continue;
    drafts.push(unmarked(marked));
    marked = '';
  }
  return drafts;
}

function unmarked(marked: string): LabelledDraft {
  let text = '';
  let start = 0;
  const orders: Order[] = [];
  for (const char of marked) {
    if (char === '⟦') start = text.length;
    else if (char === '⟧') orders.push({ start, end: text.length });
    else text += char;
  }
  return { text, orders };
}

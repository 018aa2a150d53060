/** What the list of a review shows: mentions, and fields under quiet headings. */
import type { ReviewItem } from '@domain/contract/review';
import { ordered, type ReviewOrder } from '@domain/review/order';
import type { SchemaLook } from '../schemas';

export type ReviewRow =
  | { readonly kind: 'item'; readonly id: string; readonly item: ReviewItem }
  | {
      readonly kind: 'heading';
      readonly id: string;
      readonly of: 'field' | 'group';
      readonly name: string;
      /** Of a repeated group, from 1. */
      readonly index?: number;
    };

/**
 * By place: mentions as the text has them, then fields as the schema has them. By doubt: without
 * headings.
 */
export function rowsOf(
  items: readonly ReviewItem[],
  order: ReviewOrder,
  look: SchemaLook,
): ReviewRow[] {
  const all = ordered(items, order);
  if (order === 'doubt') return all.map(rowOf);
  const mentions = all.filter(({ fact }) => fact.kind === 'mention').map(rowOf);
  return [...mentions, ...fieldRows(all, look)];
}

function fieldRows(items: readonly ReviewItem[], look: SchemaLook): ReviewRow[] {
  const fields = items
    .filter(({ fact }) => fact.kind === 'field')
    .map((item) => ({ item, place: look.placeOf(item.fact), index: item.fact.group?.index ?? 0 }))
    .sort((a, b) => a.place - b.place || a.index - b.index);
  const rows: ReviewRow[] = [];
  let before: string | undefined;
  for (const { item, index } of fields) {
    const { group } = item.fact;
    const heading = group ? `${group.name} ${index}` : '';
    if (heading !== before) {
      const id = `heading-${rows.length}`;
      rows.push(
        group
          ? { kind: 'heading', id, of: 'group', name: group.name, index: index + 1 }
          : { kind: 'heading', id, of: 'field', name: '' },
      );
    }
    before = heading;
    rows.push(rowOf(item));
  }
  return rows;
}

function rowOf(item: ReviewItem): ReviewRow {
  return { kind: 'item', id: item.id, item };
}

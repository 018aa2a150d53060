/** A fact in words of the record, and its value where that is another. */
import type { Fact } from '@domain/contract/fact';
import { i18n } from '../../ui/i18n.svelte';

/** Empty where the record does not say. */
export function factWords({ text, value }: Fact): string {
  return text ?? (value === undefined ? '' : plain(value));
}

/** null where the words are the value. */
export function valueWords({ text, value, unit }: Fact): string | null {
  if (value === undefined || text === null || (value === text && unit === undefined)) return null;
  return unit === undefined ? plain(value) : `${plain(value)} ${unit}`;
}

function plain(value: NonNullable<Fact['value']>): string {
  if (typeof value === 'boolean') return value ? i18n.m.review.yes : i18n.m.review.no;
  return String(value);
}

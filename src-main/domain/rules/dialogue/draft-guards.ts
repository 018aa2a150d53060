/**
 * What a machine's draft may not say by itself, by rules and weighed words: they point, a doctor decides. They
 * miss some of it and claim no more than docs/dialogue.md says.
 */
import type { DraftGuard } from '../../contract/dialogue';
import { orderPlaceholder } from '../prescription/find-orders';
import { plainView } from '../prescription/plain-view';
import { personalData } from './guards/personal-data';
import type { Stretch } from './guards/said';
import { statementsIn } from './guards/statements';

/**
 * @param text of a draft, its orders already replaced
 * @param hasRecord whether a record is linked that a diagnosis may be taken from
 */
export function guardsOf(
  text: string,
  { hasRecord }: { readonly hasRecord: boolean },
): DraftGuard[] {
  const guards: DraftGuard[] = [];
  for (let at = text.indexOf(orderPlaceholder); at >= 0;) {
    const end = at + orderPlaceholder.length;
    guards.push({ kind: 'medication-order', start: at, end });
    at = text.indexOf(orderPlaceholder, end);
  }
  const view = plainView(text);
  const show = (kind: DraftGuard['kind'], places: readonly Stretch[]): void => {
    for (const { start, end } of apart(places)) guards.push({ kind, ...view.original(start, end) });
  };
  const stated = statementsIn(view.text);
  if (!hasRecord) show('certain-diagnosis', stated['certain-diagnosis']);
  show('promise-of-cure', stated['promise-of-cure']);
  show('no-need-to-see-doctor', stated['no-need-to-see-doctor']);
  show('personal-data', personalData(view.text));
  return guards.sort((a, b) => a.start - b.start || a.end - b.end);
}

/** The words of a placeholder, whatever was deleted around them. */
const openOrder = /【?用药请由医师(?:填写)?】?/gu;

/** Places that a doctor has not typed yet, also where a part of the placeholder is left. */
export function openOrdersIn(text: string): { readonly start: number; readonly end: number }[] {
  return [...text.matchAll(openOrder)].map(({ 0: words, index }) => ({
    start: index,
    end: index + words.length,
  }));
}

/** Whether it cannot be approved yet: a doctor has not typed what some placeholder stood for. */
export function hasOpenOrder(text: string): boolean {
  return openOrdersIn(text).length > 0;
}

/** In the order of the text; those that share words are one. */
function apart(places: readonly Stretch[]): Stretch[] {
  const kept: { start: number; end: number }[] = [];
  for (const { start, end } of [...places].sort((a, b) => a.start - b.start)) {
    const last = kept.at(-1);
    if (last && start < last.end) last.end = Math.max(last.end, end);
    else kept.push({ start, end });
  }
  return kept;
}

/** How far the review of a result is, in words of the screen. */
import { i18n } from '../../ui/i18n.svelte';
import { stageOfResult, type RecordResult } from './record-index';

export function resultText(result: Pick<RecordResult, 'review'>): string {
  const m = i18n.m.review.queue;
  const stage = stageOfResult(result);
  if (stage === 'waiting') return m.waiting;
  if (stage === 'done') return m.done;
  const { decided = 0, total = 0 } = result.review?.progress ?? {};
  return m.underWay(i18n.format.integer(decided), i18n.format.integer(total));
}

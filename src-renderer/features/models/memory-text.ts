/** What is said of a model in memory. */
import type { ModelState } from '@domain/contract/host-port';
import type { i18n as I18n } from '../../ui/i18n.svelte';

export function memoryText(state: ModelState | null, i18n: typeof I18n): string {
  const texts = i18n.m.models.state;
  if (!state) return texts.none;
  switch (state.phase) {
    case 'checking':
      return texts.checking(i18n.format.percent(state.progress));
    case 'loading':
      return texts.loading(i18n.format.percent(state.progress));
    case 'ready':
      return state.device.kind === 'cpu' ? texts.readyCpu : texts.readyGpu;
    case 'failed':
      return texts.failed;
    default:
      return state satisfies never;
  }
}

import { i18n } from '../../ui/i18n.svelte';

/** How a configuration is called in a comparison, by its place from 0. */
export function seriesName(index: number): string {
  const { configurationName, configurations } = i18n.m.evaluating;
  return configurationName(configurations[index] ?? '');
}

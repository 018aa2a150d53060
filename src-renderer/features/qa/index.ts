export { QaState } from './qa.svelte';
export { default as QaView } from './QaView.svelte';
export { default as ThresholdSection } from './ThresholdSection.svelte';

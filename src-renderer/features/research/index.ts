export { ResearchState } from './research.svelte';
export { default as ResearchView } from './ResearchView.svelte';

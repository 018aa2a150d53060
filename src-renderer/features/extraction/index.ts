export { ExtractionState } from './extraction.svelte';
export { default as ExtractionView } from './ExtractionView.svelte';

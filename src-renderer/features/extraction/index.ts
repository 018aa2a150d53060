export { ExtractionState } from './extraction.svelte';
export { default as ExtractionView } from './ExtractionView.svelte';
export { attributeTags, tagsOf } from './attributes';
export { isPlaced, type PlacedFact } from './placed-fact';
export { default as TextBlock, type TextHeading } from './TextBlock.svelte';

export { ReviewState, type ReviewKind, type ReviewParts } from './review.svelte';
export type { ReviewedRun } from './review-session.svelte';
export { default as ResultChooser } from './ResultChooser.svelte';
export { default as ReviewView } from './ReviewView.svelte';

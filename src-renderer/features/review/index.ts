export { ReviewState } from './review.svelte';
export { default as ReviewView } from './ReviewView.svelte';

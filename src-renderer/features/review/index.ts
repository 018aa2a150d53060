export { ReviewState } from './review.svelte';
export { reviewCommandOf, reviewKeyCaps } from './review-keys';
export { default as ReviewView } from './ReviewView.svelte';

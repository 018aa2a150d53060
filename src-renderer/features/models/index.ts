export { ModelsState } from './models.svelte';
export { default as ModelBanner } from './ModelBanner.svelte';
export { default as ModelsView } from './ModelsView.svelte';

export { ModelsState } from './models.svelte';
export { default as ModelBanner } from './ModelBanner.svelte';
export { default as ModelDialog } from './ModelDialog.svelte';

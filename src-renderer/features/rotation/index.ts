export { default as KeySection } from './KeySection.svelte';
export { default as RotationDialog } from './RotationDialog.svelte';
export { RotationModel } from './rotation.svelte';

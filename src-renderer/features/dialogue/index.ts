export { DialoguesState } from './dialogues.svelte';
export { default as DialogueView } from './DialogueView.svelte';
export { TrainingExport } from './training.svelte';

export { default as BatchView } from './BatchView.svelte';
export { BatchesState } from './batches.svelte';
export { default as NewBatchDialog } from './NewBatchDialog.svelte';
export { NewBatch } from './new-batch.svelte';

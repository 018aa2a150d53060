export { ExportState } from './exporting.svelte';
export { default as ExportDialog } from './ExportDialog.svelte';

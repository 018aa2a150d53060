export { RecordsState } from './records.svelte';
export { highlight, showPlace } from './show-place';
export type { RecordItem } from './record-index';
export { importedFiles } from './import-file';
export { firstSample } from './samples';
export { default as RecordList } from './RecordList.svelte';
export { default as NewRecordDialog } from './NewRecordDialog.svelte';
export { default as BinList } from './BinList.svelte';
export { default as HistoryDialog } from './HistoryDialog.svelte';

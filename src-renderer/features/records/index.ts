export { RecordsState } from './records.svelte';
export type { RecordItem } from './record-index';
export { firstSample } from './samples';
export { default as RecordList } from './RecordList.svelte';
export { default as NewRecordDialog } from './NewRecordDialog.svelte';
export { default as RenameDialog } from './RenameDialog.svelte';

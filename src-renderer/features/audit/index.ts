export { AuditState } from './audit.svelte';
export { default as AuditView } from './AuditView.svelte';

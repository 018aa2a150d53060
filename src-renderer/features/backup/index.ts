export { BackupModel } from './backup.svelte';
export { default as BackupSection } from './BackupSection.svelte';

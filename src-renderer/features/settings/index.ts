export { SettingsState } from './settings.svelte';
export { documentTarget } from './document-target';
export { default as SettingsDialog } from './SettingsDialog.svelte';
export { default as ShortcutsDialog } from './ShortcutsDialog.svelte';

export { SystemState } from './system.svelte';
export { default as StatusBar } from './StatusBar.svelte';

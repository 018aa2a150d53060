export { DeidentifyState } from './deidentify.svelte';
export { default as DeidentifyDialog } from './DeidentifyDialog.svelte';
export { findInThread } from './find-in-thread';

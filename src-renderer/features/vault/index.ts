export { VaultModel } from './vault.svelte';
export { default as VaultGate } from './VaultGate.svelte';
export { default as WipeSection } from './WipeSection.svelte';
export { default as AccountSection } from './AccountSection.svelte';
export { default as NewPassphrase, type TypedTwice } from './NewPassphrase.svelte';
export { default as UserFields, nobody, type TypedUser } from './UserFields.svelte';

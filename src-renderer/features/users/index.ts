export { UsersState } from './users.svelte';
export { default as UsersView } from './UsersView.svelte';

export { SchemaCatalogue, isTemplate, schemaName } from './catalogue.svelte';
export { DryRun } from './dry-run';
export { SchemasState } from './schemas.svelte';
export { default as SchemasView } from './SchemasView.svelte';

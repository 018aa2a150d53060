export { asAsked, SchemaCatalogue, isTemplate, schemaName } from './catalogue.svelte';
export { DryRun } from './dry-run';
export { SchemaLook } from './schema-look';
export { default as SchemaOptions } from './SchemaOptions.svelte';
export { SchemasState } from './schemas.svelte';
export { default as SchemasView } from './SchemasView.svelte';

/** The schema of an exported run, and what it says by saying nothing. */
import {
  annotationSchemas,
  asksOf,
  type AnnotationSchema,
  type FactAttribute,
  type GroupField,
} from '../../contract/annotation-schema';
import type { ExportedRecord } from '../../contract/export';
import type { RunIdentity } from '../../contract/extraction';
import type { Locale } from '../../contract/ipc';
import { schemaName } from '../schema-name';

/** Null for a run under a schema that neither it nor the program knows. */
export function schemaOfRun(run: RunIdentity): AnnotationSchema | null {
  return run.definition ?? annotationSchemas.find(({ id }) => id === run.schema) ?? null;
}

/** What the schema of a run is called; its id where nobody knows it. */
export function schemaNameOf(run: RunIdentity, locale: Locale): string {
  const schema = schemaOfRun(run);
  return schema ? schemaName(schema, locale) : run.schema;
}

/**
 * Whether a fact of a type without an attribute is a fact of which it is not so. Of a schema that does not ask, or
 * a model that cannot say, the absence means nothing.
 */
export function states(
  run: RunIdentity,
  schema: AnnotationSchema | null,
  attribute: FactAttribute,
  type: string,
): boolean {
  if (!schema?.attributes.includes(attribute) || !asksOf(schema, type, attribute)) return false;
  // One from before each schema had its own review may hold facts of others.
  const { types, fields } = schema;
  const isAsked =
    types.some(({ id }) => id === type) ||
    fields.some((field) => field.id === type || (field.kind === 'group' && hasMember(field, type)));
  if (!isAsked) return false;
  // Written by strategies that know what their model can mark; others ask for all of the schema's.
  const said = run.settings['attributes'];
  if (typeof said !== 'string') return true;
  const marks: readonly string[] = said.split(',');
  return marks.includes(attribute === 'experiencer' ? 'family' : attribute);
}

function hasMember({ id, fields }: GroupField, type: string): boolean {
  return fields.some((member) => member.id === type || `${id}.${member.id}` === type);
}

/** One schema to make columns of; two versions of a schema are one, with the fields of both. */
export class SchemaCollection {
  readonly #byId = new Map<string, AnnotationSchema>();

  /** All that columns are needed for, in the order in which they came. */
  get schemas(): readonly AnnotationSchema[] {
    return [...this.#byId.values()];
  }

  add({ run, facts }: Pick<ExportedRecord, 'run' | 'facts'>): void {
    const known = this.#byId.get(run.schema);
    const schema = schemaOfRun(run) ?? ofTypes(run.schema, facts);
    this.#byId.set(run.schema, known ? joined(known, schema) : schema);
  }
}

/** A schema nobody knows any more has the types that were found. */
function ofTypes(id: string, facts: ExportedRecord['facts']): AnnotationSchema {
  const types = [...new Set(facts.map(({ type }) => type))];
  return {
    ...{ id, version: 1, chinese: id, english: id, fields: [], attributes: [] },
    types: types.map((type) => ({ id: type, english: '', hue: 7 })),
  };
}

function joined(one: AnnotationSchema, other: AnnotationSchema): AnnotationSchema {
  if (one === other) return one;
  const types = new Set(one.types.map(({ id }) => id));
  const fields = new Set(one.fields.map(({ id }) => id));
  return {
    ...(other.version >= one.version ? other : one),
    types: [...one.types, ...other.types.filter(({ id }) => !types.has(id))],
    fields: [...one.fields, ...other.fields.filter(({ id }) => !fields.has(id))],
    attributes: [...new Set([...one.attributes, ...other.attributes])],
  };
}

/** Changes to a schema, each a new one. What facts of the examples are called follows what is renamed. */
import type {
  AnnotationSchema,
  EntityType,
  PlainField,
  SchemaExample,
  SchemaField,
} from '@domain/contract/annotation-schema';
import { fieldAt, rank, type Place } from './place';

export type FieldKind = SchemaField['kind'];
export const fieldKinds: readonly FieldKind[] = [
  'text',
  'number',
  'date',
  'yes-no',
  'choice',
  'group',
];
export const plainKinds = fieldKinds.filter((kind) => kind !== 'group');
const hues = 12;

export function blankSchema(id: string, chinese: string): AnnotationSchema {
  return { id, version: 1, chinese, english: '', types: [], fields: [], attributes: [] };
}

/** Adds an entity type in the first colour that is free. */
export function addType(schema: AnnotationSchema): AnnotationSchema {
  const used = new Set(schema.types.map(({ hue }) => hue));
  let hue = 1;
  while (used.has(hue) && hue < hues) hue++;
  if (used.has(hue)) hue = (schema.types.length % hues) + 1;
  return { ...schema, types: [...schema.types, { id: '', english: '', hue }] };
}

/** Adds a field; with `group`, to the group of that number. */
export function addField(
  schema: AnnotationSchema,
  kind: FieldKind,
  group?: number,
): AnnotationSchema {
  if (group === undefined) return { ...schema, fields: [...schema.fields, blankField(kind)] };
  const fields = schema.fields.map((field, index) =>
    index === group && field.kind === 'group' && kind !== 'group'
      ? { ...field, fields: [...field.fields, blankPlain(kind)] }
      : field,
  );
  return { ...schema, fields };
}

export function addExample(schema: AnnotationSchema): AnnotationSchema {
  return { ...schema, examples: [...(schema.examples ?? []), { text: '', facts: [] }] };
}

export function setGeneral(
  schema: AnnotationSchema,
  change: Partial<Pick<AnnotationSchema, 'chinese' | 'english' | 'description' | 'attributes'>>,
): AnnotationSchema {
  return tidy({ ...schema, ...change });
}

export function setType(
  schema: AnnotationSchema,
  index: number,
  change: Partial<EntityType>,
): AnnotationSchema {
  const types = schema.types.map((type, at) =>
    at === index ? tidy({ ...type, ...change }) : type,
  );
  const before = schema.types[index]?.id;
  const changed = { ...schema, types };
  return change.id === undefined || before === undefined
    ? changed
    : renameFacts(changed, (name) => (name === before ? (change.id ?? name) : name));
}

/** What of a field can be changed; units, options and members only where its kind has them. */
export interface FieldChange {
  readonly id?: string;
  readonly english?: string;
  readonly description?: string | undefined;
  readonly examples?: string[] | undefined;
  readonly units?: string[];
  readonly options?: string[];
}

export function setField(
  schema: AnnotationSchema,
  place: Extract<Place, { kind: 'field' }>,
  change: FieldChange,
): AnnotationSchema {
  const before = fieldAt(schema, place)?.id;
  const changed = mapField(schema, place, (field) => tidy({ ...field, ...change }));
  const { id } = change;
  if (id === undefined || before === undefined) return changed;
  if (place.member === undefined) {
    return renameFacts(changed, (name) =>
      name === before
        ? id
        : name.startsWith(`${before}.`)
          ? `${id}${name.slice(before.length)}`
          : name,
    );
  }
  const group = schema.fields[place.index]?.id ?? '';
  return renameFacts(changed, (name) => (name === `${group}.${before}` ? `${group}.${id}` : name));
}

/** Makes a field another kind of field; its names, description and examples stay. */
export function setFieldKind(
  schema: AnnotationSchema,
  place: Extract<Place, { kind: 'field' }>,
  kind: FieldKind,
): AnnotationSchema {
  return mapField(schema, place, (field) => {
    if (field.kind === kind) return field;
    const { id, english, description, examples } = field;
    return tidy({ ...blankField(kind), id, english, description, examples });
  });
}

export function setExample(
  schema: AnnotationSchema,
  index: number,
  change: Partial<SchemaExample>,
): AnnotationSchema {
  const examples = (schema.examples ?? []).map((example, at) =>
    at === index ? { ...example, ...change } : example,
  );
  return { ...schema, examples };
}

/** Takes a place out; facts of examples that it named stay, and are a fault then. */
export function removeAt(schema: AnnotationSchema, place: Place): AnnotationSchema {
  return withList(schema, place, (list) => list.filter((_, index) => index !== rank(place)));
}

export function moveTo(schema: AnnotationSchema, place: Place, to: number): AnnotationSchema {
  return withList(schema, place, (list) => {
    const [moved] = list.slice(rank(place));
    const rest = list.filter((_, index) => index !== rank(place));
    return moved === undefined ? list : [...rest.slice(0, to), moved, ...rest.slice(to)];
  });
}

/** Names that facts of an example may have. */
export function factNames(schema: AnnotationSchema): string[] {
  const names = [
    ...schema.types.map(({ id }) => id),
    ...schema.fields.flatMap((field) =>
      field.kind === 'group'
        ? field.fields.map((member) => `${field.id}.${member.id}`)
        : [field.id],
    ),
  ].filter((name) => name !== '');
  // While two are called alike, which is a fault.
  return [...new Set(names)];
}

function blankField(kind: FieldKind): SchemaField {
  if (kind === 'group') return { kind, id: '', english: '', fields: [blankPlain('text')] };
  return blankPlain(kind);
}

function blankPlain(kind: PlainField['kind']): PlainField {
  const named = { id: '', english: '' };
  switch (kind) {
    case 'number':
      return { kind, ...named, units: [] };
    case 'choice':
      return { kind, ...named, options: [] };
    case 'text':
    case 'date':
    case 'yes-no':
      return { kind, ...named };
  }
}

function mapField(
  schema: AnnotationSchema,
  { index, member }: Extract<Place, { kind: 'field' }>,
  change: (field: SchemaField) => SchemaField,
): AnnotationSchema {
  const fields = schema.fields.map((field, at) => {
    if (at !== index) return field;
    if (member === undefined) return change(field);
    if (field.kind !== 'group') return field;
    const inner = field.fields.map((plain, of) => {
      const changed = of === member ? change(plain) : plain;
      return changed.kind === 'group' ? plain : changed;
    });
    return { ...field, fields: inner };
  });
  return { ...schema, fields };
}

function withList(
  schema: AnnotationSchema,
  place: Place,
  change: <T>(list: readonly T[]) => readonly T[],
): AnnotationSchema {
  switch (place.kind) {
    case 'general':
      return schema;
    case 'type':
      return { ...schema, types: [...change(schema.types)] };
    case 'example':
      return { ...schema, examples: [...change(schema.examples ?? [])] };
    case 'field':
      if (place.member === undefined) return { ...schema, fields: [...change(schema.fields)] };
      return mapField(schema, { kind: 'field', index: place.index }, (field) =>
        field.kind === 'group' ? { ...field, fields: [...change(field.fields)] } : field,
      );
  }
}

function renameFacts(schema: AnnotationSchema, rename: (name: string) => string): AnnotationSchema {
  if (!schema.examples) return schema;
  const examples = schema.examples.map((example) => ({
    ...example,
    facts: example.facts.map((fact) => ({ ...fact, type: rename(fact.type) })),
  }));
  return { ...schema, examples };
}

/** Without what was emptied: an empty description is no description. */
function tidy<
  T extends { description?: string | undefined; examples?: unknown; attributes?: unknown },
>(part: T): T {
  const tidied = { ...part };
  if (!tidied.description) delete tidied.description;
  if (Array.isArray(tidied.examples) && tidied.examples.length === 0) delete tidied.examples;
  if (tidied.examples === undefined) delete tidied.examples;
  if (tidied.attributes === undefined) delete tidied.attributes;
  return tidied;
}

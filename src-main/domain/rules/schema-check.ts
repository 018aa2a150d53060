/**
 * Whether a schema can run, and what to put right where it cannot.
 *
 * A model writes names and options into lines (`typed-list/answer-form`), so what may stand in them
 * is limited only by what would make two answers look alike. Everything else, descriptions above all,
 * may hold any characters.
 */
import type {
  AnnotationSchema,
  PlainField,
  SchemaExample,
  SchemaField,
} from '../contract/annotation-schema';
import { normaliseDate } from './normalise/date';
import { normaliseNumber } from './normalise/number';

export const schemaFaultCodes = [
  /** Neither types nor fields. */
  'empty',
  /** White space alone, or at an end. */
  'name-blank',
  /** A line break or another control character. */
  'name-control',
  'name-duplicate',
  /** With the colon that follows it in an answer it begins another name. */
  'name-ambiguous',
  /** A member of a group is called like a type, a field or the group itself. */
  'member-clash',
  'option-blank',
  'option-control',
  'option-duplicate',
  'unit-blank',
  'unit-duplicate',
  'attribute-duplicate',
  /** An example names no type or field of the schema. */
  'example-type',
  /** Its words are not in its text. */
  'example-not-in-text',
  /** Yes-no and choice fields need a value. */
  'example-value-missing',
  /** Not one of the options, not yes or no, no number, no ISO date, or a value where there is none. */
  'example-value-unfit',
  /** Another value than the rules read out of the words. */
  'example-value-differs',
] as const;
export type SchemaFaultCode = (typeof schemaFaultCodes)[number];

export interface SchemaFault {
  readonly code: SchemaFaultCode;
  /** Into the schema: `['fields', 2, 'options', 0]`. */
  readonly path: readonly (string | number)[];
}

/** What a model ends a name with in its answer; `typed-list/answer-form` uses the same. */
export const nameEnd = '：';

type Path = readonly (string | number)[];

/** All faults, in the order of the schema; none for one that can be saved and run. */
export function checkSchema(schema: AnnotationSchema): SchemaFault[] {
  return [...checkStructure(schema), ...checkExamples(schema)];
}

/** Without the examples, which are words for a prompt and stop no run. */
export function checkStructure(schema: AnnotationSchema): SchemaFault[] {
  const { types, fields, attributes } = schema;
  if (types.length === 0 && fields.length === 0) return [{ code: 'empty', path: [] }];
  const names = [
    ...types.map(({ id }, i) => ({ name: id, path: ['types', i, 'id'] })),
    ...fields.map(({ id }, i) => ({ name: id, path: ['fields', i, 'id'] })),
  ];
  const taken = new Set(names.map(({ name }) => name));
  return [
    ...names.flatMap(({ name, path }) => nameFaults(name, path)),
    ...duplicates(names, 'name-duplicate'),
    ...names
      .filter(({ name }) =>
        names.some((other) => other.name !== name && other.name.startsWith(name + nameEnd)),
      )
      .map(({ path }): SchemaFault => ({ code: 'name-ambiguous', path })),
    ...fields.flatMap((field, i) => fieldFaults(field, ['fields', i], taken)),
    ...duplicates(
      attributes.map((name, i) => ({ name, path: ['attributes', i] })),
      'attribute-duplicate',
    ),
  ];
}

function nameFaults(name: string, path: Path): SchemaFault[] {
  if (name.trim() !== name || name === '') return [{ code: 'name-blank', path }];
  return hasControl(name) ? [{ code: 'name-control', path }] : [];
}

/** Line breaks of every kind among them. */
function hasControl(text: string): boolean {
  return /[\p{Cc}\p{Cs}\u2028\u2029]/u.test(text);
}

function duplicates(
  items: readonly { readonly name: string; readonly path: Path }[],
  code: SchemaFaultCode,
): SchemaFault[] {
  return items
    .filter(({ name }, i) => items.findIndex((other) => other.name === name) < i)
    .map(({ path }) => ({ code, path }));
}

function fieldFaults(field: SchemaField, path: Path, taken: ReadonlySet<string>): SchemaFault[] {
  switch (field.kind) {
    case 'group': {
      const members = field.fields.map(({ id }, i) => ({
        name: id,
        path: [...path, 'fields', i, 'id'],
      }));
      return [
        ...members.flatMap((member) => nameFaults(member.name, member.path)),
        ...duplicates(members, 'name-duplicate'),
        ...members
          .filter(({ name }) => taken.has(name))
          .map((member): SchemaFault => ({ code: 'member-clash', path: member.path })),
        ...field.fields.flatMap((member, i) =>
          fieldFaults(member, [...path, 'fields', i], new Set()),
        ),
      ];
    }
    case 'choice': {
      const options = field.options.map((name, i) => ({ name, path: [...path, 'options', i] }));
      return [
        ...options.flatMap(({ name, path: at }): SchemaFault[] => {
          if (name.trim() !== name || name === '') return [{ code: 'option-blank', path: at }];
          return hasControl(name) ? [{ code: 'option-control', path: at }] : [];
        }),
        ...duplicates(options, 'option-duplicate'),
      ];
    }
    case 'number': {
      const units = field.units.map((name, i) => ({ name, path: [...path, 'units', i] }));
      return [
        ...units
          .filter(({ name }) => name.trim() !== name)
          .map((unit): SchemaFault => ({ code: 'unit-blank', path: unit.path })),
        ...duplicates(units, 'unit-duplicate'),
      ];
    }
    case 'text':
    case 'date':
    case 'yes-no':
      return [];
    default:
      return field satisfies never;
  }
}

/** Whether every example is in its own text and fits what it is an example of. */
export function checkExamples(schema: AnnotationSchema): SchemaFault[] {
  return (schema.examples ?? []).flatMap(({ text, facts }, e) =>
    facts.flatMap((fact, f) => {
      const path = ['examples', e, 'facts', f];
      const target = targetOf(schema, fact.type);
      if (target === null) return [{ code: 'example-type' as const, path: [...path, 'type'] }];
      const faults: SchemaFault[] = text.includes(fact.text)
        ? []
        : [{ code: 'example-not-in-text', path: [...path, 'text'] }];
      const fault = valueFault(target, fact);
      return fault ? [...faults, { code: fault, path: [...path, 'value'] }] : faults;
    }),
  );
}

type Target = { readonly kind: 'mention' } | PlainField;

/** What an example's `type` names: a type, a field, or `组.成员`. */
export function targetOf(schema: AnnotationSchema, name: string): Target | null {
  if (schema.types.some(({ id }) => id === name)) return { kind: 'mention' };
  for (const field of schema.fields) {
    if (field.kind !== 'group') {
      if (field.id === name) return field;
      continue;
    }
    const member = field.fields.find(({ id }) => `${field.id}.${id}` === name);
    if (member) return member;
  }
  return null;
}

const isoDate = /^(?:\d{4}|XXXX)(?:-\d{2}(?:-\d{2}(?:T\d{2}(?::\d{2})?)?)?)?$/;

function valueFault(
  target: Target,
  { text, value }: SchemaExample['facts'][number],
): SchemaFaultCode | null {
  switch (target.kind) {
    case 'mention':
    case 'text':
      return value === undefined ? null : 'example-value-unfit';
    case 'yes-no':
      if (value === undefined) return 'example-value-missing';
      return typeof value === 'boolean' ? null : 'example-value-unfit';
    case 'choice':
      if (value === undefined) return 'example-value-missing';
      return target.options.some((option) => option === value) ? null : 'example-value-unfit';
    case 'number': {
      if (value === undefined) return null;
      if (typeof value === 'boolean' || (typeof value === 'string' && !/\d/.test(value)))
        return 'example-value-unfit';
      return normaliseNumber(text, target.units)?.value === value ? null : 'example-value-differs';
    }
    case 'date':
      if (value === undefined) return null;
      if (typeof value !== 'string' || !isoDate.test(value)) return 'example-value-unfit';
      return normaliseDate(text) === value ? null : 'example-value-differs';
    default:
      return target satisfies never;
  }
}

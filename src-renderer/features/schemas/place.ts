/** Places in a schema: what the outline selects, and what a fault points to. */
import type { AnnotationSchema, SchemaField } from '@domain/contract/annotation-schema';

export type Place =
  | { readonly kind: 'general' }
  | { readonly kind: 'type'; readonly index: number }
  /** With `member`, a field of a group. */
  | { readonly kind: 'field'; readonly index: number; readonly member?: number }
  | { readonly kind: 'example'; readonly index: number };

export type Path = readonly (string | number)[];

export const general: Place = { kind: 'general' };

export function samePlace(a: Place, b: Place): boolean {
  return JSON.stringify(pathOf(a)) === JSON.stringify(pathOf(b));
}

/** Where a place lies in the schema's JSON. */
export function pathOf(place: Place): Path {
  switch (place.kind) {
    case 'general':
      return [];
    case 'type':
      return ['types', place.index];
    case 'field':
      return place.member === undefined
        ? ['fields', place.index]
        : ['fields', place.index, 'fields', place.member];
    case 'example':
      return ['examples', place.index];
  }
}

/** The place that a path lies in. */
export function placeOf([list, index, inner, member]: Path): Place {
  if (typeof index !== 'number') return general;
  if (list === 'types') return { kind: 'type', index };
  if (list === 'examples') return { kind: 'example', index };
  if (list !== 'fields') return general;
  if (inner === 'fields' && typeof member === 'number') return { kind: 'field', index, member };
  return { kind: 'field', index };
}

export function fieldAt(
  schema: AnnotationSchema,
  place: Extract<Place, { kind: 'field' }>,
): SchemaField | undefined {
  const field = schema.fields[place.index];
  if (place.member === undefined) return field;
  return field?.kind === 'group' ? field.fields[place.member] : undefined;
}

/** How many stand beside a place, itself included: it can be moved from 0 to one less. */
export function siblings(schema: AnnotationSchema, place: Place): number {
  switch (place.kind) {
    case 'general':
      return 1;
    case 'type':
      return schema.types.length;
    case 'example':
      return schema.examples?.length ?? 0;
    case 'field': {
      if (place.member === undefined) return schema.fields.length;
      const group = schema.fields[place.index];
      return group?.kind === 'group' ? group.fields.length : 0;
    }
  }
}

/** Its number among its siblings. */
export function rank(place: Place): number {
  if (place.kind === 'general') return 0;
  return place.kind === 'field' && place.member !== undefined ? place.member : place.index;
}

/** The same kind of place at another number. */
export function withRank(place: Place, to: number): Place {
  if (place.kind === 'general') return place;
  if (place.kind === 'field' && place.member !== undefined) return { ...place, member: to };
  return { ...place, index: to };
}

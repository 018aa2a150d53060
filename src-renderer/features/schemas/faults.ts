/** All that is wrong with a schema, each with its place: what its shape allows, and what can run. */
import { annotationSchemaSchema, type AnnotationSchema } from '@domain/contract/annotation-schema';
import { checkSchema, type SchemaFaultCode } from '@domain/rules/schema-check';
import { pathOf, type Path, type Place } from './place';

export type FaultCode = SchemaFaultCode | 'too-long' | 'too-many' | 'too-few' | 'form';

export interface Fault {
  readonly code: FaultCode;
  readonly path: Path;
  /** Of `too-long` and `too-many`. */
  readonly limit?: number;
}

export function faultsOf(schema: AnnotationSchema): Fault[] {
  const faults: Fault[] = [...checkSchema(schema)];
  const known = new Set(faults.map(({ path }) => JSON.stringify(path)));
  const shaped = annotationSchemaSchema.safeParse(schema);
  for (const issue of shaped.error?.issues ?? []) {
    const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
    // An empty name is told once, in the words of the rule.
    if (known.has(JSON.stringify(path))) continue;
    if (issue.code === 'too_big') {
      const code = issue.origin === 'array' ? 'too-many' : 'too-long';
      faults.push({ code, path, limit: Number(issue.maximum) });
    } else {
      faults.push({ code: issue.code === 'too_small' ? 'too-few' : 'form', path });
    }
  }
  return faults;
}

/** Those that lie in a place, with what belongs to it; members of a group count to the group too. */
export function faultsIn(faults: readonly Fault[], place: Place): Fault[] {
  const inside = pathOf(place);
  if (place.kind === 'general') {
    return faults.filter(({ path }) => typeof path[1] !== 'number' || path[0] === 'attributes');
  }
  return faults.filter(({ path }) => inside.every((part, index) => path[index] === part));
}

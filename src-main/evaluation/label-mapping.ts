/**
 * What the labels of a data set mean in our schemas: data files (`resources/labels/NAME.json`), so
 * that another set needs no code.
 */
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as z from 'zod';
import { annotationSchemas } from '../domain/contract/annotation-schema';
import { readUtf8 } from '../documents/read-utf8';
import { AppError, problemOf } from '../domain/contract/errors';

export interface LabelMapping {
  /** The file's name without `.json`. */
  readonly name: string;
  /** Entity type of each label; null where none of ours means the same. */
  readonly types: ReadonlyMap<string, string | null>;
}

const maxMappingBytes = 256 * 1024;
/** Labels that an error names; more would not help. */
const labelsNamed = 12;

const types = new Set(annotationSchemas.flatMap((schema) => schema.types.map(({ id }) => id)));
const mappingSchema = z.object({
  version: z.literal(1),
  source: z.string(),
  labels: z.record(
    z.string().min(1),
    z
      .string()
      .refine((id) => types.has(id))
      .nullable(),
  ),
});

/** @throws AppError `FILE_UNREADABLE`; `LABEL_FILE_INVALID` with the first wrong field */
export async function readLabelMapping(path: string): Promise<LabelMapping> {
  const name = basename(path, '.json');
  const invalid = (field: string): AppError =>
    new AppError('LABEL_FILE_INVALID', { params: { file: basename(path), field } });
  const json = await readUtf8(path, maxMappingBytes).catch((cause: unknown) => {
    if (problemOf(cause).code === 'FILE_TOO_LARGE') throw invalid('size');
    throw new AppError('FILE_UNREADABLE', { params: { file: basename(path) }, cause });
  });
  if (json === null) throw invalid('UTF-8');
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw invalid('JSON');
  }
  const parsed = mappingSchema.safeParse(value);
  if (!parsed.success) throw invalid(parsed.error.issues[0]?.path.join('.') || 'labels');
  return { name, types: new Map(Object.entries(parsed.data.labels)) };
}

/** Every mapping of a folder, by name. @throws AppError as `readLabelMapping` */
export async function readLabelMappings(folder: string): Promise<LabelMapping[]> {
  let names: string[];
  try {
    names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
  } catch (cause) {
    throw new AppError('FILE_UNREADABLE', { params: { file: basename(folder) }, cause });
  }
  return Promise.all(names.map((name) => readLabelMapping(join(folder, name))));
}

/**
 * The first mapping that knows every label.
 * @throws AppError `DATASET_LABELS_UNKNOWN` naming the labels that the nearest mapping does not know
 */
export function mappingFor(
  mappings: readonly LabelMapping[],
  labels: Iterable<string>,
): LabelMapping {
  const seen = [...labels];
  let fewest = seen;
  for (const mapping of mappings) {
    const unknown = seen.filter((label) => !mapping.types.has(label));
    if (unknown.length === 0) return mapping;
    if (unknown.length < fewest.length) fewest = unknown;
  }
  throw unknownLabels(fewest);
}

/** Labels are names that a data set's makers chose, so they may be shown. */
export function unknownLabels(labels: readonly string[]): AppError {
  const named = labels.slice(0, labelsNamed).join(', ');
  return new AppError('DATASET_LABELS_UNKNOWN', {
    params: { labels: labels.length > labelsNamed ? `${named}, …` : named },
  });
}

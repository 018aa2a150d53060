/** What facts are held against in an evaluation, however it came to be: records with annotations. */
import { basename } from 'node:path';
import type { AnnotationSchema } from '../../domain/contract/annotation-schema';
import type { ExaminedGold } from '../../domain/contract/evaluation';
import { Cancelled } from '../../domain/contract/rpc';
import type { Section } from '../../domain/contract/section';
import {
  mappingFor,
  readLabelMapping,
  readLabelMappings,
  type LabelMapping,
} from '../../evaluation/label-mapping';
import { labelledRecords, type LabelledRecord } from '../../evaluation/labelled-records';
import { surveyRecords } from '../../evaluation/ner-evaluation';
import type { Vault } from '../../vault/vault';
import { ExportSource } from '../export-source';

export interface GoldRecord extends LabelledRecord {
  /** As a doctor corrected them. */
  readonly sections?: readonly Section[];
}

export interface GoldOptions {
  /** Records, from the first. Defaults to all. */
  readonly limit?: number | undefined;
  readonly signal: AbortSignal;
}

export interface GoldStandard {
  readonly records: number;
  readonly mapping: LabelMapping;
  /** From the first to the last, as often as there are configurations. */
  read(): AsyncIterable<GoldRecord>;
}

/**
 * An annotated set, as `chimed eval ner` reads it; read once here, so that a fault in its last line does
 * not cost hours of running.
 *
 * @param labels path of a label mapping; null for the first one of `labelsDir` that knows all labels
 * @throws AppError of reading the set and the mapping; Cancelled
 */
export async function goldFile(
  path: string,
  labels: string | null,
  { labelsDir, ...options }: GoldOptions & { readonly labelsDir: string },
): Promise<GoldStandard & { readonly about: ExaminedGold }> {
  const { records, defects, labels: seen } = await surveyRecords(path, options);
  const mappings =
    labels === null ? await readLabelMappings(labelsDir) : [await readLabelMapping(labels)];
  const mapping = mappingFor(mappings, seen);
  const types = new Set([...seen].flatMap((label) => mapping.types.get(label) ?? []));
  return {
    records,
    mapping,
    read: () => labelledRecords(path, options),
    about: { name: basename(path), records, defects, labels: mapping.name, types: [...types] },
  };
}

/** Name of the mapping from the types of a schema to themselves. */
const signedName = 'confirmed';

/**
 * The confirmed reviews of one schema. A reviewer had each of its types before them, so all are scored.
 * A confirmed mention of a type that the schema no longer has counts as a defect of the data.
 *
 * @throws AppError what the journal throws; Cancelled
 */
export async function signedRecords(
  vault: Vault,
  { id, types }: Pick<AnnotationSchema, 'id' | 'types'>,
  { limit = Infinity, signal }: GoldOptions,
): Promise<GoldStandard> {
  const known = new Set(types.map((type) => type.id));
  const source = new ExportSource(vault, { which: 'confirmed', schema: id });
  async function* read(): AsyncGenerator<GoldRecord> {
    let line = 0;
    for (const place of await source.places()) {
      if (signal.aborted) throw new Cancelled();
      const record = await source.read(place);
      if (!record?.confirmation || record.text === undefined) continue;
      const mentions = record.facts.filter(({ kind }) => kind === 'mention');
      const annotations = mentions.flatMap(({ type, start, end }) =>
        start === null || end === null || !known.has(type) ? [] : [{ label: type, start, end }],
      );
      yield {
        line: (line += 1),
        text: record.text,
        annotations,
        labels: new Set(annotations.map(({ label }) => label)),
        defects: mentions.length - annotations.length,
        ...(record.sections ? { sections: record.sections } : {}),
      };
      if (line >= limit) return;
    }
  }
  let records = 0;
  for await (const one of read()) records = one.line;
  const mapping = { name: signedName, types: new Map([...known].map((type) => [type, type])) };
  return { records, mapping, read };
}

/** What `chimed extract` writes of a record, read back, and as the writers of other formats take it. */
import * as z from 'zod';
import type { ExportedRecord } from '../domain/contract/export';
import { problemSchema } from '../domain/contract/errors';
import { runIdentitySchema, runStatusSchema } from '../domain/contract/extraction';
import { factSchema } from '../domain/contract/fact';
import { sectionSchema } from '../domain/contract/section';
import { recordName } from './deidentified-record';
import { recordLabel } from './record-label';

/** One object of the stable output; keys that are not known here are left alone. */
export const extractionResultLineSchema = z.object({
  version: z.literal(1),
  record: z.object({
    source: z.string().max(4096),
    row: z.int().positive().optional(),
    sha256: z.string().nullable(),
    caseId: z.string().max(200).optional(),
  }),
  deidentified: z.literal(true).optional(),
  text: z.string().optional(),
  status: runStatusSchema,
  problem: problemSchema.optional(),
  facts: z.array(factSchema),
  sections: z.array(sectionSchema).optional(),
  run: runIdentitySchema,
});
export type ExtractionResultLine = z.infer<typeof extractionResultLineSchema>;

/**
 * The result as exported: nobody has confirmed anything on a command line.
 *
 * @param number of the record among the input, from 1
 * @param text what the facts are of, where the caller has it
 */
export function exportedRecordOf(
  result: ExtractionResultLine,
  number: number,
  text = result.text,
): ExportedRecord {
  const { record, status, problem, run, facts, sections } = result;
  const deidentified = result.deidentified ?? false;
  return {
    id: recordName(number),
    ...(deidentified ? {} : { source: recordLabel(record.source, record.row) }),
    ...(record.caseId === undefined ? {} : { caseId: record.caseId }),
    textSha256: record.sha256,
    ...(text === undefined ? {} : { text }),
    deidentified,
    status,
    ...(problem ? { problem } : {}),
    run,
    facts: facts.map((fact) => ({ ...fact, standing: 'machine' })),
    ...(sections ? { sections } : {}),
    confirmation: null,
  };
}

/** What the journal holds of acts that the audit log has to know of, for the comparison at the opening. */
import * as z from 'zod';
import { AppError } from '../domain/contract/errors';
import { annotationSchemas } from '../domain/contract/annotation-schema';
import { deletionSchema, type JournalRow, type TableName } from '../domain/contract/record';
import { confirmationSchema, decidedBySchema, decisionSchema } from '../domain/contract/review';
import type { ConfirmedAct, StoredAct, StoredActs } from '../domain/contract/stored-act';
import { schemaRowSchema } from '../domain/contract/stored-schema';
import { openJson } from '../domain/sealing/row';
import type { Vault } from '../vault/vault';
import { openRowOfRecord } from './open-records';

/** Rows that are looked at in one answer; the journal ends a page at about 8 MB besides. */
const pageRows = 2_000;

/** Of a review only what is told; its facts need not be understood. */
const outlineSchema = z.object({
  recordId: z.string(),
  runId: z.string().nullable(),
  schema: z.string(),
  version: z.int().positive(),
  confirmation: confirmationSchema.nullable(),
  items: z.array(z.object({ decision: decisionSchema, review: decidedBySchema.optional() })),
});
export type ReviewOutline = z.infer<typeof outlineSchema>;

/** Of a run only the schema that it has frozen. */
const frozenSchema = z.object({
  run: z.object({ definition: z.object({ version: z.int().positive() }).optional() }),
});

/** What is told of a review that is confirmed; null for another one. */
export async function confirmedAct(
  vault: Vault,
  { recordId, confirmation, items, ...of }: ReviewOutline,
): Promise<ConfirmedAct | null> {
  if (!confirmation) return null;
  const accepted = items.filter(({ decision }) => decision === 'accepted');
  const bulk = accepted.some(({ review }) => review === 'bulk');
  const version = await schemaVersion(vault, of);
  const schema = { id: of.schema, ...(version === undefined ? {} : { version }) };
  return { kind: 'confirmed', recordId, confirmation, schema, facts: accepted.length, bulk };
}

/** As the run has frozen it; of what was marked by hand, as it is saved now. */
async function schemaVersion(
  vault: Vault,
  { runId, schema }: Pick<ReviewOutline, 'runId' | 'schema'>,
): Promise<number | undefined> {
  const template = annotationSchemas.find(({ id }) => id === schema);
  if (template) return template.version;
  const run = runId === null ? null : await rowOf(vault, 'run', runId, frozenSchema);
  if (run?.run.definition) return run.run.definition.version;
  const saved = await rowOf(vault, 'schema', schema, schemaRowSchema);
  return saved?.kind === 'schema' ? saved.schema.version : undefined;
}

/** Null where there is none that can be opened: the act is told all the same. */
async function rowOf<T>(
  vault: Vault,
  table: TableName,
  id: string,
  schema: z.ZodType<T>,
): Promise<T | null> {
  const row = await vault.journal.latest(table, id).catch((error: unknown) => {
    if (error instanceof AppError) return null;
    throw error;
  });
  return row && opened(vault, row, schema);
}

/**
 * Acts in the rows behind `after`, those of one page. A record whose key was destroyed or lost has nothing to
 * tell any more.
 *
 * @throws AppError what the journal throws
 */
export async function storedActs(vault: Vault, after: number): Promise<StoredActs> {
  const { rows, upTo } = await vault.journal.read(after, pageRows);
  const reviews = new Map<string, JournalRow[]>();
  const found: { readonly seq: number; readonly act: StoredAct }[] = [];
  for (const row of rows) {
    if (row.table === 'review') reviews.set(row.id, [...(reviews.get(row.id) ?? []), row]);
    if (row.table !== 'deletion') continue;
    const act = await shredded(vault, row);
    if (act) found.push({ seq: row.seq, act });
  }
  for (const versions of reviews.values()) {
    for (const row of versions.reverse()) {
      const outline = opened(vault, row, outlineSchema);
      const act = outline && (await confirmedAct(vault, outline));
      if (act) found.push({ seq: row.seq, act });
      // A confirmation is the last row of its version: behind the first one there is nothing.
      if (outline?.version === 1) break;
    }
  }
  found.sort((a, b) => a.seq - b.seq);
  return { acts: found.map(({ act }) => act), upTo };
}

/** Null where the record is still there: then only what quoted it is gone. */
async function shredded(vault: Vault, row: JournalRow): Promise<StoredAct | null> {
  const { row: key, keyId } = vault.keys;
  const { recordId, at, by } = await openJson(key, keyId, row, row.sealed, deletionSchema);
  if (vault.journal.keyIdOf('record', recordId) !== null) return null;
  return { kind: 'record-shredded', recordId, at, by };
}

function opened<T>(vault: Vault, row: JournalRow, schema: z.ZodType<T>): T | null {
  try {
    return openRowOfRecord(vault, row, schema);
  } catch (error) {
    if (error instanceof AppError) return null;
    throw error;
  }
}

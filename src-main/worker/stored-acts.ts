/** What the journal holds of acts that the audit log has to know of, for the comparison at the opening. */
import * as z from 'zod';
import { AppError } from '../domain/contract/errors';
import { deletionSchema, type JournalRow } from '../domain/contract/record';
import { confirmationSchema, decidedBySchema, decisionSchema } from '../domain/contract/review';
import type { ConfirmedAct, StoredAct, StoredActs } from '../domain/contract/stored-act';
import { openJson } from '../domain/sealing/row';
import type { Vault } from '../vault/vault';
import { openRowOfRecord } from './open-records';

/** Rows that are looked at in one answer; the journal ends a page at about 8 MB besides. */
const pageRows = 2_000;

/** Of a review only what is told; its facts need not be understood. */
const outlineSchema = z.object({
  recordId: z.string(),
  version: z.int().positive(),
  confirmation: confirmationSchema.nullable(),
  items: z.array(z.object({ decision: decisionSchema, review: decidedBySchema.optional() })),
});
export type ReviewOutline = z.infer<typeof outlineSchema>;

/** What is told of a review that is confirmed; null for another one. */
export function confirmedAct({
  recordId,
  confirmation,
  items,
}: Omit<ReviewOutline, 'version'>): ConfirmedAct | null {
  if (!confirmation) return null;
  const accepted = items.filter(({ decision }) => decision === 'accepted');
  const bulk = accepted.some(({ review }) => review === 'bulk');
  return { kind: 'confirmed', recordId, confirmation, facts: accepted.length, bulk };
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
      const outline = outlineOf(vault, row);
      const act = outline && confirmedAct(outline);
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

function outlineOf(vault: Vault, row: JournalRow): ReviewOutline | null {
  try {
    return openRowOfRecord(vault, row, outlineSchema);
  } catch (error) {
    if (error instanceof AppError) return null;
    throw error;
  }
}

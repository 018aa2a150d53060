/** The vault's records as exports take them: with a review, or else their newest run. */
import { AppError } from '../domain/contract/errors';
import type { ExportedFact, ExportedRecord, ExportSelection } from '../domain/contract/export';
import {
  recordHeadSchema,
  recordTextSchema,
  storedRunSchema,
  type StoredRun,
  type TableName,
} from '../domain/contract/record';
import { storedReviewSchema, type ReviewItem, type StoredReview } from '../domain/contract/review';
import { storedSectionsSchema } from '../domain/contract/section';
import type { Vault } from '../vault/vault';
import { latestRow } from './sealed-rows';

/** A record that is to be exported, by what little is known of it. */
interface Place {
  readonly recordId: string;
  readonly createdAt: number;
  readonly caseId: string | undefined;
}

export class ExportSource {
  readonly #vault: Vault;
  readonly #selection: ExportSelection;
  /** Ids of rows by the key of the record that they are of: no row has to be opened to find it. */
  readonly #rows = new Map<TableName, Map<string, string[]>>();

  constructor(vault: Vault, selection: ExportSelection) {
    this.#vault = vault;
    this.#selection = selection;
  }

  /**
   * The chosen records outside of the bin, oldest first; those of a case together if wanted.
   *
   * @throws AppError what the journal throws
   */
  async places({ byCase = false } = {}): Promise<readonly Place[]> {
    const ids = this.#selection.recordIds ?? this.#vault.journal.idsOf('record');
    const places: Place[] = [];
    for (const recordId of new Set(ids)) {
      const head = await latestRow(this.#vault, 'record', recordId, recordHeadSchema);
      if (!head || head.value.deletedAt !== null) continue;
      const { createdAt, caseId } = head.value;
      places.push({ recordId, createdAt, caseId });
    }
    places.sort((a, b) => a.createdAt - b.createdAt || (a.recordId < b.recordId ? -1 : 1));
    return byCase ? together(places) : places;
  }

  /**
   * Null for a record that has neither review nor run, was deleted meanwhile, or is not in the selection.
   *
   * @throws AppError what the journal throws
   */
  async read({ recordId }: Place): Promise<ExportedRecord | null> {
    const head = await latestRow(this.#vault, 'record', recordId, recordHeadSchema);
    if (!head || head.value.deletedAt !== null) return null;
    const keyId = head.key.keyId;
    const runs = (await this.#all('run', keyId, storedRunSchema)).filter(
      (run) => run.recordId === recordId && this.#fits(run.run.schema),
    );
    const runOf = ({ runId }: StoredReview) => runs.find(({ id }) => id === runId);
    const reviews = (await this.#all('review', keyId, storedReviewSchema)).filter(
      (one) => one.recordId === recordId && this.#fits(one.schema) && runOf(one) !== undefined,
    );
    const review = currentReview(reviews, this.#selection.which);
    const run = review ? runOf(review) : runs.reduce<StoredRun | undefined>(newer, undefined);
    if (!run) return null;
    const textSha256 = review?.textSha256 ?? run.textSha256;
    const textId = this.#vault.textId(recordId, textSha256);
    const text = await latestRow(this.#vault, 'text', textId, recordTextSchema);
    if (!text) throw new AppError('STORE_CORRUPT');
    const corrected = (await this.#all('sections', keyId, storedSectionsSchema)).find(
      (one) => one.recordId === recordId && one.textSha256 === textSha256,
    );
    return {
      id: recordId,
      source: head.value.title,
      ...(head.value.caseId === undefined ? {} : { caseId: head.value.caseId }),
      textSha256,
      text: text.value.text,
      deidentified: false,
      status: run.status,
      ...(run.problem ? { problem: run.problem } : {}),
      run: run.run,
      facts: review
        ? review.items.flatMap((item) => exportedFact(item) ?? [])
        : run.facts.map((fact) => ({ ...fact, standing: 'machine' })),
      ...(corrected ? { sections: corrected.sections } : {}),
      confirmation: review?.confirmation ?? null,
    };
  }

  /** Schemas that a record has runs under. */
  async schemasOf({ recordId }: Place): Promise<ReadonlySet<string>> {
    const keyId = this.#vault.journal.keyIdOf('record', recordId);
    const runs = keyId === null ? [] : await this.#all('run', keyId, storedRunSchema);
    return new Set(runs.filter((run) => run.recordId === recordId).map(({ run }) => run.schema));
  }

  #fits(schema: string): boolean {
    return this.#selection.schema === undefined || this.#selection.schema === schema;
  }

  async #all<T>(
    table: TableName,
    keyId: string,
    schema: Parameters<typeof latestRow<T>>[3],
  ): Promise<T[]> {
    const all: T[] = [];
    for (const id of this.#idsByKey(table).get(keyId) ?? []) {
      const row = await latestRow(this.#vault, table, id, schema);
      if (row) all.push(row.value);
    }
    return all;
  }

  #idsByKey(table: TableName): Map<string, string[]> {
    const known = this.#rows.get(table);
    if (known) return known;
    const byKey = new Map<string, string[]>();
    const { journal } = this.#vault;
    for (const id of journal.idsOf(table)) {
      const keyId = journal.keyIdOf(table, id);
      if (keyId === null) continue;
      const ids = byKey.get(keyId);
      if (ids) ids.push(id);
      else byKey.set(keyId, [id]);
    }
    this.#rows.set(table, byKey);
    return byKey;
  }
}

/**
 * A signed adjudication wins over the first review; a blind second one is no result. Then the one that was
 * changed last, of whichever schema; where only confirmed ones are wanted, among those.
 */
function currentReview(
  reviews: readonly StoredReview[],
  which: ExportSelection['which'],
): StoredReview | undefined {
  const rank = ({ role }: StoredReview): number => (role === 'adjudication' ? 1 : 0);
  return reviews
    .filter(({ role, confirmation }) =>
      role === 'primary'
        ? which === 'all' || confirmation
        : role === 'adjudication' && confirmation,
    )
    .sort((a, b) => rank(b) - rank(a) || b.updatedAt - a.updatedAt || b.version - a.version)[0];
}

function newer(one: StoredRun | undefined, other: StoredRun): StoredRun {
  return one && one.startedAt > other.startedAt ? one : other;
}

/** Null for what a doctor rejected. */
function exportedFact({
  fact,
  origin,
  machine,
  decision,
  review,
}: ReviewItem): ExportedFact | null {
  if (decision === 'rejected') return null;
  if (decision === 'pending') return { ...fact, standing: 'machine' };
  const standing = origin === 'doctor' ? 'added' : machine ? 'edited' : 'accepted';
  return { ...fact, standing, ...(review ? { review } : {}) };
}

/** Cases in the order of their first record. */
function together(places: readonly Place[]): Place[] {
  const cases = new Map<string, Place[]>();
  const ordered: Place[][] = [];
  for (const place of places) {
    const known = place.caseId === undefined ? undefined : cases.get(place.caseId);
    if (known) known.push(place);
    else {
      const made = [place];
      if (place.caseId !== undefined) cases.set(place.caseId, made);
      ordered.push(made);
    }
  }
  return ordered.flat();
}

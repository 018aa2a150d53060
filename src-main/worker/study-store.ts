/**
 * Samples for research: drawn, reviewed blind by a second doctor, compared, adjudicated. Everything that
 * makes the second review a blind one is held here, where no window can go round it: who may do it, what
 * it begins with, and that nothing is compared before it is done.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { AppError } from '../domain/contract/errors';
import { recordHeadSchema } from '../domain/contract/record';
import { storedReviewSchema, type ReviewItem, type StoredReview } from '../domain/contract/review';
import {
  maxSampleRecords,
  storedStudySchema,
  type SampledRecord,
  type StoredStudy,
  type StudyOverview,
  type StudyProgress,
} from '../domain/contract/study';
import { disputesOf, mayAdjudicate, startAdjudication } from '../domain/review/adjudication';
import { sameJson } from '../domain/review/canonical-json';
import { isPrimaryId, itemOfRun } from '../domain/review/review';
import { sampleOf } from '../domain/rules/agreement';
import { agreementOf } from '../domain/rules/agreement-report';
import type { Vault } from '../vault/vault';
import { latestRow, openRow, type Committed } from './sealed-rows';
import { methodsOf } from './study-methods';
import { studiedRecord, type StudiedRecord } from './study-records';
import { WorkStore } from './work-store';

/** A sample of 2,000 records with an agreement of 200 types, with room to spare. */
const maxStudyChars = 4_000_000;

export interface StudyStoreOptions {
  readonly vault: Vault;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Opaque id of who works with it; null where nobody signed in. */
  readonly userId: string | null;
}

export class StudyStore {
  readonly #vault: Vault;
  readonly #now: () => number;
  readonly #userId: string | null;
  readonly #rows: WorkStore<StoredStudy>;

  constructor({ vault, now, userId }: StudyStoreOptions) {
    this.#vault = vault;
    this.#now = now;
    this.#userId = userId;
    this.#rows = new WorkStore({
      ...{ vault, now, userId, table: 'study', schema: storedStudySchema },
      maxChars: maxStudyChars,
    });
  }

  /** All samples, the newest first. @throws AppError what the journal throws */
  async list(): Promise<StoredStudy[]> {
    const studies: StoredStudy[] = [];
    for (const id of this.#vault.journal.idsOf('study')) {
      const row = await latestRow(this.#vault, 'study', id, storedStudySchema);
      if (row && row.value.deletedAt === null) studies.push(row.value);
    }
    return studies.sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1));
  }

  /** How many records a sample of this schema can be drawn from. @throws AppError of the journal */
  async population(schema: string): Promise<number> {
    return (await this.#confirmed(schema)).length;
  }

  /**
   * Draws a random sample of the records that are confirmed under a schema.
   *
   * @param size number of records; all where there are fewer
   * @throws AppError `FORBIDDEN_ROLE` in a trial; `SAMPLE_EMPTY`; and what the journal throws
   */
  async draw(schema: string, size: number): Promise<Committed & { readonly studyId: string }> {
    if (this.#userId === null) throw new AppError('FORBIDDEN_ROLE');
    const confirmed = await this.#confirmed(schema);
    if (confirmed.length === 0) throw new AppError('SAMPLE_EMPTY');
    const seed = randomBytes(8).toString('hex');
    const byId = new Map(confirmed.map((each) => [each.recordId, each]));
    const ids = sampleOf([...byId.keys()], Math.min(size, maxSampleRecords), seed);
    const id = randomUUID();
    const at = this.#now();
    const { seq } = await this.#rows.save(
      {
        ...{ id, schema, seed, recordId: null, createdAt: at, updatedAt: at, deletedAt: null },
        population: confirmed.length,
        records: ids.flatMap((recordId) => byId.get(recordId) ?? []),
        ...{ second: null, result: null },
      },
      0,
    );
    return { studyId: id, seq };
  }

  /**
   * Makes who is signed in the second reviewer of a sample, or lets them go on.
   *
   * @throws AppError `FORBIDDEN_ROLE`; `RECORD_NOT_FOUND`; `SAMPLE_NOT_BLIND` for who confirmed a first
   *   review of it; `SAMPLE_TAKEN` where it is somebody else; and what the journal throws
   */
  async begin(id: string): Promise<Committed> {
    const { value, version, seq } = await this.#study(id);
    const userId = this.#userId;
    if (userId === null) throw new AppError('FORBIDDEN_ROLE');
    if (value.second === userId) return { seq };
    if (value.second !== null) throw new AppError('SAMPLE_TAKEN');
    if (value.records.some(({ first }) => first.by === userId)) {
      throw new AppError('SAMPLE_NOT_BLIND');
    }
    return this.#rows.save({ ...value, second: userId }, version);
  }

  /**
   * Computes how far the two reviews agree, once, when both are done.
   *
   * @throws AppError `FORBIDDEN_ROLE`; `RECORD_NOT_FOUND`; `SAMPLE_NOT_READY` while a record waits;
   *   `SAMPLE_EMPTY` where none is left; and what the journal throws
   */
  async compare(id: string): Promise<Committed> {
    const { value, version, seq } = await this.#study(id);
    if (this.#userId === null) throw new AppError('FORBIDDEN_ROLE');
    if (value.result) return { seq };
    const records = await this.#records(value);
    if (records.length === 0) throw new AppError('SAMPLE_EMPTY');
    const twice = records.map(({ first, second, chars }) => {
      if (!second?.confirmation) throw new AppError('SAMPLE_NOT_READY');
      return { first: first.items, second: second.items, chars };
    });
    const result = { at: this.#now(), agreement: agreementOf(twice) };
    return this.#rows.save({ ...value, result }, version);
  }

  /**
   * Lets reviewers of a record also adjudicate it, for good, where there is no third person.
   *
   * @throws AppError `FORBIDDEN_ROLE` for anyone but who drew the sample; `RECORD_NOT_FOUND`; and what the
   *   journal throws
   */
  async allowOwn(id: string): Promise<Committed> {
    const { value, version, seq } = await this.#study(id);
    const by = this.#userId;
    if (by === null || by !== (await this.#drawnBy(id))) throw new AppError('FORBIDDEN_ROLE');
    if (value.ownAllowed) return { seq };
    return this.#rows.save({ ...value, ownAllowed: { by, at: this.#now() } }, version);
  }

  /** How far a sample has come. @throws AppError `RECORD_NOT_FOUND`, and what the journal throws */
  async overview(id: string): Promise<StudyOverview> {
    const { value: study } = await this.#study(id);
    const records = await this.#records(study);
    const byId = new Map(records.map((record) => [record.sampled.recordId, record]));
    return {
      ...{ study, drawnBy: await this.#drawnBy(id) },
      records: study.records.map(({ recordId }) =>
        progressOfRecord(recordId, byId.get(recordId), study.result !== null),
      ),
      // Before, it would tell the second reviewer of the first.
      methods: study.result ? methodsOf(records) : null,
    };
  }

  /**
   * Whether a review may be saved as part of its sample, or apart from any.
   *
   * @returns items that it begins with and that nobody decided in it; none where it is apart from any
   * @throws AppError `BAD_REQUEST` for what does not begin where its role begins; `SAMPLE_TAKEN` for
   *   another reviewer than the second one; `SAMPLE_NOT_READY` for an adjudication that comes too early;
   *   `SAMPLE_OWN_REVIEW` for one by a reviewer of the record, unless who drew the sample allowed it;
   *   `REVIEW_LOCKED` for a second version; `RECORD_NOT_FOUND`; and what the journal throws
   */
  async checkReview(review: StoredReview): Promise<readonly ReviewItem[]> {
    if (review.role === 'primary' && review.study === undefined) return [];
    if (review.role === 'primary' || review.study === undefined) throw new AppError('BAD_REQUEST');
    if (review.version > 1) throw new AppError('REVIEW_LOCKED');
    const { value: study } = await this.#study(review.study);
    const sampled = study.records.find(({ recordId }) => recordId === review.recordId);
    if (!sampled || this.#userId === null) throw new AppError('BAD_REQUEST');
    const record = await studiedRecord(this.#vault, study, sampled);
    if (!record) throw new AppError('RECORD_NOT_FOUND');
    if (review.runId !== sampled.runId || review.schema !== study.schema) {
      throw new AppError('BAD_REQUEST');
    }
    if (review.role === 'second') {
      if (study.second !== this.#userId) throw new AppError('SAMPLE_TAKEN');
      const { run } = record;
      const start = run.facts.map((fact, index) => itemOfRun(run.id, index, fact));
      if (!beginsWith(review.items, start)) throw new AppError('BAD_REQUEST');
      return start;
    } else {
      if (!study.result || !record.second) throw new AppError('SAMPLE_NOT_READY');
      if (!mayAdjudicate(study, review.recordId, this.#userId)) {
        throw new AppError('SAMPLE_OWN_REVIEW');
      }
      const actor = { at: 0, by: '' };
      const start = startAdjudication(record.first, record.second, study.id, actor);
      if (!beginsWith(review.items, start.items)) throw new AppError('BAD_REQUEST');
      return start.items;
    }
  }

  async #study(id: string) {
    const row = await latestRow(this.#vault, 'study', id, storedStudySchema);
    if (!row) throw new AppError('RECORD_NOT_FOUND');
    return row;
  }

  /** Of its first version; a row names who saved it last. */
  async #drawnBy(id: string): Promise<string | null> {
    const [first] = await this.#vault.journal.versions('study', id);
    if (!first) throw new AppError('RECORD_NOT_FOUND');
    return (await openRow(this.#vault, first, storedStudySchema)).value.by ?? null;
  }

  async #records(study: StoredStudy): Promise<StudiedRecord[]> {
    const records: StudiedRecord[] = [];
    for (const sampled of study.records) {
      const record = await studiedRecord(this.#vault, study, sampled);
      if (record) records.push(record);
    }
    return records;
  }

  /** Records outside the bin whose first review under the schema is confirmed as it stands now. */
  async #confirmed(schema: string): Promise<SampledRecord[]> {
    const found: SampledRecord[] = [];
    for (const id of this.#vault.journal.idsOf('review')) {
      if (!isPrimaryId(id)) continue;
      const review = (await latestRow(this.#vault, 'review', id, storedReviewSchema))?.value;
      if (!review?.confirmation || review.schema !== schema || review.runId === null) continue;
      const { recordId, textSha256, runId, confirmation } = review;
      const head = await latestRow(this.#vault, 'record', recordId, recordHeadSchema);
      if (!head || head.value.deletedAt !== null || head.value.textSha256 !== textSha256) continue;
      const { by, contentSha256 } = confirmation;
      found.push({ recordId, textSha256, runId, first: { by, contentSha256 } });
    }
    return found;
  }
}

/** Nothing that was there may be missing or be another one, and nothing but a doctor's own may be added. */
function beginsWith(items: readonly ReviewItem[], start: readonly ReviewItem[]): boolean {
  const said = (item: ReviewItem | undefined): unknown => item && (item.machine ?? item.fact);
  const byId = new Map(items.map((item) => [item.id, item]));
  const known = new Set(start.map(({ id }) => id));
  return (
    items.every(({ id, origin }) => known.has(id) || origin === 'doctor') &&
    start.every((item) => {
      const now = byId.get(item.id);
      if (item.origin === 'doctor') return !now || now.origin === 'doctor';
      return now?.origin === 'model' && sameJson(said(now), said(item));
    })
  );
}

function progressOfRecord(
  recordId: string,
  record: StudiedRecord | undefined,
  isCompared: boolean,
): StudyProgress {
  if (!record) return { recordId, second: 'gone', disputes: null, adjudication: 'none' };
  const { first, second, adjudication } = record;
  const stateOf = (review: StoredReview | null) => (review?.confirmation ? 'done' : 'begun');
  return {
    recordId,
    second: second ? stateOf(second) : 'open',
    disputes: isCompared && second ? disputesOf(first.items, second.items).length : null,
    adjudication: adjudication ? stateOf(adjudication) : 'none',
  };
}

/**
 * Records, their texts and their runs, as sealed rows of the journal. Every method resolves when
 * what it wrote is committed.
 */
import { hash, randomUUID } from 'node:crypto';
import { AppError } from '../domain/contract/errors';
import { defaultPolicy, deletableFrom, type DeletionRule } from '../domain/contract/policy';
import { maxRecordChars } from '../domain/contract/extraction';
import {
  recordHeadSchema,
  storedRunSchema,
  type JournalRow,
  type RecordHead,
  type RecordSource,
  type StoredRun,
  type TableName,
} from '../domain/contract/record';
import { storedReviewSchema, type StoredReview } from '../domain/contract/review';
import { storedReplySchema, type StoredReply } from '../domain/contract/conversation';
import type { StoredConversation, StoredQuickQuestions } from '../domain/contract/conversation';
import {
  storedSectionsSchema,
  type Section,
  type StoredSections,
} from '../domain/contract/section';
import { isWellFormed, toWellFormed } from '../domain/text/well-formed';
import { backUp } from '../vault/backup';
import type { Journal, NewRow, RowClaim } from '../vault/journal';
import type { OnProgress } from '../vault/journal-rewrite';
import type { RecordKey } from '../vault/record-keys';
import type { Vault } from '../vault/vault';
import type { Answer, Question } from './control';
import { conversationStore, quickQuestionStore } from './conversation-stores';
import { Duplicates } from './duplicates';
import { SchemaStore } from './schema-store';
import { StudyStore } from './study-store';
import { latestRow, openRow, sealedRow, type Committed, type Stored } from './sealed-rows';
import { isFileOf, replyStore } from './reply-store';
import { checkSchemaOfPrimary } from './primary-reviews';
import { checkMakers, clockTolerance } from './review-makers';
import { checkReview, type Signer } from './review-rows';
import { openRecord } from './open-records';
import { RecordSearch } from './record-search';
import { storedActs } from './stored-acts';
import { Turns } from './turns';
import { recordsOf, type WorkStore } from './work-store';

export interface StoreOptions {
  readonly vault: Vault;
  /** Milliseconds since the epoch. Defaults to the system's clock. */
  readonly now?: () => number;
  /** Opaque id of who works with it; null where nobody signed in. */
  readonly userId?: string | null;
  /** Their signing key, without which no confirmation is taken. Defaults to none. */
  readonly signPublic?: string | null;
  /** Defaults to what holds without a policy. */
  readonly deletion?: DeletionRule;
  /** Whether several facts may be accepted by one act. Defaults to yes. */
  readonly bulkAllowed?: boolean;
}

/** A row that was saved over the version that it was made of. */
export interface SavedVersion extends Committed {
  /** Of the row. */
  readonly version: number;
}

export class RecordStore {
  readonly #vault: Vault;
  readonly #journal: Journal;
  readonly #now: () => number;
  readonly #turns = new Turns();
  readonly #duplicates: Duplicates;
  readonly #userId: string | null;
  readonly #signer: Signer | null;
  readonly #deletion: DeletionRule;
  readonly #bulkAllowed: boolean;
  readonly schemas: SchemaStore;
  /** Drafted replies; they are saved by `saveReply`. */
  readonly replies: Omit<WorkStore<StoredReply>, 'save'>;
  readonly #replies: WorkStore<StoredReply>;
  /** Questions with their answers; they are saved by `saveConversation`. */
  readonly conversations: Omit<WorkStore<StoredConversation>, 'save'>;
  readonly #conversations: WorkStore<StoredConversation>;
  readonly questions: WorkStore<StoredQuickQuestions>;
  readonly studies: StudyStore;
  readonly search: RecordSearch;

  constructor({ vault, now, userId, signPublic, deletion, bulkAllowed }: StoreOptions) {
    this.#vault = vault;
    this.#journal = vault.journal;
    this.#now = now ?? Date.now;
    this.#duplicates = new Duplicates(vault);
    this.search = new RecordSearch(vault, this.#turns);
    this.#userId = userId ?? null;
    this.#signer = userId && signPublic ? { userId, signPublic } : null;
    this.#deletion = deletion ?? defaultPolicy.retention;
    this.#bulkAllowed = bulkAllowed ?? defaultPolicy.review.bulkAllowed;
    const parts = { vault, now: this.#now, userId: this.#userId };
    this.schemas = new SchemaStore(parts);
    this.#replies = replyStore(parts, this.#signer);
    this.replies = this.#replies;
    this.#conversations = conversationStore(parts);
    this.conversations = this.#conversations;
    this.questions = quickQuestionStore(parts);
    this.studies = new StudyStore(parts);
  }

  /**
   * Saves a new record under a key of its own. Its text is its own too: what is shared by two records
   * could not be deleted with one of them.
   *
   * @param input.text the original text; lone surrogates become U+FFFD, and the source says so
   * @param input.recordId where the caller has noted it before: asked again after an interruption, the
   *   record is made once. Defaults to a new one
   * @throws AppError `EMPTY_TEXT`, `TEXT_TOO_LARGE`, and what the journal throws
   */
  async create(input: {
    readonly title: string;
    readonly text: string;
    readonly source: RecordSource;
    readonly caseId?: string | undefined;
    readonly recordId?: string | undefined;
  }): Promise<Committed & { readonly recordId: string; readonly isNew: boolean }> {
    if (input.text.trim() === '') throw new AppError('EMPTY_TEXT');
    if (input.text.length > maxRecordChars) {
      throw new AppError('TEXT_TOO_LARGE', {
        params: { chars: input.text.length, limit: maxRecordChars },
      });
    }
    const text = toWellFormed(input.text);
    const textSha256 = sha256Of(text);
    const recordId = input.recordId ?? randomUUID();
    if (input.recordId !== undefined) {
      const seq = await this.#seqOf(recordId);
      if (seq !== null) return { recordId, seq, isNew: false };
    }
    const textId = this.#vault.textId(recordId, textSha256);
    const createdAt = this.#now();
    const head: RecordHead = {
      title: toWellFormed(input.title),
      createdAt,
      updatedAt: createdAt,
      deletedAt: null,
      textId,
      textSha256,
      chars: text.length,
      source: isWellFormed(input.text) ? input.source : withReplacementNotice(input.source),
      ...(input.caseId === undefined ? {} : { caseId: toWellFormed(input.caseId) }),
      ...this.#by(),
    };
    const key = await this.#vault.takeKey();
    const signature = this.search.row(key, recordId, [head.title, text]);
    const seq = await this.#append([
      sealedRow(key, 'text', textId, 1, { text }),
      sealedRow(key, 'record', recordId, 1, head),
      signature,
    ]);
    this.search.saved(signature);
    this.#duplicates.add(recordId, textSha256, head.caseId);
    return { recordId, seq, isNew: true };
  }

  /**
   * The text that a record has now, and its sections where a person corrected them.
   *
   * @throws AppError `RECORD_NOT_FOUND`, `RECORD_IN_BIN`, and as `openRecord`
   */
  text(recordId: string): Promise<{
    readonly text: string;
    readonly textSha256: string;
    readonly sections?: readonly Section[];
  }> {
    // Not while it is being deleted for good: what was read then would outlive it.
    return this.#turns.take(`record ${recordId}`, async () => {
      const record = await openRecord(this.#vault, recordId);
      if (!record) throw new AppError('RECORD_NOT_FOUND');
      if (record.head.deletedAt !== null) throw new AppError('RECORD_IN_BIN');
      const { textSha256 } = record.head;
      const corrected = await latestRow(this.#vault, 'sections', recordId, storedSectionsSchema);
      const isOfText = corrected?.value.textSha256 === textSha256;
      return {
        ...{ text: record.text, textSha256 },
        ...(isOfText ? { sections: corrected.value.sections } : {}),
      };
    });
  }

  /** @throws AppError `RECORD_NOT_FOUND`, and what the journal throws */
  rename(recordId: string, title: string): Promise<Committed> {
    return this.#change(recordId, () => ({ title: toWellFormed(title) }));
  }

  /** Puts a record in the bin; nothing is erased. Already there: nothing is written. @throws as `rename` */
  delete(recordId: string): Promise<Committed> {
    return this.#change(recordId, (head) =>
      head.deletedAt === null ? { deletedAt: this.#now() } : null,
    );
  }

  /** Takes a record out of the bin. @throws as `rename` */
  restore(recordId: string): Promise<Committed> {
    return this.#change(recordId, (head) => (head.deletedAt === null ? null : { deletedAt: null }));
  }

  /**
   * Saves a finished run. A run never changes: the same run again is answered with its first commit.
   * A record in the bin still takes its run, because deleting can be undone.
   *
   * @throws AppError `RECORD_NOT_FOUND`; `VERSION_CONFLICT` when the record does not have the run's
   *   text, or another run has its id; and what the journal throws
   */
  saveRun(run: StoredRun): Promise<Committed> {
    return this.#turns.take(`record ${run.recordId}`, async () => {
      const record = await latestRow(this.#vault, 'record', run.recordId, recordHeadSchema);
      if (!record) throw new AppError('RECORD_NOT_FOUND');
      if (record.value.textSha256 !== run.textSha256) throw new AppError('VERSION_CONFLICT');
      // An id that another record's run had, or a deleted one: it is never used again.
      if (this.#journal.latestVersion('run', run.id) > 0) {
        const saved = await latestRow(this.#vault, 'run', run.id, storedRunSchema);
        if (!saved) throw new AppError('VERSION_CONFLICT');
        if (JSON.stringify(saved.value) === JSON.stringify(storedRunSchema.parse(run))) {
          return { seq: saved.seq };
        }
        throw new AppError('VERSION_CONFLICT');
      }
      return { seq: await this.#append([sealedRow(record.key, 'run', run.id, 1, run)]) };
    });
  }

  /**
   * Saves a review over the version of its row that it was made of.
   *
   * @param base version of the row; 0 where there is none yet
   * @returns the row, and whether a confirmed review was taken up again with it
   * @throws AppError `RECORD_NOT_FOUND`; `VERSION_CONFLICT` when the row or the text is another one by
   *   now; those of `checkReview`, `checkSchemaOfPrimary`, `StudyStore.checkReview` and `checkMakers`; and
   *   what the journal throws
   */
  saveReview(
    review: StoredReview,
    base: number,
  ): Promise<SavedVersion & { readonly amends: boolean }> {
    return this.#turns.take(`record ${review.recordId}`, async () => {
      const record = await this.#ofText(review);
      const before = await latestRow(this.#vault, 'review', review.id, storedReviewSchema);
      if ((before?.version ?? 0) !== base) throw new AppError('VERSION_CONFLICT');
      const now = this.#now();
      await checkReview(review, before?.value ?? null, {
        ...{ userId: this.#userId, latest: now + clockTolerance },
        signer: this.#signer,
        bulkAllowed: this.#bulkAllowed,
      });
      await checkSchemaOfPrimary(this.#vault, review, before?.value ?? null);
      const begun = await this.studies.checkReview(review);
      await checkMakers(review, {
        ...{ userId: this.#userId, now },
        known: [...(before?.value.items ?? []), ...begun],
        stored: () => this.#versionsOf(review.id),
      });
      const updatedAt = Math.max(now, before?.value.updatedAt ?? 0);
      const by = this.#userId ?? undefined;
      const saved = await this.#saveOver(record.key, 'review', review.id, {
        ...review,
        updatedAt,
        by,
      });
      return { ...saved, amends: before !== null && before.value.version < review.version };
    });
  }

  /**
   * Saves a drafted reply over the version that it was made of; see `WorkStore.save`.
   *
   * @throws AppError as `WorkStore.save` and of what an approval demands
   */
  saveReply(reply: StoredReply, base: number): Promise<SavedVersion> {
    return this.#inTurnOf(recordsOf(reply), () => this.#replies.save(reply, base));
  }

  /** Saves questions with their answers over the version that they were made of. @throws AppError as `WorkStore.save` */
  saveConversation(conversation: StoredConversation, base: number): Promise<SavedVersion> {
    return this.#inTurnOf(recordsOf(conversation), () =>
      this.#conversations.save(conversation, base),
    );
  }

  /**
   * That what is to be written is exactly the file of a reply that a doctor approved.
   *
   * @throws AppError `REPLY_NOT_APPROVED`
   */
  async demandApprovedReply(replyId: string, text: string): Promise<void> {
    const stored = await latestRow(this.#vault, 'reply', replyId, storedReplySchema);
    if (!stored || !isFileOf(stored.value, text)) throw new AppError('REPLY_NOT_APPROVED');
  }

  async #versionsOf(reviewId: string): Promise<StoredReview[]> {
    const versions: StoredReview[] = [];
    for (const row of await this.#journal.versions('review', reviewId)) {
      versions.push((await openRow(this.#vault, row, storedReviewSchema)).value);
    }
    return versions;
  }

  /** Each version of a review as it stood last, oldest first, still sealed. @throws as `history` */
  async reviewHistory(reviewId: string): Promise<JournalRow[]> {
    const last = new Map<number, JournalRow>();
    for (const row of await this.#journal.versions('review', reviewId)) {
      const { version } = (await openRow(this.#vault, row, storedReviewSchema)).value;
      last.set(version, row);
    }
    return [...last.values()];
  }

  /**
   * Saves the sections of a record's text as a person corrected them.
   *
   * @param base as of `saveReview`
   * @throws AppError `RECORD_NOT_FOUND`; `VERSION_CONFLICT` as `saveReview`; `BAD_REQUEST` for sections
   *   that are not in order inside the text; and what the journal throws
   */
  saveSections(sections: StoredSections, base: number): Promise<SavedVersion> {
    return this.#turns.take(`record ${sections.recordId}`, async () => {
      const record = await this.#ofText(sections);
      const { recordId } = sections;
      if (this.#journal.latestVersion('sections', recordId) !== base) {
        throw new AppError('VERSION_CONFLICT');
      }
      if (!areInOrder(sections, record.value.chars)) throw new AppError('BAD_REQUEST');
      const value = { ...sections, at: this.#now(), by: this.#userId ?? undefined };
      return this.#saveOver(record.key, 'sections', recordId, value);
    });
  }

  /**
   * Deletes a record for good: its key is destroyed, and with it every row of the record wherever it
   * was copied to, but for backups, which hold their own copy of the key. So are those of conversations
   * that quote it beside other records.
   *
   * @param demandFree throws where its words are elsewhere; whoever wants its text after that waits until it
   *   is gone. Defaults to nowhere else
   * @throws AppError `RECORD_NOT_FOUND`, also when it was done before; `POLICY_FORBIDS` when the policy
   *   does, or its term in the bin is not over; and what `demandFree` and the journal throw
   */
  shred(
    recordId: string,
    demandFree: () => Promise<void> = () => Promise.resolve(),
  ): Promise<Committed> {
    return this.#turns.take(`record ${recordId}`, async () => {
      await demandFree();
      // By the row's address alone, so that a record whose key is damaged can be deleted too.
      const keyId = this.#journal.keyIdOf('record', recordId);
      if (keyId === null) throw new AppError('RECORD_NOT_FOUND');
      if (!(await this.#mayShred(recordId))) throw new AppError('POLICY_FORBIDS');
      const deletion = { recordId, at: this.#now(), by: this.#userId };
      // First what quotes it: interrupted here, the record is still there to be deleted again.
      for (const about of await this.conversations.keyIdsAbout(recordId, keyId)) {
        await this.#vault.shred(about, deletion);
      }
      const seq = await this.#vault.shred(keyId, deletion);
      this.#duplicates.remove(recordId);
      this.search.removed(recordId);
      return { seq };
    });
  }

  /** All versions of a record's head, oldest first, still sealed. @throws what the journal throws */
  history(recordId: string): Promise<JournalRow[]> {
    return this.#journal.versions('record', recordId);
  }

  /**
   * Records that have exactly this text, also those in the bin. What is compared lives in memory only.
   *
   * @param caseId where it is known; records of other cases are then none of them
   * @throws AppError what the journal throws
   */
  async duplicates(text: string, caseId?: string): Promise<string[]> {
    const its = caseId === undefined ? undefined : toWellFormed(caseId);
    return this.#duplicates.of(sha256Of(toWellFormed(text)), its);
  }

  /**
   * Committed rows after `after`, still sealed; see `Journal.read`. Without signatures, which no window
   * keeps.
   */
  async read(
    after: number,
    limit: number,
  ): Promise<{ journalId: string; lastSeq: number; upTo: number; rows: JournalRow[] }> {
    const { rows, upTo } = await this.#journal.read(after, limit);
    return {
      journalId: this.#journal.journalId,
      lastSeq: this.#journal.lastSeq,
      upTo,
      rows: rows.filter(({ table }) => table !== 'signature'),
    };
  }

  /** The newest versions of rows, still sealed; those that are not there, or not any more, are left out. */
  async rows(
    addresses: readonly { readonly table: TableName; readonly id: string }[],
  ): Promise<JournalRow[]> {
    const found: JournalRow[] = [];
    for (const { table, id } of addresses) {
      const row = await this.#journal.latest(table, id);
      if (row) found.push(row);
    }
    return found;
  }

  /** Ids of all rows of a table that can be read, and how far the journal has come. */
  ids(table: TableName): { ids: string[]; lastSeq: number } {
    return { ids: [...this.#journal.idsOf(table)], lastSeq: this.#journal.lastSeq };
  }

  /** Those of `claims` that are not what the journal holds, and how far it has come. */
  check(claims: readonly RowClaim[]): { outdated: RowClaim[]; lastSeq: number } {
    return { outdated: this.#journal.outdated(claims), lastSeq: this.#journal.lastSeq };
  }

  /**
   * What main asks of the vault.
   *
   * @returns where the journal stands afterwards, and what was asked for
   * @param onProgress of a rotation
   * @throws AppError as `Vault.compactIfWorth`, `Vault.rotate` and `backUp`
   */
  async answer(question: Question, onProgress?: OnProgress): Promise<Answer> {
    const said = await this.#answer(question, onProgress);
    const { head, journalId } = this.#journal;
    return { head: { ...head, journalId }, ...said };
  }

  /** Keys of records as they lie in their file, wrapped; null for one that is lost or destroyed. */
  wrappedKeys(
    keyIds: readonly string[],
  ): { keyId: string; wrapped: Uint8Array<ArrayBuffer> | null }[] {
    return keyIds.map((keyId) => {
      const wrapped = this.#vault.recordKeys.wrapped(keyId);
      // A copy: a view would drag what lies around it along when it is posted to a window.
      return { keyId, wrapped: wrapped ? new Uint8Array(wrapped) : null };
    });
  }

  async #answer(
    question: Question,
    onProgress?: OnProgress,
  ): Promise<Pick<Answer, 'holds' | 'saved' | 'backup' | 'acts'>> {
    switch (question.kind) {
      case 'head':
        return {};
      // Answered by who has the batches.
      case 'rest-batches':
        return {};
      case 'holds':
        return { holds: this.#journal.holds(question.head) };
      case 'acts':
        return { acts: await storedActs(this.#vault, question.after) };
      case 'compact':
        return { saved: await this.#vault.compactIfWorth() };
      case 'rotate':
        await this.#vault.rotate(question, { at: question.at, onProgress });
        this.#duplicates.forget();
        return {};
      case 'backup':
        return {
          backup: { ...(await backUp(this.#vault, question)), records: this.#recordCount() },
        };
      default:
        return question satisfies never;
    }
  }

  async #mayShred(recordId: string): Promise<boolean> {
    const rule = this.#deletion;
    // Without a term in the bin the head need not be read, which a lost key would prevent.
    if (!rule.deletionAllowed || rule.binDays === 0) return rule.deletionAllowed;
    const record = await latestRow(this.#vault, 'record', recordId, recordHeadSchema);
    const from = deletableFrom(record?.value.deletedAt ?? null, rule);
    return from !== null && this.#now() >= from;
  }

  /** Also of a record that was deleted for good: an id is never used again. */
  async #seqOf(recordId: string): Promise<number | null> {
    if (this.#journal.latestVersion('record', recordId) === 0) return null;
    return (await this.#journal.latest('record', recordId))?.seq ?? this.#journal.lastSeq;
  }

  #by(): Pick<RecordHead, 'by'> {
    return this.#userId === null ? {} : { by: this.#userId };
  }

  #recordCount(): number {
    return [...this.#journal.idsOf('record')].length;
  }

  /** @param change returns what to change, or null when there is nothing to do */
  #change(
    recordId: string,
    change: (head: RecordHead) => Partial<RecordHead> | null,
  ): Promise<Committed> {
    return this.#turns.take(`record ${recordId}`, async () => {
      const record = await latestRow(this.#vault, 'record', recordId, recordHeadSchema);
      if (!record) throw new AppError('RECORD_NOT_FOUND');
      const changed = change(record.value);
      if (!changed) return { seq: record.seq };
      // A clock that was set back must not make a change look older than what it changed.
      const updatedAt = Math.max(this.#now(), record.value.updatedAt);
      const head: RecordHead = {
        ...record.value,
        ...changed,
        updatedAt,
        // Of this version, not of the one before.
        by: this.#userId ?? undefined,
      };
      const row = sealedRow(record.key, 'record', recordId, record.version + 1, head);
      const signature =
        changed.title === undefined ? null : await this.#newSignature(record.key, recordId, head);
      const seq = await this.#append(signature ? [row, signature] : [row]);
      if (signature) this.search.saved(signature);
      return { seq };
    });
  }

  /** Not while one of these records is being deleted for good: what quotes it must not come after it. */
  #inTurnOf<T>(recordIds: readonly string[], work: () => Promise<T>): Promise<T> {
    // In one order, so that no two wait for each other.
    return [...new Set(recordIds)]
      .sort()
      .reduceRight<() => Promise<T>>(
        (inner, recordId) => () => this.#turns.take(`record ${recordId}`, inner),
        work,
      )();
  }

  /** Of a record under a new title. */
  async #newSignature(key: RecordKey, recordId: string, { title }: RecordHead): Promise<NewRow> {
    const record = await openRecord(this.#vault, recordId);
    return this.search.row(key, recordId, [title, record?.text ?? '']);
  }

  /** The record that has this text. @throws AppError `RECORD_NOT_FOUND`, `VERSION_CONFLICT` */
  async #ofText(of: {
    readonly recordId: string;
    readonly textSha256: string;
  }): Promise<Stored<RecordHead>> {
    const record = await latestRow(this.#vault, 'record', of.recordId, recordHeadSchema);
    if (!record) throw new AppError('RECORD_NOT_FOUND');
    if (record.value.textSha256 !== of.textSha256) throw new AppError('VERSION_CONFLICT');
    return record;
  }

  async #saveOver(
    key: RecordKey,
    table: 'review' | 'sections',
    id: string,
    value: unknown,
  ): Promise<SavedVersion> {
    const version = this.#journal.latestVersion(table, id) + 1;
    return { seq: await this.#append([sealedRow(key, table, id, version, value)]), version };
  }

  /** @returns the sequence number of the last row */
  async #append(rows: readonly NewRow[]): Promise<number> {
    const committed = await this.#journal.append(rows);
    const last = committed.at(-1);
    if (!last) throw new AppError('INTERNAL');
    return last.seq;
  }
}

function areInOrder({ sections }: StoredSections, chars: number): boolean {
  return sections.every(({ start, body, end }, index) => {
    const before = sections[index - 1]?.end ?? 0;
    return before <= start && start <= body && body <= end && start < end && end <= chars;
  });
}

function sha256Of(text: string): string {
  return hash('sha256', text);
}

function withReplacementNotice(source: RecordSource): RecordSource {
  const notices = new Set(source.notices).add('LONE_SURROGATES_REPLACED');
  return { ...source, notices: [...notices] };
}

/**
 * Samples for research: the list, the one that is chosen, and the record of it that is under blind review
 * or adjudication. The worker holds the rules; what a second reviewer may not see yet is not asked for.
 */
import type { RunIdentity } from '@domain/contract/extraction';
import type { Locale } from '@domain/contract/ipc';
import type { ReviewRole, StoredReview } from '@domain/contract/review';
import type { RpcClient } from '@domain/contract/rpc';
import type { SaveOrder } from '@domain/contract/save-file';
import type { StoredStudy, StudyOverview, StudyProgress } from '@domain/contract/study';
import type { WorkerMethods } from '@domain/contract/worker-port';
import { methodsText } from '@domain/messages/methods-text';
import {
  adjudicatedId,
  choiceOf,
  disputesOf,
  mayAdjudicate,
  outcomeOf,
  startAdjudication,
  type Dispute,
  type Outcome,
} from '@domain/review/adjudication';
import { primaryIdOf, startReview, studyReviewIdOf } from '@domain/review/review';
import type { ReviewCommand } from '../../ui/review-keys';
import { ReviewState, type ReviewedRun, type ReviewKind, type ReviewParts } from '../review';
import { SchemaLook } from '../schemas';

type Role = Exclude<ReviewRole, 'primary'>;

export interface ResearchParts extends Omit<ReviewParts, 'kind' | 'nextRecord'> {
  readonly call: RpcClient<WorkerMethods>['call'];
  /** null for one that was deleted. @throws AppError of what cannot be read */
  record(
    id: string,
  ): Promise<{ readonly title: string; readonly textSha256: string; readonly text: string } | null>;
  run(id: string): Promise<ReviewedRun & { readonly run: RunIdentity }>;
  /** Tells the audit log. */
  viewed(recordId: string): void;
  copy(text: string): Promise<void>;
  /** @returns false where a person chose no place */
  save(order: SaveOrder, text: string): Promise<boolean>;
  /** Of the program. */
  version(): string;
  /** No record of the chosen sample waits any more. */
  onFinished(): void;
}

/** The record that is worked on. */
export interface OpenRecord {
  readonly recordId: string;
  readonly title: string;
  readonly text: string;
  readonly role: Role;
  readonly model: string;
  readonly startedAt: number;
  /** Of an adjudication. */
  readonly disputes: readonly Dispute[];
}

export type StudyStage = 'drawn' | 'reviewing' | 'reviewed' | 'compared';

export class ResearchState {
  readonly #parts: ResearchParts;
  readonly review: ReviewState;
  #studies = $state.raw<readonly StoredStudy[]>([]);
  #overview = $state.raw<StudyOverview | null>(null);
  #open = $state.raw<OpenRecord | null>(null);
  #kind: ReviewKind | null = null;
  #turn = 0;

  constructor(parts: ResearchParts) {
    this.#parts = parts;
    this.review = new ReviewState({
      ...parts,
      kind: () => this.#kind,
      nextRecord: () => void this.next(),
    });
  }

  get studies(): readonly StoredStudy[] {
    return this.#studies;
  }
  get overview(): StudyOverview | null {
    return this.#overview;
  }
  get open(): OpenRecord | null {
    return this.#open;
  }
  get userId(): string | null {
    return this.#parts.user()?.id ?? null;
  }

  /** Records whose first review the user must not see for now. */
  readonly blind = $derived.by(() => {
    const mine = this.#studies.filter(
      ({ second, result }) => second !== null && second === this.userId && result === null,
    );
    // eslint-disable-next-line svelte/prefer-svelte-reactivity -- made anew, never changed
    return new Set(mine.flatMap(({ records }) => records.map(({ recordId }) => recordId)));
  });

  /** The difference that the selected fact is part of. */
  readonly dispute = $derived.by(() => {
    const id = this.review.selectedId;
    const all = this.#open?.disputes ?? [];
    const at = all.findIndex((each) =>
      (['first', 'second'] as const).some((side) =>
        each[side].some((item) => adjudicatedId(side, item) === id),
      ),
    );
    const found = all[at];
    return found ? { ...found, at } : null;
  });

  get outcome(): Outcome {
    const { dispute } = this;
    return dispute && outcomeOf(dispute, this.review.items);
  }

  /** @throws AppError of the worker */
  async load(): Promise<void> {
    this.#studies = (await this.#parts.call('studies.list', {})).studies;
  }

  /** @throws AppError of the worker */
  async population(schema: string): Promise<number> {
    return (await this.#parts.call('studies.population', { schema })).records;
  }

  /** @throws AppError `SAMPLE_EMPTY`, and others of the worker */
  async draw(schema: string, size: number): Promise<void> {
    const { studyId } = await this.#parts.call('studies.draw', { schema, size });
    await this.load();
    await this.choose(studyId);
  }

  /** @throws AppError of the worker */
  async choose(studyId: string): Promise<void> {
    const turn = ++this.#turn;
    const overview = await this.#parts.call('studies.get', { studyId });
    if (turn !== this.#turn) return;
    this.#overview = overview;
    this.#studies = this.#studies.map((each) => (each.id === studyId ? overview.study : each));
  }

  stageOf({ study, records }: StudyOverview): StudyStage {
    if (study.result) return 'compared';
    if (study.second === null) return 'drawn';
    const waits = records.some(({ second }) => second === 'open' || second === 'begun');
    return waits ? 'reviewing' : 'reviewed';
  }

  /** Whether the user confirmed a first review of it. */
  isFirstOf({ records }: StoredStudy): boolean {
    return records.some(({ first }) => first.by === this.userId);
  }

  /** Begins or goes on with the blind review. @throws AppError `SAMPLE_NOT_BLIND`, `SAMPLE_TAKEN` … */
  async reviewBlind(): Promise<void> {
    const study = this.#overview?.study;
    if (!study) return;
    if (study.second === null) {
      await this.#parts.call('studies.begin', { studyId: study.id });
      await this.choose(study.id);
    }
    await this.next();
  }

  /** @throws AppError `SAMPLE_NOT_READY`, and others of the worker */
  async compare(): Promise<void> {
    const studyId = this.#overview?.study.id;
    if (studyId === undefined) return;
    await this.#parts.call('studies.compare', { studyId });
    await this.choose(studyId);
  }

  /** Lets reviewers adjudicate. @throws AppError `FORBIDDEN_ROLE`, and others of the worker */
  async allowOwn(): Promise<void> {
    const studyId = this.#overview?.study.id;
    if (studyId === undefined) return;
    await this.#parts.call('studies.allowOwn', { studyId });
    await this.choose(studyId);
  }

  /** Whether it is for the user to settle where the two reviews of a record differ. */
  mayAdjudicate(recordId: string): boolean {
    const study = this.#overview?.study;
    return study !== undefined && mayAdjudicate(study, recordId, this.userId);
  }

  /** Records that wait for the user: not those that a third person has to adjudicate. */
  get mine(): readonly StudyProgress[] {
    return this.#overview?.study.result
      ? this.waiting.filter(({ recordId }) => this.mayAdjudicate(recordId))
      : this.waiting;
  }

  /** Records that wait, for what the sample has come to. */
  get waiting(): readonly StudyProgress[] {
    const overview = this.#overview;
    if (!overview) return [];
    const { study, records } = overview;
    return study.result
      ? records.filter(({ disputes, adjudication }) => disputes && adjudication !== 'done')
      : records.filter(({ second }) => second === 'open' || second === 'begun');
  }

  /** Saves the open record and goes to the next one that waits, or back to the sample. */
  async next(): Promise<void> {
    const before = this.#open;
    await this.close();
    const next = this.mine.find(({ recordId }) => recordId !== before?.recordId);
    if (next) await this.openRecord(next.recordId);
    else if (this.waiting.length === 0) this.#parts.onFinished();
  }

  /** Opens a record for what the sample has come to. @throws AppError of what cannot be read */
  async openRecord(recordId: string): Promise<void> {
    const study = this.#overview?.study;
    const sampled = study?.records.find((each) => each.recordId === recordId);
    if (!study || !sampled) return;
    const turn = ++this.#turn;
    const [record, run] = await Promise.all([
      this.#parts.record(recordId),
      this.#parts.run(sampled.runId),
    ]);
    const adjudication =
      study.result && record ? await this.#adjudicationOf(study, recordId) : null;
    if (turn !== this.#turn || !record) return;
    const role: Role = adjudication ? 'adjudication' : 'second';
    const subject = { recordId, textSha256: record.textSha256, role, study: study.id };
    this.#kind = {
      ...{ role, study: study.id },
      begin: (of, actor) =>
        adjudication
          ? startAdjudication(adjudication.first, adjudication.second, study.id, actor)
          : startReview(subject, of, actor),
    };
    this.#open = {
      ...{ recordId, role, title: record.title, text: record.text },
      ...{ model: run.run.model.name, startedAt: run.startedAt },
      disputes: adjudication ? disputesOf(adjudication.first.items, adjudication.second.items) : [],
    };
    this.#parts.viewed(recordId);
    const { textSha256, text } = record;
    await this.review.show({ id: recordId, textSha256, text }, run, study.schema);
  }

  /** Back to the sample, as it stands now. */
  async close(): Promise<void> {
    const studyId = this.#overview?.study.id;
    await this.review.putAway();
    this.review.close();
    this.#open = null;
    this.#kind = null;
    if (studyId !== undefined) await this.choose(studyId);
  }

  /** Settles the difference that is selected. */
  settle(outcome: Exclude<Outcome, null>): void {
    const { dispute } = this;
    if (dispute) this.review.settle(choiceOf(dispute, outcome));
  }

  /** Does what a key asks for: 1, 2 and 3 settle a difference unless words are selected. */
  do(command: ReviewCommand): boolean {
    if (!this.#open) return false;
    const outcome = command.kind === 'type' && (['first', 'second', 'own'] as const)[command.index];
    if (outcome && this.dispute && this.review.selection === null) {
      this.settle(outcome);
      return true;
    }
    return this.review.do(command);
  }

  look(): SchemaLook {
    return new SchemaLook(this.#parts.schema(this.#overview?.study.schema ?? '') ?? null);
  }

  /** null before the agreement is computed. */
  methods(locale: Locale): string | null {
    const { study, methods } = this.#overview ?? {};
    if (!study || !methods) return null;
    const look = this.look();
    return methodsText(locale, {
      ...{ study, methods, version: this.#parts.version() },
      typeName: (type) => look.name(type, locale),
    });
  }

  copy(text: string): Promise<void> {
    return this.#parts.copy(text);
  }

  /** @returns false where a person chose no place @throws AppError `POLICY_FORBIDS` and of the worker */
  save(text: string): Promise<boolean> {
    const { study } = this.#overview ?? {};
    if (!study) return Promise.resolve(false);
    const count = study.records.length;
    return this.#parts.save({ format: 'txt', count, deidentified: true, studyId: study.id }, text);
  }

  /** The two reviews that were compared. */
  async #adjudicationOf(
    study: StoredStudy,
    recordId: string,
  ): Promise<{ readonly first: StoredReview; readonly second: StoredReview } | null> {
    const sampled = study.records.find((each) => each.recordId === recordId);
    const second = await this.#parts.review(studyReviewIdOf(recordId, 'second', study.id));
    if (!second) return null;
    for (let ordinal = 1; ; ordinal += 1) {
      const versions = await this.#parts.history(primaryIdOf(recordId, ordinal));
      if (versions.length === 0) return null;
      const first = versions.find(
        ({ confirmation }) => confirmation?.contentSha256 === sampled?.first.contentSha256,
      );
      if (first) return { first, second: second.value };
    }
  }
}

/** The records as the page knows them: the list, the selection, and every change to them. */
import { AppError, problemOf, type Problem } from '@domain/contract/errors';
import { maxRecordChars } from '@domain/contract/extraction';
import type { RecordHead, RecordSource } from '@domain/contract/record';
import type { SearchHit } from '@domain/contract/search';
import type { ProjectionEvent } from '../../data/projection';
import type { Store } from '../../data/store';
import { i18n } from '../../ui/i18n.svelte';
import type { Notices } from '../../ui/notices.svelte';
import { singleLine } from '../../ui/visible-text';
import { ChosenRecords } from './chosen.svelte';
import { RecordDraft } from './draft.svelte';
import { cutTitle, importFile, type TextFile } from './import-file';
import {
  RecordIndex,
  reviewStage,
  stageOfResult,
  type RecordItem,
  type RecordResult,
} from './record-index';
import { SearchState } from './search.svelte';

export type ReviewFilter = 'all' | 'open' | 'done';

/** What a reviewer is led to: one result of a record. */
export interface NextToReview {
  readonly item: RecordItem;
  readonly schema: string;
}

/** Moved to the bin at once: a save waits for the disk, and several share the wait. */
const atOnce = 16;

export class RecordsState {
  readonly #store: Store;
  readonly #notices: Notices;
  readonly #index = new RecordIndex();
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- bookkeeping that is never shown
  readonly #awaited = new Map<string, () => void>();
  readonly draft = new RecordDraft();
  /** Marked in the list, to do something with all of them. */
  readonly chosen = new ChosenRecords();
  /** Whether it is asked if these go to the bin. */
  askingRemoval = $state(false);
  #removing = $state.raw<{ readonly done: number; readonly all: number } | null>(null);
  #all = $state.raw<readonly RecordItem[]>([]);
  /** Which records the list shows, by how far their review is. */
  #reviewFilter = $state<ReviewFilter>('all');
  // What is selected stays: a record that is confirmed must not vanish under its reader.
  readonly #items = $derived(
    this.reviewFilter === 'all'
      ? this.#all
      : this.#all.filter((item) => item.id === this.#selectedId || this.#fits(item)),
  );
  readonly search: SearchState;
  #selectedId = $state<string | null>(null);
  #loading = $state(true);
  #importing = $state<string | null>(null);
  #unreadable: Problem[] = [];
  #work: Promise<void> = Promise.resolve();
  #lastDeleted: { readonly items: readonly RecordItem[]; readonly toast: number } | null = null;
  renaming = $state.raw<RecordItem | null>(null);
  /** Whose history is shown. */
  remembering = $state.raw<RecordItem | null>(null);
  #binOpen = $state(false);
  #bin = $state.raw<readonly RecordItem[]>([]);

  constructor(store: Store, notices: Notices) {
    this.#store = store;
    this.#notices = notices;
    this.search = new SearchState(store);
  }

  get items(): readonly RecordItem[] {
    return this.#items;
  }

  get selectedId(): string | null {
    return this.#selectedId;
  }

  get selectedIndex(): number {
    // Both are read, so that whoever shows the place is told when it moves.
    const { length } = this.#items;
    if (this.#selectedId === null || length === 0) return -1;
    return this.reviewFilter === 'all'
      ? this.#index.positionOf(this.#selectedId)
      : this.#items.findIndex(({ id }) => id === this.#selectedId);
  }

  get selected(): RecordItem | null {
    return this.#items[this.selectedIndex] ?? null;
  }

  /** Every record outside the bin, whatever the list shows. */
  get all(): readonly RecordItem[] {
    return this.#all;
  }

  /**
   * The next result that waits for review: of the selected record, then of those that follow it, round the
   * end to the beginning; null where none does.
   *
   * @param shown schema of the result on screen, which is not counted; null where none is
   */
  nextToReview(shown: string | null): NextToReview | null {
    const { length } = this.#all;
    const at = this.#all.findIndex(({ id }) => id === this.#selectedId);
    const here = at < 0 ? null : (this.#all[at] ?? null);
    const own = here?.results.findIndex(({ schema }) => schema === shown) ?? -1;
    const later = openOf(here, (_, index) => index > own);
    if (later) return later;
    for (let step = 1; step <= length; step += 1) {
      const item = this.#all[(at + step) % length] ?? null;
      const next = item === here ? null : openOf(item);
      if (next) return next;
    }
    return openOf(here, (_, index) => index < own);
  }

  #fits(item: RecordItem): boolean {
    const stage = reviewStage(item);
    switch (this.reviewFilter) {
      case 'all':
        return true;
      case 'open':
        return stage === 'waiting' || stage === 'under-way';
      case 'done':
        return stage === 'done';
      default:
        return this.reviewFilter satisfies never;
    }
  }

  /** True until the list as it lies has been read. */
  get loading(): boolean {
    return this.#loading;
  }

  /** Name of the file being imported. */
  get importing(): string | null {
    return this.#importing;
  }

  get reviewFilter(): ReviewFilter {
    return this.#reviewFilter;
  }
  /** What is not shown any more is not chosen any more. */
  set reviewFilter(filter: ReviewFilter) {
    this.#reviewFilter = filter;
    // eslint-disable-next-line svelte/prefer-svelte-reactivity -- bookkeeping that is never shown
    const shown = new Set(this.#items.map(({ id }) => id));
    this.chosen.keep((id) => shown.has(id));
  }

  select(id: string | null): void {
    this.#selectedId = id;
  }

  /** What was found and was not deleted since; a record that is not read yet counts as there. */
  get hits(): readonly SearchHit[] {
    const { length } = this.#items;
    return this.search.hits.filter(({ recordId }) => {
      const item = this.#index.get(recordId);
      return item ? item.head.deletedAt === null : this.#loading || length === 0;
    });
  }

  /** Chooses the next or previous hit, the first where none is. @returns it */
  stepHit(by: 1 | -1): SearchHit | null {
    const { hits, search } = this;
    const at = hits.findIndex(({ recordId }) => recordId === search.selectedId);
    const hit = hits[at < 0 ? 0 : Math.min(hits.length - 1, Math.max(0, at + by))] ?? null;
    search.select(hit?.recordId ?? null);
    return hit;
  }

  /** Selects the record of a hit, which may not have been read yet, and points to its place. */
  async selectHit({ recordId, match }: SearchHit): Promise<void> {
    this.search.select(recordId);
    await this.#enqueue(async () => {
      if (this.#index.get(recordId)) return;
      const head = await this.#store.repository.head(recordId);
      if (head) this.#index.putHead(recordId, head);
      this.#publish();
    });
    // Another one was chosen meanwhile.
    if (this.search.selectedId !== recordId) return;
    this.search.place = match && { recordId, ...match };
    this.#selectedId = recordId;
  }

  /**
   * Reads the projection as it lies; what the worker adds comes through `apply`. The first screen is
   * shown as soon as it is there; between batches, whatever happens meanwhile has its turn.
   */
  async load(): Promise<void> {
    const { repository } = this.#store;
    let isFirst = true;
    await this.#inTurns(repository.heads(), async ({ values, unreadable, keyIds }) => {
      for (const { id, value } of values) this.#index.putHead(id, value);
      this.#unreadable.push(...unreadable);
      this.#publish();
      if (!isFirst) return;
      isFirst = false;
      for (const { value } of (await repository.runSummariesOf(keyIds)).values) {
        this.#index.putRun(value);
      }
      this.#publish();
    });
    this.#loading = false;
    await this.#inTurns(repository.runSummaries(), async ({ values }) => {
      for (const { value } of values) this.#index.putRun(value);
      this.#publish();
    });
    await this.#inTurns(repository.reviewSummaries(), async ({ values }) => {
      for (const { value } of values) this.#index.putReview(value);
      this.#publish();
    });
    this.#reportUnreadable();
  }

  /** Takes each batch in a turn of its own. An error ends it, and is told. */
  async #inTurns<T>(batches: AsyncGenerator<T>, take: (batch: T) => Promise<void>): Promise<void> {
    for (let isDone = false; !isDone;) {
      isDone = true;
      await this.#enqueue(async () => {
        const next = await batches.next();
        if (next.done) return;
        await take(next.value);
        isDone = false;
      });
      // Input comes before the next batch.
      await new Promise((resolve) => setTimeout(resolve));
    }
  }

  apply(event: ProjectionEvent): void {
    void this.#enqueue(async () => {
      if (event.kind === 'reset') {
        this.#index.clear();
        this.#unreadable = [];
      } else if (event.kind === 'removed') {
        for (const id of event.recordIds) this.#index.remove(id);
        if (this.#selectedId !== null && event.recordIds.includes(this.#selectedId)) {
          this.#selectedId = null;
        }
      } else {
        const { repository } = this.#store;
        const heads = await repository.openHeads(
          event.rows.filter((row) => row.table === 'record'),
        );
        const runs = await repository.openRunSummaries(
          event.rows.filter((row) => row.table === 'run'),
        );
        const reviews = await repository.openReviewSummaries(
          event.rows.filter((row) => row.table === 'review'),
        );
        for (const { id, value } of heads.values) this.#index.putHead(id, value);
        for (const { value } of runs.values) this.#index.putRun(value);
        for (const { value } of reviews.values) this.#index.putReview(value);
        this.#unreadable.push(...heads.unreadable);
        this.#reportUnreadable();
      }
      this.#publish();
    });
  }

  /** Whether the bin is shown in the place of the list. */
  get binOpen(): boolean {
    return this.#binOpen;
  }

  showBin(open: boolean): void {
    this.#binOpen = open;
    this.#publish();
  }

  /** What lies in the bin, while it is shown. */
  get bin(): readonly RecordItem[] {
    return this.#bin;
  }

  /** Deletes a record for good. @throws AppError `POLICY_FORBIDS` and what the worker answers */
  async shred(item: RecordItem): Promise<void> {
    await this.#store.call('records.shred', { recordId: item.id });
    if (this.#lastDeleted?.items.some(({ id }) => id === item.id)) {
      this.#notices.closeToast(this.#lastDeleted.toast);
      this.#lastDeleted = null;
    }
    this.#index.remove(item.id);
    this.#publish();
    this.#notices.toast(i18n.m.backup.bin.shredded(singleLine(item.head.title)));
  }

  /** Every version of a record's head, oldest first. @throws AppError what the worker answers */
  async history(id: string): Promise<readonly RecordHead[]> {
    const { rows } = await this.#store.call('records.history', { recordId: id });
    const { values } = await this.#store.repository.openHeads(rows);
    return values.map(({ value }) => value).sort((a, b) => a.updatedAt - b.updatedAt);
  }

  /** A title from the clock that no other record has: several may be pasted within a minute. */
  defaultTitle(now = Date.now()): string {
    const { untitled, untitledAgain } = i18n.m.records;
    const title = untitled(i18n.format.dateTime(now));
    // eslint-disable-next-line svelte/prefer-svelte-reactivity -- made anew, never changed
    const taken = new Set(this.#all.map(({ head }) => head.title));
    for (let count = 1; ; count += 1) {
      const next = count === 1 ? title : untitledAgain(title, i18n.format.integer(count));
      if (!taken.has(next)) return next;
    }
  }

  /** Saves the draft; on failure the text stays in the editor. @returns the new record's id */
  async saveDraft(): Promise<string | null> {
    const { draft } = this;
    if (draft.saving) return null;
    draft.saving = true;
    draft.problem = null;
    try {
      const title = cutTitle(singleLine(draft.title)) || this.defaultTitle();
      const id = await this.#create(title, draft.text, { kind: 'paste', notices: [] });
      draft.clear();
      draft.open = false;
      this.#notices.toast(i18n.m.records.created(title));
      return id;
    } catch (error) {
      draft.problem = problemOf(error);
      return null;
    } finally {
      draft.saving = false;
    }
  }

  /** Saves a bundled sample as a new record. @returns its id */
  async addSample(title: string, text: string): Promise<string | null> {
    try {
      return await this.#create(title, text, { kind: 'sample', notices: [] });
    } catch (error) {
      this.#notices.error(error, title);
      return null;
    }
  }

  /** Imports files one after the other; each failure is told with its file's name. */
  async importFiles(files: readonly TextFile[]): Promise<string[]> {
    const ids: string[] = [];
    for (const file of files) {
      this.#importing = file.name;
      try {
        const id = await importFile(this.#store, file, () => this.defaultTitle());
        await this.#present(id);
        ids.push(id);
      } catch (error) {
        this.#notices.error(error, i18n.m.records.importFailed(singleLine(file.name)));
      }
    }
    this.#importing = null;
    if (ids.length > 0) {
      this.#notices.toast(i18n.m.records.imported(i18n.format.integer(ids.length)));
    }
    return ids;
  }

  async rename(id: string, wanted: string): Promise<void> {
    const title = cutTitle(singleLine(wanted));
    if (title === '' || title === this.#index.get(id)?.head.title) return;
    await this.#store.call('records.rename', { recordId: id, title });
    this.#notices.toast(i18n.m.records.renamed);
  }

  /** Moves a record to the bin at once; the toast takes it back. */
  async remove(item: RecordItem): Promise<void> {
    const index = this.#items.findIndex(({ id }) => id === item.id);
    const neighbour = this.#items[index + 1] ?? this.#items[index - 1];
    try {
      await this.#store.call('records.delete', { recordId: item.id });
    } catch (error) {
      this.#notices.error(error, singleLine(item.head.title));
      return;
    }
    this.#markDeleted(item, Date.now());
    if (this.#selectedId === item.id) this.#selectedId = neighbour?.id ?? null;
    const title = singleLine(item.head.title);
    const toast = this.#notices.toast(i18n.m.records.deleted(title), () => void this.restore(item));
    this.#lastDeleted = { items: [item], toast };
  }

  /** How far the chosen ones are on their way to the bin; null while none are. */
  get removing(): { readonly done: number; readonly all: number } | null {
    return this.#removing;
  }

  /** The chosen records, in the order in which they were chosen. */
  get chosenItems(): RecordItem[] {
    return this.chosen.ids.flatMap((id) => this.#index.get(id) ?? []);
  }

  /** Moves the chosen records to the bin; the first that cannot be moved ends it, and is told. */
  async removeChosen(): Promise<void> {
    const items = this.chosenItems;
    if (items.length === 0 || this.#removing) return;
    const gone = await this.#moveAll(items, 'records.delete');
    this.#lastDeleted = null;
    if (gone.some(({ id }) => id === this.#selectedId)) this.#selectedId = null;
    const { integer } = i18n.format;
    const m = i18n.m.choosing;
    const told =
      gone.length === items.length
        ? m.removed(integer(gone.length))
        : m.removedSome(integer(gone.length), integer(items.length));
    if (gone.length === 0) return;
    this.#lastDeleted = { items: gone, toast: this.#notices.toast(told, () => this.undoDelete()) };
  }

  async #restoreAll(items: readonly RecordItem[]): Promise<void> {
    const back = await this.#moveAll(items, 'records.restore');
    if (back.length > 0) {
      this.#notices.toast(i18n.m.choosing.restored(i18n.format.integer(back.length)));
    }
  }

  /** @returns those that were moved */
  async #moveAll(
    items: readonly RecordItem[],
    method: 'records.delete' | 'records.restore',
  ): Promise<RecordItem[]> {
    const moved: RecordItem[] = [];
    const waiting = items.values();
    let failed = false;
    this.#removing = { done: 0, all: items.length };
    const work = async (): Promise<void> => {
      for (const item of waiting) {
        if (failed) return;
        try {
          await this.#store.call(method, { recordId: item.id });
        } catch (error) {
          failed = true;
          this.#notices.error(error, singleLine(item.head.title));
          return;
        }
        moved.push(item);
        this.#removing = { done: moved.length, all: items.length };
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    this.#removing = null;
    const deletedAt = method === 'records.delete' ? Date.now() : null;
    for (const { id, head } of moved) {
      this.#index.putHead(id, { ...(this.#index.get(id)?.head ?? head), deletedAt });
    }
    this.#publish();
    return moved;
  }

  async restore(item: RecordItem): Promise<void> {
    try {
      await this.#store.call('records.restore', { recordId: item.id });
    } catch (error) {
      this.#notices.error(error, singleLine(item.head.title));
      return;
    }
    this.#markDeleted(item, null);
    if (this.#lastDeleted?.items.some(({ id }) => id === item.id)) {
      this.#notices.closeToast(this.#lastDeleted.toast);
      this.#lastDeleted = null;
    }
    this.#selectedId = item.id;
    this.#notices.toast(i18n.m.records.restored(singleLine(item.head.title)));
  }

  /** Shows at once what the journal already has; the projection brings the same a moment later. */
  #markDeleted(item: RecordItem, deletedAt: number | null): void {
    const head = this.#index.get(item.id)?.head ?? item.head;
    this.#index.putHead(item.id, { ...head, deletedAt });
    this.#publish();
  }

  undoDelete(): void {
    const last = this.#lastDeleted;
    if (!last) return;
    const [only] = last.items;
    if (only && last.items.length === 1) {
      void this.restore(only);
      return;
    }
    this.#notices.closeToast(last.toast);
    this.#lastDeleted = null;
    void this.#restoreAll(last.items);
  }

  /** @throws AppError `EMPTY_TEXT`, `TEXT_TOO_LARGE`, and what the worker answers */
  async #create(title: string, text: string, source: RecordSource): Promise<string> {
    if (text === '') throw new AppError('EMPTY_TEXT');
    if (text.length > maxRecordChars) {
      throw new AppError('TEXT_TOO_LARGE', { params: { chars: text.length, max: maxRecordChars } });
    }
    const { recordId } = await this.#store.call('records.create', { title, text, source });
    await this.#present(recordId);
    return recordId;
  }

  /** Resolves when a committed record has come back through the projection. */
  #present(id: string): Promise<void> {
    if (this.#index.get(id)) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#awaited.delete(id);
        resolve();
      };
      // It is saved either way; a projection in trouble must not keep the editor waiting.
      const timer = setTimeout(done, 5_000);
      this.#awaited.set(id, done);
    });
  }

  #publish(): void {
    this.#all = this.#index.list();
    this.chosen.keep((id) => this.#index.get(id)?.head.deletedAt === null);
    if (this.#binOpen) this.#bin = this.#index.bin();
    for (const [id, done] of [...this.#awaited]) if (this.#index.get(id)) done();
  }

  #reportUnreadable(): void {
    const [first] = this.#unreadable;
    if (!first) return;
    const count = i18n.format.integer(this.#unreadable.length);
    this.#notices.problem(first, i18n.m.records.unreadable(count));
    this.#unreadable = [];
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(work).catch((error: unknown) => {
      this.#loading = false;
      this.#notices.error(error);
    });
    return this.#work;
  }
}

/** The first result of a record that waits for review. */
function openOf(
  item: RecordItem | null,
  fits: (result: RecordResult, index: number) => boolean = () => true,
): NextToReview | null {
  const open = item?.results.find(
    (result, index) => fits(result, index) && stageOfResult(result) !== 'done',
  );
  return item && open ? { item, schema: open.schema } : null;
}

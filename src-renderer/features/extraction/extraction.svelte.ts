/** The record on screen, its run, and what is selected in it. */
import type { AnnotationSchema } from '@domain/contract/annotation-schema';
import { problemOf, type Problem } from '@domain/contract/errors';
import type { Fact } from '@domain/contract/fact';
import type { HostMethods, LoadedModel } from '@domain/contract/host-port';
import type { LibraryModel } from '@domain/contract/library';
import type { RpcClient } from '@domain/contract/rpc';
import type { Section } from '@domain/contract/section';
import type { RunSummary } from '../../data/repository';
import type { Store } from '../../data/store';
import { runUnder, type RecordItem } from '../records';
import type { ModelsState } from '../models';
import { isTemplate, SchemaLook, type SchemaCatalogue } from '../schemas';
import { RunSession } from './run-session.svelte';

export interface OpenRecord {
  readonly item: RecordItem;
  readonly text: string;
}

const defaultSchema = 'ccks2019-symptom';

export class ExtractionState {
  readonly #store: Store;
  readonly #host: { ready(): Promise<RpcClient<HostMethods>> };
  readonly #models: ModelsState;
  readonly #catalogue: SchemaCatalogue;
  /** Told of each record whose text comes on screen. */
  readonly #onViewed: (recordId: string) => void;
  /** The newest run of each record and schema that was run since the page was loaded. */
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- bookkeeping that is never shown
  readonly #sessions = new Map<string, Map<string, RunSession>>();
  /** Counts what was asked to be shown, so that a slow answer never covers a later one. */
  #turn = 0;
  #ahead: {
    readonly key: string;
    readonly loaded: Promise<{ readonly text: string; readonly stored: RunSession | null }>;
  } | null = null;
  #record = $state.raw<OpenRecord | null>(null);
  #opening = $state(false);
  #openProblem = $state.raw<Problem | null>(null);
  #session = $state.raw<RunSession | null>(null);
  /** Which of a record's results a person chose to see; without, that of its newest run. */
  #choice = $state.raw<{ readonly recordId: string; readonly schema: string } | null>(null);
  #live = $state.raw<readonly RunSession[]>([]);
  #selectedFactId = $state<string | null>(null);
  #schemaId = $state(defaultSchema);

  constructor(
    store: Store,
    host: { ready(): Promise<RpcClient<HostMethods>> },
    models: ModelsState,
    catalogue: SchemaCatalogue,
    onViewed: (recordId: string) => void = () => undefined,
  ) {
    this.#store = store;
    this.#host = host;
    this.#models = models;
    this.#catalogue = catalogue;
    this.#onViewed = onViewed;
  }

  get record(): OpenRecord | null {
    return this.#record;
  }
  /** True while a record is being read. */
  get opening(): boolean {
    return this.#opening;
  }
  get openProblem(): Problem | null {
    return this.#openProblem;
  }
  /** The run on screen: going on, just ended, or as stored. */
  get session(): RunSession | null {
    return this.#session;
  }
  get facts(): readonly Fact[] {
    return this.#session?.facts ?? [];
  }
  get selectedFactId(): string | null {
    return this.#selectedFactId;
  }
  get selectedFactIndex(): number {
    return this.facts.findIndex((fact) => fact.id === this.#selectedFactId);
  }
  get running(): boolean {
    return this.#session?.status === 'running';
  }
  /** A run that goes on for another record than the one on screen. */
  get elsewhere(): RunSession | null {
    return (
      this.#live.find(
        (session) => session.status === 'running' && session.recordId !== this.#record?.item.id,
      ) ?? null
    );
  }
  /** The schema that a person chose to see the result of; null where they did not. */
  get chosenSchemaId(): string | null {
    return this.#chosenOf(this.#record?.item.id);
  }
  /** The schema of the result on screen; null where there is none. */
  get shownSchemaId(): string | null {
    return this.#session?.identity.schema ?? this.chosenSchemaId;
  }
  /** What the facts on screen were asked by; before a run, what the next one will be. */
  get shownSchema(): AnnotationSchema | undefined {
    const definition = this.#session?.identity.definition;
    return definition ?? this.#catalogue.find(this.shownSchemaId ?? this.schemaId);
  }
  /** How the facts on screen look and are called. */
  readonly look = $derived.by(() => new SchemaLook(this.shownSchema ?? null));

  /** All that can be asked for. */
  get schemas(): SchemaCatalogue {
    return this.#catalogue;
  }

  /** What the next run asks for. One that was deleted meanwhile gives way to one that ships. */
  get schemaId(): string {
    return this.#catalogue.find(this.#schemaId) ? this.#schemaId : defaultSchema;
  }
  set schemaId(id: string) {
    this.#schemaId = id;
  }

  /** Whether some model of the library names this schema; null while no model is known. */
  serves(schemaId: string): boolean | null {
    if (this.#models.list.length === 0) return null;
    return this.#models.modelFor(`extraction:${schemaId}`) !== null;
  }

  /** The model that the next run will use, in memory or not. */
  get model(): LibraryModel | null {
    return this.#models.modelFor(`extraction:${this.schemaId}`);
  }

  /** The same, if it can be asked now. */
  get loadedModel(): LoadedModel | null {
    return this.#models.loadedFor(`extraction:${this.schemaId}`);
  }

  get canRun(): boolean {
    return this.#record !== null && !this.running && this.loadedModel !== null;
  }

  selectFact(id: string | null): void {
    this.#selectedFactId = id;
  }

  /** Shows the result of a schema when the record is opened, or at once where it is open. */
  async choose(item: RecordItem, schema: string): Promise<void> {
    this.#choice = { recordId: item.id, schema };
    if (this.#record?.item.id === item.id) await this.open(item);
  }

  /**
   * Shows a record: its text, and its latest run, or that of the schema that was chosen or is on screen.
   * The last call wins.
   *
   * @param reviewed schema of the review on screen: a run under another one does not take it away
   */
  async open(item: RecordItem, reviewed: string | null = null): Promise<void> {
    if (this.#choice?.recordId !== item.id) this.#choice = null;
    const open = this.#record;
    const same = open?.item.id === item.id && open.item.head.textSha256 === item.head.textSha256;
    const shown = same ? (reviewed ?? this.#session?.identity.schema) : undefined;
    const schema = this.#chosenOf(item.id) ?? shown ?? null;
    const turn = ++this.#turn;
    this.#openProblem = null;
    if (same) {
      this.#record = { item, text: open.text };
      // Its run, or a later one, may have become known only now; one that goes on is never taken away.
      if (this.#session && this.#stays(this.#session, item)) {
        this.#opening = false;
        return;
      }
    } else {
      this.#opening = true;
      this.#selectedFactId = null;
    }
    try {
      const { text, stored } = same
        ? { text: open.text, stored: await this.#latest(item, schema) }
        : await (this.#ahead?.key === keyOf(item, schema)
            ? this.#ahead.loaded
            : this.#load(item, schema));
      if (turn !== this.#turn) return;
      this.#record = { item, text };
      if (!same) this.#onViewed(item.id);
      // A run that was started meanwhile is newer than any stored one.
      this.#session = this.#own(item, schema) ?? stored;
      this.#opening = false;
    } catch (error) {
      if (turn !== this.#turn) return;
      this.close();
      this.#openProblem = problemOf(error);
    }
  }

  close(): void {
    this.#turn += 1;
    this.#record = null;
    this.#session = null;
    this.#choice = null;
    this.#openProblem = null;
    this.#selectedFactId = null;
    this.#opening = false;
  }

  /**
   * Begins a run on the record on screen, where it can.
   *
   * @param sections as a person corrected them. Defaults to those that are found
   */
  run(sections?: readonly Section[]): void {
    const record = this.#record;
    const model = this.loadedModel;
    const schema = this.#catalogue.find(this.schemaId);
    if (!record || !model || !schema || !this.canRun) return;
    const session = RunSession.start(
      {
        recordId: record.item.id,
        title: record.item.head.title,
        textSha256: record.item.head.textSha256,
        text: record.text,
        sections,
        identity: {
          schema: this.schemaId,
          model: { name: model.name, sha256: model.sha256 },
          strategy: model.strategy,
          settings: {},
          // Frozen: a later change to the schema changes no run.
          ...(isTemplate(schema.id) ? {} : { definition: schema }),
        },
      },
      this.#host,
      (run) => this.#store.call('runs.save', run),
    );
    const { id } = record.item;
    // eslint-disable-next-line svelte/prefer-svelte-reactivity -- bookkeeping that is never shown
    const sessions = this.#sessions.get(id) ?? new Map<string, RunSession>();
    this.#sessions.set(id, sessions.set(session.identity.schema, session));
    this.#choice = null;
    this.#live = [...this.#live.filter(({ status }) => status === 'running'), session];
    this.#session = session;
    this.#selectedFactId = null;
  }

  stop(): void {
    this.#session?.stop();
  }

  /** The vault is being locked: runs end with what they found so far, and that is saved. */
  async putAway(): Promise<void> {
    await Promise.all(this.#live.map((session) => session.putAway()));
  }

  /** Reads a result that is likely to be opened next, so that it opens at once. */
  prefetch(next: { readonly item: RecordItem; readonly schema: string } | null): void {
    // Of the open record there is little to read.
    if (!next || next.item.id === this.#record?.item.id) return;
    const { item, schema } = next;
    const key = keyOf(item, schema);
    if (this.#ahead?.key === key) return;
    const loaded = this.#load(item, schema);
    this.#ahead = { key, loaded };
    // It may be there when somebody opens it: then it is read anew.
    loaded.catch(() => {
      if (this.#ahead?.loaded === loaded) this.#ahead = null;
    });
  }

  async #load(
    item: RecordItem,
    schema: string | null,
  ): Promise<{ text: string; stored: RunSession | null }> {
    const [text, stored] = await Promise.all([
      this.#store.repository.text(item.head.textId),
      this.#latest(item, schema),
    ]);
    return { text, stored };
  }

  /** A run of this page that is to be shown of a record; null where a stored one, or none, is. */
  #own(item: RecordItem, schema: string | null): RunSession | null {
    const own = [...(this.#sessions.get(item.id)?.values() ?? [])];
    const going = own.find(({ status }) => status === 'running');
    if (going) return going;
    // One that was stopped at once, or failed, does not hide what was found before.
    const fitting = own.filter(
      (each) =>
        (schema === null || each.identity.schema === schema) &&
        (each.status === 'completed' ||
          each.facts.length > 0 ||
          runUnder(item, each.identity.schema) === null),
    );
    const newest = fitting.reduce<RunSession | null>(
      (known, each) => (known && known.startedAt > each.startedAt ? known : each),
      null,
    );
    return newest && !isOvertaken(newest, storedRun(item, schema)) ? newest : null;
  }

  #chosenOf(recordId: string | undefined): string | null {
    return this.#choice?.recordId === recordId ? (this.#choice?.schema ?? null) : null;
  }

  /** Whether what is on screen of a record stays there. */
  #stays(session: RunSession, item: RecordItem): boolean {
    if (session.status === 'running') return true;
    const { schema } = session.identity;
    const chosen = this.#chosenOf(item.id);
    // A later run under another schema is another result, and takes nothing away.
    return (chosen === null || chosen === schema) && !isOvertaken(session, runUnder(item, schema));
  }

  async #latest(item: RecordItem, schema: string | null): Promise<RunSession | null> {
    const own = this.#own(item, schema);
    if (own) return own;
    const summary = storedRun(item, schema);
    if (!summary) return null;
    const run = await this.#store.repository.run(summary.id);
    // Facts of another version of the text would point to wrong places.
    if (run.textSha256 !== item.head.textSha256) return null;
    return RunSession.stored(run, item.head.title);
  }
}

/** Of a record: the run under a schema, or else the newest one, in whose place one of its schema that says more is shown. */
function storedRun(item: RecordItem, schema: string | null): RunSummary | null {
  if (schema !== null) return runUnder(item, schema);
  return item.lastRun && (runUnder(item, item.lastRun.schema) ?? item.lastRun);
}

/** Whether there is a later run than this one, which has ended: a batch's, or one that was read late. */
function isOvertaken({ id, startedAt }: RunSession, later: RunSummary | null): boolean {
  return later !== null && later.id !== id && later.startedAt > startedAt;
}

/** What a result that was read ahead must not have changed since. */
function keyOf(item: RecordItem, schema: string | null): string {
  return JSON.stringify([item.id, item.head.textId, storedRun(item, schema)?.id]);
}

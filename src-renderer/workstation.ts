/** The page's composition root: makes every part once and connects them. */
import { fitsClipboard } from '@domain/contract/clipboard';
import { AppError, problemOf } from '@domain/contract/errors';
import type { SaveOrder } from '@domain/contract/save-file';
import { defaultThreshold } from '@domain/contract/qa';
import { findSections } from '@domain/rules/sections';
import { hostMethods, type HostMethods } from '@domain/contract/host-port';
import { workerMethods, type WorkerMethods } from '@domain/contract/worker-port';
import { invoke } from './data/bridge';
import { Connection } from './data/connection';
import { windowInbox } from './data/port-inbox';
import { Store } from './data/store';
import { AuditState } from './features/audit';
import { DeidentifyState, findInThread } from './features/deidentify';
import { BackupModel } from './features/backup';
import { BatchesState, NewBatch } from './features/batch';
import { EvaluationState } from './features/evaluation';
import { DialoguesState, TrainingExport } from './features/dialogue';
import { ExportState } from './features/export';
import { ExtractionState } from './features/extraction';
import { ModelsState } from './features/models';
import { firstSample, RecordsState } from './features/records';
import { QaState } from './features/qa';
import { DryRun, SchemaCatalogue, SchemasState } from './features/schemas';
import { ResearchState } from './features/research';
import { ReviewState, type ReviewParts } from './features/review';
import { documentTarget, SettingsState } from './features/settings';
import { RotationModel } from './features/rotation';
import { SystemState } from './features/status';
import { UsersState } from './features/users';
import { VaultModel } from './features/vault';
import { guardCopying } from './ui/guarded-copy';
import { i18n } from './ui/i18n.svelte';
import { Notices } from './ui/notices.svelte';

export class Workstation {
  readonly #bridge = window.chimed;
  readonly notices = new Notices();
  readonly system = new SystemState();
  readonly vault = new VaultModel(this.#bridge);
  readonly users = new UsersState(this.#bridge);
  readonly audit = new AuditState(this.#bridge);
  readonly backup = new BackupModel(this.#bridge);
  readonly rotation = new RotationModel(this.#bridge);
  readonly settings = new SettingsState(this.#bridge, documentTarget(document));
  readonly #host = new Connection<HostMethods>({
    table: hostMethods,
    whenClosed: 'HOST_DIED',
    request: () => invoke(this.#bridge, 'host.connect'),
  });
  readonly models = new ModelsState(
    this.#bridge,
    this.#host,
    this.system,
    this.settings,
    this.notices,
  );
  readonly #worker = new Connection<WorkerMethods>({
    table: workerMethods,
    whenClosed: 'WORKER_DIED',
    request: () => invoke(this.#bridge, 'worker.connect'),
  });
  readonly batches = new BatchesState(this.#worker, this.notices);
  readonly #store = new Store(this.#bridge, this.#worker);
  readonly newBatch = new NewBatch(this.#bridge, this.#worker, (textId) =>
    this.#store.repository.text(textId),
  );
  readonly records = new RecordsState(this.#store, this.notices);
  readonly catalogue = new SchemaCatalogue();
  readonly schemas = new SchemasState({
    store: this.#store,
    catalogue: this.catalogue,
    notices: this.notices,
    user: () => this.vault.user?.id ?? null,
    save: (schema, text) => {
      // Texts of examples may come from a record: with them it is one that leaves as it is.
      const deidentified = !schema.examples?.length;
      const order = { format: 'json' as const, count: 1, deidentified, schemaId: schema.id };
      return this.#write(order, text);
    },
  });
  readonly dryRun = new DryRun(this.#host, this.models, () => firstSample(i18n.locale));
  readonly extraction = new ExtractionState(
    this.#store,
    this.#host,
    this.models,
    this.catalogue,
    (recordId) => this.#viewed(recordId),
  );

  readonly #reviewParts: Omit<ReviewParts, 'nextRecord'> = {
    review: (id) => this.#store.repository.review(id),
    primaryReviews: (recordId) => this.#store.repository.primaryReviews(recordId),
    sections: (recordId) => this.#store.repository.sections(recordId),
    saveReview: (review, base) => this.#store.call('reviews.save', { review, base }),
    saveSections: (sections, base) => this.#store.call('sections.save', { sections, base }),
    sign: (content) => invoke(this.#bridge, 'review.sign', content),
    schema: (id) => this.catalogue.find(id),
    findSections,
    user: () => this.vault.user,
    policy: () => this.vault.policy,
    history: async (reviewId) => {
      const { rows } = await this.#store.call('reviews.history', { reviewId });
      const { values } = await this.#store.repository.openReviews(rows);
      return values.map(({ value }) => value).sort((a, b) => a.version - b.version);
    },
  };
  readonly review = new ReviewState({
    ...this.#reviewParts,
    nextRecord: () => this.#nextRecord(),
  });
  readonly research = new ResearchState({
    ...this.#reviewParts,
    call: (name, params) => this.#store.call(name, params),
    record: async (id) => {
      const head = await this.#store.repository.head(id);
      if (!head || head.deletedAt !== null) return null;
      const { title, textSha256, textId } = head;
      return { title, textSha256, text: await this.#store.repository.text(textId) };
    },
    run: (id) => this.#store.repository.run(id),
    viewed: (recordId) => this.#viewed(recordId),
    copy: (text) => this.copy(text),
    save: (order, text) => this.#write(order, text),
    version: () => this.system.info?.version ?? '',
    onFinished: () => this.notices.toast(i18n.m.research.finished),
  });

  readonly qa = new QaState({
    summaries: () => this.#store.repository.conversationSummaries(),
    openSummaries: (rows) => this.#store.repository.openConversationSummaries(rows),
    stored: (id) => this.#store.repository.conversation(id),
    save: (conversation, base) => this.#store.call('conversations.save', { conversation, base }),
    remove: (conversationId) => this.#store.call('conversations.delete', { conversationId }),
    restore: (conversationId) => this.#store.call('conversations.restore', { conversationId }),
    questions: {
      stored: () => this.#store.repository.quickQuestions(),
      save: (questions, base) => this.#store.call('questions.save', { questions, base }),
    },
    ask: async (request, options) => (await this.#host.ready()).call('qa.ask', request, options),
    preview: async (request) => (await this.#host.ready()).call('qa.preview', request),
    writer: () => ({ model: this.models.modelFor('qa'), loaded: this.models.loadedFor('qa') }),
    records: () => this.records.all,
    text: (textId) => this.#store.repository.text(textId),
    sections: (recordId) => this.#store.repository.sections(recordId),
    findSections,
    threshold: () => this.settings.current.qaThreshold ?? defaultThreshold,
    onError: (error) => this.notices.error(error),
  });

  readonly deidentify = new DeidentifyState({
    find: findInThread,
    policy: () => this.vault.policy,
    save: (order, text) => this.#write(order, text),
  });

  readonly dialogues: DialoguesState = new DialoguesState({
    store: this.#store,
    host: this.#host,
    notices: this.notices,
    user: () => this.vault.user,
    model: () => this.models.loadedFor('dialogue'),
    sign: (reply) => invoke(this.#bridge, 'reply.sign', reply),
    copy: (reply) => invoke(this.#bridge, 'reply.copy', reply),
    write: (order, text) => this.#write(order, text),
    signsShown: (replyId, count) => {
      invoke(this.#bridge, 'audit.signs', { replyId, count }).catch((error: unknown) => {
        this.notices.error(error);
      });
    },
  });

  readonly evaluation = new EvaluationState({
    choose: (what) => invoke(this.#bridge, 'evaluation.choose', { what }),
    examine: (ticket, labels) => this.#store.call('evaluation.examine', { ticket, labels }),
    signed: () => this.#store.call('evaluation.signed', {}),
    run: (order, options) => this.#store.call('evaluation.run', order, options),
    save: (order, text) => this.#write(order, text),
  });

  readonly training = new TrainingExport({
    replies: () => this.dialogues.approved(),
    find: findInThread,
    policy: () => this.vault.policy,
    save: (order, text) => this.#write(order, text),
  });

  readonly exporting = new ExportState({
    policy: () => this.vault.policy,
    locale: () => i18n.locale,
    preview: (params, following) => this.#store.call('exports.preview', params, following),
    choose: (order) => invoke(this.#bridge, 'files.save', order),
    run: (params, following) => this.#store.call('exports.run', params, following),
    corrections: (recordId) => this.deidentify.corrections(recordId),
  });

  #entered = false;

  /** What is known to everybody: language, theme, and whether somebody is signed in. */
  start(): void {
    const { notices } = this;
    this.settings.load().catch((error: unknown) => notices.error(error));
    this.system.loadInfo(this.#bridge).catch((error: unknown) => notices.error(error));
    this.vault.follow().catch((error: unknown) => notices.error(error));
    this.#bridge.subscribe('problem', (problem) => notices.problem(problem));
    this.#bridge.subscribe('vault.locking', () => void this.#putAway());
  }

  /**
   * Connects what the signed-in user may use; each part that fails says so by itself and leaves the
   * rest working. Once: a lock ends this page.
   */
  enter(): void {
    if (this.#entered) return;
    this.#entered = true;
    const { vault } = this;
    if (vault.readsRecords || vault.has('administrator')) this.#enterModels();
    if (!vault.readsRecords) return;
    if (vault.user) {
      this.rotation.follow(this.notices).catch((error: unknown) => this.notices.error(error));
    }
    this.batches.follow();
    void this.#enterRecords();
  }

  #enterModels(): void {
    this.#followProcesses();
    guardCopying(
      document,
      (text) => this.copy(text),
      (error) => this.notices.error(error),
    );
    this.#bridge.subscribe('library.changed', (library) => this.models.setLibrary(library));
    this.#bridge.subscribe('library.import', (state) => this.models.setImporting(state));
    this.#bridge.subscribe('conversion.state', (state) => this.models.setConversion(state));
    this.models.load().catch((error: unknown) => this.notices.error(error));
  }

  async #enterRecords(): Promise<void> {
    try {
      await this.#store.open({
        onChange: (event) => {
          this.records.apply(event);
          this.schemas.apply(event);
          this.dialogues.apply(event);
          this.qa.apply(event);
        },
        onSync: (state) => {
          this.system.setSync(state);
          if (state.phase === 'failed') this.notices.problem(state.problem);
        },
        onIntegrity: (problem) => this.notices.problem(problem),
      });
      await Promise.all([
        this.records.load(),
        this.schemas.load(),
        this.dialogues.load(),
        this.qa.load(),
        this.research.load(),
      ]);
      // What a person sees comes first, then what it is held against, then this.
      await this.#store.checked();
      await this.#store.call('search.prepare', undefined);
    } catch (error) {
      this.system.setSync({ phase: 'failed', problem: problemOf(error) });
      this.notices.error(error);
    }
  }

  /** Schema of the result that is on screen to be reviewed; null where there is none. */
  get shownResult(): string | null {
    return this.review.session?.review.schema ?? this.extraction.shownSchemaId;
  }

  #nextRecord(): void {
    const next = this.records.nextToReview(this.shownResult);
    if (!next) {
      this.notices.toast(i18n.m.review.noNextRecord);
      return;
    }
    void this.extraction.choose(next.item, next.schema);
    this.records.select(next.item.id);
  }

  /** A moment before a lock or the end of the program: what is not saved yet is saved. */
  async #putAway(): Promise<void> {
    const { draft } = this.records;
    const drafted = draft.text.trim() === '' ? null : this.records.saveDraft();
    await Promise.all([
      this.extraction.putAway(),
      this.review.putAway(),
      this.qa.putAway(),
      this.research.review.putAway(),
      this.schemas.keepDrafts(),
      this.dialogues.putAway(),
      drafted,
    ]);
    await invoke(this.#bridge, 'vault.put-away');
  }

  /** Calls `listener` for menu items and global shortcuts. */
  onMenuCommand(listener: (command: string) => void): () => void {
    return this.#bridge.subscribe('menu.command', listener);
  }

  #viewed(recordId: string): void {
    invoke(this.#bridge, 'audit.viewed', { recordId }).catch((error: unknown) => {
      this.notices.error(error);
    });
  }

  /** Lets a person choose a place and writes there; false when they did not. @throws AppError */
  async #write(order: SaveOrder, text: string): Promise<boolean> {
    const ticket = await invoke(this.#bridge, 'files.save', order);
    if (ticket === null) return false;
    await this.#store.call('files.write', { ticket, text });
    return true;
  }

  /** Told once a record's words went to a printer. */
  printed(recordId: string): void {
    invoke(this.#bridge, 'audit.printed', { recordId }).catch((error: unknown) => {
      this.notices.error(error);
    });
  }

  /** Onto the clipboard, which main clears after a while. @throws AppError `COPY_TOO_LARGE` */
  async copy(text: string): Promise<void> {
    if (!fitsClipboard(text)) throw new AppError('COPY_TOO_LARGE');
    await invoke(this.#bridge, 'clipboard.write', { text });
  }

  restartHost(): void {
    void this.system.restartHost(this.#bridge);
  }

  #followProcesses(): void {
    const inbox = windowInbox(window);
    inbox.onPort('host', (port) => this.#host.adopt(port));
    inbox.onPort('worker', (port) => this.#worker.adopt(port));

    // Pushes first, then the state as it is: nothing can change unseen in between, and a push that
    // came meanwhile is newer than the answer.
    let hostPushed = false;
    let workerPushed = false;
    const connects = this.vault.readsRecords;
    const host = (state: Parameters<SystemState['setHost']>[0]): void => {
      this.system.setHost(state);
      if (!connects) return;
      const { process } = state;
      this.#host.setPhase(process.phase, 'problem' in process ? process.problem : undefined);
    };
    const worker = (state: Parameters<SystemState['setWorker']>[0]): void => {
      this.system.setWorker(state);
      if (!connects) return;
      this.#worker.setPhase(state.phase, 'problem' in state ? state.problem : undefined);
      if (state.phase === 'failed') this.notices.problem(state.problem);
    };
    this.#bridge.subscribe('host.state', (state) => {
      hostPushed = true;
      host(state);
    });
    this.#bridge.subscribe('host.vitals', (vitals) => this.system.setVitals(vitals));
    this.#bridge.subscribe('worker.state', (state) => {
      workerPushed = true;
      worker(state);
    });
    invoke(this.#bridge, 'host.state').then(
      (state) => !hostPushed && host(state),
      (error: unknown) => this.notices.error(error),
    );
    invoke(this.#bridge, 'worker.state').then(
      (state) => !workerPushed && worker(state),
      (error: unknown) => this.notices.error(error),
    );
  }
}

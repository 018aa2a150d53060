/**
 * The worker without its process: takes the messages of main, opens the store once, and serves every
 * connected window.
 */
import type * as z from 'zod';
import { AppError, problemOf, type Problem } from '../domain/contract/errors';
import type { ExportProgress, ExportReport } from '../domain/contract/export';
import type { WorkerState } from '../domain/contract/ipc';
import type { DocumentFormat, JournalRow } from '../domain/contract/record';
import {
  serve,
  type HandlerContext,
  type Handlers,
  type ParamsOf,
  type ResultOf,
  type RpcServer,
} from '../domain/contract/rpc';
import {
  batchesTopic,
  committedTopic,
  workerMethods,
  type WorkerMethods,
} from '../domain/contract/worker-port';
import type { ByteSink } from '../documents/export/sink';
import { Vault } from '../vault/vault';
import { BatchService } from './batch/batch-service';
import { ChosenFiles } from './batch/chosen-files';
import { HostExtractor } from './batch/extractor';
import type { Documents } from './batch/batch-import';
import { toWorkerSchema, type Act, type FromWorker, type Question } from './control';
import {
  fromProcessPort,
  type ParentPort,
  type ProcessPort,
} from '../domain/contract/process-port';
import { EvaluationService } from './evaluation/evaluation-service';
import { previewExport, runExport } from './exports';
import { EarlyKeys } from './early-keys';
import { RecordStore } from './store';
import { confirmedAct } from './stored-acts';
import { WriteTickets, type TicketPlace } from './write-tickets';

type Init = Extract<z.output<typeof toWorkerSchema>, { type: 'init' }>;
type ReadFile = (
  bytes: Uint8Array<ArrayBuffer>,
  options: { readonly signal: AbortSignal; readonly named: DocumentFormat | undefined },
) => Promise<ResultOf<WorkerMethods['documents.decode']>>;
type WriteFile = (
  place: TicketPlace,
  text: string,
  options: { readonly ownFolder: string },
) => Promise<number>;

type WriteStream = <T>(
  path: string,
  fill: (file: ByteSink) => Promise<T>,
  options: { readonly ownFolder: string },
) => Promise<{ bytes: number; result: T }>;

export interface WorkerParts {
  /** Bytes of a file, which are handed over, into text. @throws AppError */
  readonly readFile: ReadFile;
  /** Text into a file, whole or not at all; returns bytes. @throws AppError */
  readonly writeFile: WriteFile;
  /** The readers of files, for batches. */
  readonly documents: Documents;
  /** Folder of the program's own label mappings. */
  readonly labelsDir: string;
  /** Pieces into a file, whole or not at all. @throws AppError, and what filling it throws */
  readonly writeStream: WriteStream;
  /** Called with errors that have no code and the incident id that the window was given. */
  readonly onInternalError: (error: unknown, incident: string) => void;
}

export class WorkerService {
  readonly #main: ParentPort;
  readonly #parts: WorkerParts;
  readonly #servers = new Set<RpcServer>();
  readonly #handlers: Handlers<WorkerMethods>;
  /** Requests that come before the store is open wait for it; those after a failure get its code. */
  readonly #store: Promise<RecordStore>;
  #settleStore: (store: Promise<RecordStore>) => void = () => undefined;
  #vault: Vault | null = null;
  /** Until the store is open, or has failed to open. */
  #early: Promise<EarlyKeys | null> | null = null;
  readonly #tickets = new WriteTickets();
  readonly #extractor = new HostExtractor();
  readonly #files: ChosenFiles;
  readonly #batches: BatchService;
  readonly #evaluation: EvaluationService;
  #dataDir: string | null = null;
  #initialised = false;
  /** Reviews and replies that the log knows to be worked on since the worker was started. */
  readonly #reviewed = new Set<string>();
  /** Acts that are being stored, and that main is told of when they are. */
  readonly #telling = new Set<Promise<unknown>>();
  /** Reviews and conversations that the log knows to be worked on since the worker was started. */
  readonly #sittings = new Set<string>();

  constructor(main: ParentPort, parts: WorkerParts) {
    this.#main = main;
    this.#parts = parts;
    this.#store = new Promise((resolve) => {
      this.#settleStore = resolve;
    });
    this.#store.catch(() => undefined);
    this.#files = new ChosenFiles(parts.documents);
    this.#evaluation = new EvaluationService({
      labelsDir: parts.labelsDir,
      extractor: this.#extractor,
      pathOf: (ticket) => this.#files.only(ticket),
      vault: async () => (await this.#opened()).vault,
    });
    this.#batches = new BatchService({
      ready: () => this.#store,
      documents: parts.documents,
      files: this.#files,
      extractor: this.#extractor,
      onInternalError: (error, incident) => parts.onInternalError(error, incident),
      onAct: (act, subject) => this.#act(act, subject),
      onNews: (payload) => {
        for (const server of this.#servers) server.notify(batchesTopic, payload);
        this.#tell({ type: 'batches', batches: payload.batches });
      },
    });
    this.#handlers = this.#makeHandlers();
    main.on('message', (event) => this.#receive(event.data, event.ports));
  }

  /** Closes the vault after what was asked of it so far. */
  async close(): Promise<void> {
    for (const server of this.#servers) server.abortAll();
    for (const { key } of await this.#batches.rest()) key.fill(0);
    await this.#vault?.close();
  }

  #receive(data: unknown, ports: readonly ProcessPort[]): void {
    const message = toWorkerSchema.safeParse(data);
    const [port] = ports;
    if (message.success && message.data.type === 'connect' && port) {
      this.#connect(port);
      return;
    }
    if (message.success && message.data.type === 'host' && port) {
      this.#extractor.adopt(fromProcessPort(port));
      return;
    }
    for (const stray of ports) stray.close();
    if (message.success && message.data.type === 'host-news') {
      this.#extractor.hear(message.data.news);
      return;
    }
    if (message.success && message.data.type === 'paths') {
      const { id, paths } = message.data;
      this.#files.offer(id, paths);
      this.#tell({ type: 'granted', id });
      return;
    }
    if (message.success && message.data.type === 'ask') {
      void this.#answer(message.data.id, message.data.question);
      return;
    }
    if (message.success && message.data.type === 'ticket') {
      const { id, path, format, deidentified, dictionary, replyId } = message.data;
      this.#tickets.grant(id, { path, format, deidentified, dictionary, replyId });
      this.#tell({ type: 'granted', id });
      return;
    }
    if (this.#initialised) return;
    this.#initialised = true;
    if (message.success && message.data.type === 'init-batches') {
      // There is no store, and main is not told that there is one.
      this.#settleStore(Promise.reject(new AppError('VAULT_LOCKED')));
      this.#batches.openBoxes(
        message.data.boxes.map(({ path, key }) => ({ path, key: Buffer.from(key) })),
      );
      for (const { key } of message.data.boxes) key.fill(0);
      return;
    }
    const store =
      message.success && message.data.type === 'init'
        ? this.#init(message.data)
        : Promise.reject(new AppError('BAD_REQUEST'));
    this.#settleStore(store);
    this.#tellState({ phase: 'starting' });
    store.then(
      () => this.#tellState({ phase: 'ready' }),
      (error: unknown) => this.#tellState({ phase: 'failed', problem: this.#problemOf(error) }),
    );
  }

  async #init(message: Init): Promise<RecordStore> {
    const { dataDir, keyId, key, userId, signPublic, deletion, bulkAllowed } = message;
    this.#dataDir = dataDir;
    const onCommit = (rows: readonly JournalRow[]): void => this.#announce(rows);
    this.#early = EarlyKeys.read(dataDir, keyId);
    const vault = await Vault.open(dataDir, { keyId, key }, { onCommit }).finally(() => {
      key.fill(0);
      this.#early = null;
    });
    this.#vault = vault;
    const store = new RecordStore({
      ...{ vault, userId, signPublic },
      ...(deletion ? { deletion } : {}),
      ...(bulkAllowed === undefined ? {} : { bulkAllowed }),
    });
    this.#batches.open(vault, store);
    return store;
  }

  /** Answers main; a failure is its answer too. */
  async #answer(id: string, question: Question): Promise<void> {
    try {
      if (question.kind === 'rest-batches') {
        const boxes = await this.#batches.rest();
        this.#tell({ type: 'answer', id, head: null, boxes });
        for (const { key } of boxes) key.fill(0);
        return;
      }
      const store = await this.#store;
      const answer = await store.answer(question, this.#progressOf(id));
      // What is stored but not told yet would look as if the log had missed it.
      if (question.kind === 'acts') await Promise.allSettled([...this.#telling]);
      this.#tell({ type: 'answer', id, ...answer });
    } catch (error) {
      const problem = this.#problemOf(error);
      this.#tell({ type: 'answer', id, head: null, problem });
    } finally {
      if (question.kind === 'rotate') question.key.fill(0);
    }
  }

  /** Ten times a second at most: a journal has many parts. */
  #progressOf(id: string): (done: number, total: number) => void {
    let told = 0;
    return (done, total) => {
      const now = performance.now();
      if (done < total && now - told < 100) return;
      told = now;
      this.#tell({ type: 'progress', id, done, total });
    };
  }

  #connect(port: ProcessPort): void {
    const adapted = fromProcessPort(port);
    const server = serve(adapted, workerMethods, this.#handlers, {
      onInternalError: this.#parts.onInternalError,
    });
    this.#servers.add(server);
    adapted.onClose(() => this.#servers.delete(server));
  }

  #announce(rows: readonly JournalRow[]): void {
    const payload = { journalId: this.#vault?.journal.journalId ?? '', rows };
    for (const server of this.#servers) server.notify(committedTopic, payload);
  }

  #act(act: Act, recordId: string): void {
    this.#tell({ type: 'act', act, recordId });
  }

  /** Tells of an act once it is committed. */
  #acted<T>(act: Act, recordId: string, work: Promise<T>): Promise<T> {
    return this.#tellingOf(
      work.then((result) => {
        this.#act(act, recordId);
        return result;
      }),
    );
  }

  #tellingOf<T>(work: Promise<T>): Promise<T> {
    this.#telling.add(work);
    const told = (): void => void this.#telling.delete(work);
    work.then(told, told);
    return work;
  }

  async #saveReview({
    review,
    base,
  }: ParamsOf<WorkerMethods['reviews.save']>): Promise<ResultOf<WorkerMethods['reviews.save']>> {
    const { amends, ...saved } = await (await this.#store).saveReview(review, base);
    const act = this.#vault && (await confirmedAct(this.#vault, review));
    if (act) this.#tell({ type: 'confirmed', act });
    if (amends) this.#act('review-amended', review.recordId);
    // Every decision is saved by itself; the log is told once that somebody was at it.
    this.#sitting('review-changed', `${review.id} ${review.version}`, review.recordId);
    return saved;
  }

  /** Tells of an act that is done many times over once. */
  #sitting(act: Act, sitting: string, subject: string): void {
    const known = `${act} ${sitting}`;
    if (!this.#sittings.has(known)) this.#act(act, subject);
    this.#sittings.add(known);
  }

  async #saveConversation({
    conversation,
    base,
  }: ParamsOf<WorkerMethods['conversations.save']>): Promise<
    ResultOf<WorkerMethods['conversations.save']>
  > {
    const saved = await (await this.#store).saveConversation(conversation, base);
    const { id, recordId, others } = conversation;
    const subjects = [...(recordId === null ? [] : [recordId]), ...others];
    for (const subject of subjects.length > 0 ? subjects : [id]) {
      this.#sitting('questions-asked', `${id} ${subject}`, subject);
    }
    return saved;
  }

  async #saveReply({
    reply,
    base,
  }: ParamsOf<WorkerMethods['replies.save']>): Promise<ResultOf<WorkerMethods['replies.save']>> {
    const saved = await (await this.#store).saveReply(reply, base);
    // An approval is told by main, which signed it.
    if (reply.state === 'machine-draft') this.#act('reply-drafted', reply.id);
    if (reply.state === 'editing') {
      // Saved at every pause in typing; the log is told once that somebody was at it.
      if (!this.#reviewed.has(reply.id)) this.#act('reply-changed', reply.id);
      this.#reviewed.add(reply.id);
    }
    return saved;
  }

  async #write({ ticket, text }: ParamsOf<WorkerMethods['files.write']>): Promise<number> {
    const ownFolder = this.#dataDir;
    if (ownFolder === null) throw new AppError('BAD_REQUEST');
    const place = this.#tickets.redeem(ticket);
    if (place.dictionary) throw new AppError('BAD_REQUEST');
    if (place.replyId !== undefined) {
      await (await this.#store).demandApprovedReply(place.replyId, text);
    }
    const bytes = await this.#parts.writeFile(place, text, { ownFolder });
    this.#tell({ type: 'written', id: ticket });
    return bytes;
  }

  async #export(
    { ticket, dictionaryTicket, ...params }: ParamsOf<WorkerMethods['exports.run']>,
    context: HandlerContext<ExportProgress>,
  ): Promise<ExportReport> {
    const { vault, dataDir: ownFolder } = await this.#opened();
    const place = this.#tickets.redeem(ticket);
    const dictionary =
      dictionaryTicket === undefined ? null : this.#tickets.redeem(dictionaryTicket);
    const report = await runExport(
      vault,
      params,
      { place, dictionary },
      (path, fill) => this.#parts.writeStream(path, fill, { ownFolder }),
      context,
    );
    this.#tell({ type: 'written', id: ticket, records: report.counts.records });
    if (dictionaryTicket !== undefined) this.#tell({ type: 'written', id: dictionaryTicket });
    return report;
  }

  /** @throws AppError why it could not be opened */
  async #opened(): Promise<{ vault: Vault; dataDir: string }> {
    await this.#store;
    if (!this.#vault || this.#dataDir === null) throw new AppError('BAD_REQUEST');
    return { vault: this.#vault, dataDir: this.#dataDir };
  }

  #tellState(state: WorkerState): void {
    this.#tell({ type: 'state', state });
  }

  #tell(message: FromWorker): void {
    this.#main.postMessage(message);
  }

  #problemOf(error: unknown): Problem {
    const problem = problemOf(error);
    if (problem.incident) this.#parts.onInternalError(error, problem.incident);
    return problem;
  }

  #makeHandlers(): Handlers<WorkerMethods> {
    return {
      'documents.decode': async ({ bytes, named }, { signal }) => {
        const { text, source } = await this.#parts.readFile(new Uint8Array(bytes), {
          signal,
          named,
        });
        return { text, source };
      },
      'records.create': async (input) => {
        const made = await (await this.#store).create(input);
        this.#act('record-created', made.recordId);
        return made;
      },
      'records.rename': async ({ recordId, title }) =>
        this.#acted('record-changed', recordId, (await this.#store).rename(recordId, title)),
      'records.delete': async ({ recordId }) =>
        this.#acted('record-deleted', recordId, (await this.#store).delete(recordId)),
      'records.restore': async ({ recordId }) =>
        this.#acted('record-restored', recordId, (await this.#store).restore(recordId)),
      'records.shred': async ({ recordId }) => {
        const store = await this.#store;
        const demandFree = (): Promise<void> => this.#batches.demandWithout(recordId);
        return this.#acted('record-shredded', recordId, store.shred(recordId, demandFree));
      },
      ...this.#batches.handlers,
      ...this.#evaluation.handlers,
      'records.history': async ({ recordId }) => ({
        rows: await (await this.#store).history(recordId),
      }),
      'records.duplicates': async ({ text }) => ({
        recordIds: await (await this.#store).duplicates(text),
      }),
      'search.prepare': async () => ({ records: await (await this.#store).search.prepare() }),
      'search.run': async (request, { signal, emit }) =>
        (await this.#store).search.run(request, signal, emit),
      'runs.save': async (run: ParamsOf<WorkerMethods['runs.save']>) =>
        this.#acted('run-saved', run.recordId, (await this.#store).saveRun(run)),
      'schemas.save': async ({ schema, base }) =>
        this.#acted('schema-changed', schema.id, (await this.#store).schemas.save(schema, base)),
      'schemas.delete': async ({ schemaId }) =>
        this.#acted('schema-changed', schemaId, (await this.#store).schemas.delete(schemaId)),
      'schemas.restore': async ({ schemaId }) =>
        this.#acted('schema-changed', schemaId, (await this.#store).schemas.restore(schemaId)),
      'schemas.history': async ({ schemaId }) => ({
        rows: await (await this.#store).schemas.history(schemaId),
      }),
      'schemas.draft': async ({ schemaId, base, text }) =>
        (await this.#store).schemas.keepDraft(schemaId, base, text),
      'reviews.save': (params) => this.#tellingOf(this.#saveReview(params)),
      'reviews.history': async ({ reviewId }) => ({
        rows: await (await this.#store).reviewHistory(reviewId),
      }),
      'replies.save': (params) => this.#saveReply(params),
      'replies.delete': async ({ replyId }) =>
        this.#acted('reply-deleted', replyId, (await this.#store).replies.delete(replyId)),
      'replies.restore': async ({ replyId }) =>
        this.#acted('reply-restored', replyId, (await this.#store).replies.restore(replyId)),
      'replies.history': async ({ replyId }) => ({
        rows: await (await this.#store).replies.history(replyId),
      }),
      'studies.list': async () => ({ studies: await (await this.#store).studies.list() }),
      'studies.population': async ({ schema }) => ({
        records: await (await this.#store).studies.population(schema),
      }),
      'studies.draw': async ({ schema, size }) => {
        const drawn = await (await this.#store).studies.draw(schema, size);
        this.#act('study-started', drawn.studyId);
        return drawn;
      },
      'studies.begin': async ({ studyId }) =>
        this.#acted('study-begun', studyId, (await this.#store).studies.begin(studyId)),
      'studies.compare': async ({ studyId }) =>
        this.#acted('study-compared', studyId, (await this.#store).studies.compare(studyId)),
      'studies.allowOwn': async ({ studyId }) =>
        this.#acted('study-own-allowed', studyId, (await this.#store).studies.allowOwn(studyId)),
      'studies.get': async ({ studyId }) => (await this.#store).studies.overview(studyId),
      'sections.save': async ({ sections, base }) =>
        this.#acted(
          'sections-changed',
          sections.recordId,
          (await this.#store).saveSections(sections, base),
        ),
      'conversations.save': (params) => this.#saveConversation(params),
      'conversations.delete': async ({ conversationId }) =>
        (await this.#store).conversations.delete(conversationId),
      'conversations.restore': async ({ conversationId }) =>
        (await this.#store).conversations.restore(conversationId),
      'conversations.history': async ({ conversationId }) => ({
        rows: await (await this.#store).conversations.history(conversationId),
      }),
      'questions.save': async ({ questions, base }) =>
        (await this.#store).questions.save(questions, base),
      'files.write': async (params) => ({ bytes: await this.#write(params) }),
      'exports.preview': async (params, context) =>
        previewExport((await this.#opened()).vault, params, context),
      'exports.run': (params, context) => this.#export(params, context),
      'journal.read': async ({ after, limit }) => (await this.#store).read(after, limit),
      'rows.check': async ({ claims }) => (await this.#store).check(claims),
      'rows.ids': async ({ table }) => (await this.#store).ids(table),
      'rows.get': async ({ addresses }) => ({ rows: await (await this.#store).rows(addresses) }),
      'keys.get': async ({ keyIds }) => {
        const early = await this.#early;
        return { keys: (early ?? (await this.#store)).wrappedKeys(keyIds) };
      },
    };
  }
}

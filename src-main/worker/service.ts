/**
 * The worker without its process: takes the messages of main, opens the store once, and serves every
 * connected window.
 */
import type * as z from 'zod';
import { AppError, problemOf, type Problem } from '../domain/contract/errors';
import type { WorkerState } from '../domain/contract/ipc';
import type { JournalRow } from '../domain/contract/record';
import {
  serve,
  type Handlers,
  type ParamsOf,
  type ResultOf,
  type RpcServer,
} from '../domain/contract/rpc';
import { committedTopic, workerMethods, type WorkerMethods } from '../domain/contract/worker-port';
import { Vault } from '../vault/vault';
import { toWorkerSchema, type Act, type FromWorker, type Question } from './control';
import {
  fromProcessPort,
  type ParentPort,
  type ProcessPort,
} from '../domain/contract/process-port';
import { RecordStore } from './store';
import { WriteTickets, type TicketPlace } from './write-tickets';

type Init = Extract<z.output<typeof toWorkerSchema>, { type: 'init' }>;
type ReadFile = (
  bytes: Uint8Array<ArrayBuffer>,
  options: { readonly signal: AbortSignal },
) => Promise<ResultOf<WorkerMethods['documents.decode']>>;
type WriteFile = (
  place: TicketPlace,
  text: string,
  options: { readonly ownFolder: string },
) => Promise<number>;

export interface WorkerParts {
  /** Bytes of a file, which are handed over, into text. @throws AppError */
  readonly readFile: ReadFile;
  /** Text into a file, whole or not at all; returns bytes. @throws AppError */
  readonly writeFile: WriteFile;
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
  readonly #tickets = new WriteTickets();
  #dataDir: string | null = null;
  #initialised = false;

  constructor(main: ParentPort, parts: WorkerParts) {
    this.#main = main;
    this.#parts = parts;
    this.#store = new Promise((resolve) => {
      this.#settleStore = resolve;
    });
    this.#store.catch(() => undefined);
    this.#handlers = this.#makeHandlers();
    main.on('message', (event) => this.#receive(event.data, event.ports));
  }

  /** Closes the vault after what was asked of it so far. */
  async close(): Promise<void> {
    for (const server of this.#servers) server.abortAll();
    await this.#vault?.close();
  }

  #receive(data: unknown, ports: readonly ProcessPort[]): void {
    const message = toWorkerSchema.safeParse(data);
    const [port] = ports;
    if (message.success && message.data.type === 'connect' && port) {
      this.#connect(port);
      return;
    }
    for (const stray of ports) stray.close();
    if (message.success && message.data.type === 'ask') {
      void this.#answer(message.data.id, message.data.question);
      return;
    }
    if (message.success && message.data.type === 'ticket') {
      const { id, path, format } = message.data;
      this.#tickets.grant(id, { path, format });
      this.#tell({ type: 'granted', id });
      return;
    }
    if (this.#initialised) return;
    this.#initialised = true;
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
    const { dataDir, keyId, key, userId, deletion } = message;
    this.#dataDir = dataDir;
    const onCommit = (rows: readonly JournalRow[]): void => this.#announce(rows);
    const vault = await Vault.open(dataDir, { keyId, key }, { onCommit }).finally(() =>
      key.fill(0),
    );
    this.#vault = vault;
    return new RecordStore({ vault, userId, ...(deletion ? { deletion } : {}) });
  }

  /** Answers main; a failure is its answer too. */
  async #answer(id: string, question: Question): Promise<void> {
    try {
      const store = await this.#store;
      const answer = await store.answer(question);
      this.#tell({ type: 'answer', id, ...answer });
    } catch (error) {
      const problem = this.#problemOf(error);
      this.#tell({ type: 'answer', id, head: null, problem });
    } finally {
      if (question.kind === 'rotate') question.key.fill(0);
    }
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
  async #acted<T>(act: Act, recordId: string, work: Promise<T>): Promise<T> {
    const result = await work;
    this.#act(act, recordId);
    return result;
  }

  async #write({ ticket, text }: ParamsOf<WorkerMethods['files.write']>): Promise<number> {
    const ownFolder = this.#dataDir;
    if (ownFolder === null) throw new AppError('BAD_REQUEST');
    const bytes = await this.#parts.writeFile(this.#tickets.redeem(ticket), text, { ownFolder });
    this.#tell({ type: 'written', id: ticket });
    return bytes;
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
      'documents.decode': async ({ bytes }, { signal }) => {
        const { text, source } = await this.#parts.readFile(new Uint8Array(bytes), { signal });
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
      'records.shred': async ({ recordId }) =>
        this.#acted('record-shredded', recordId, (await this.#store).shred(recordId)),
      'records.history': async ({ recordId }) => ({
        rows: await (await this.#store).history(recordId),
      }),
      'records.duplicates': async ({ text }) => ({
        recordIds: await (await this.#store).duplicates(text),
      }),
      'runs.save': async (run: ParamsOf<WorkerMethods['runs.save']>) =>
        this.#acted('run-saved', run.recordId, (await this.#store).saveRun(run)),
      'files.write': async (params) => ({ bytes: await this.#write(params) }),
      'journal.read': async ({ after, limit }) => (await this.#store).read(after, limit),
      'rows.check': async ({ claims }) => (await this.#store).check(claims),
      'rows.ids': async ({ table }) => (await this.#store).ids(table),
      'rows.get': async ({ addresses }) => ({ rows: await (await this.#store).rows(addresses) }),
      'keys.get': async ({ keyIds }) => ({ keys: (await this.#store).wrappedKeys(keyIds) }),
    };
  }
}

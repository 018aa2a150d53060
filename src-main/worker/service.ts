/**
 * The worker without its process: takes the messages of main, opens the store once, and serves every
 * connected window.
 */
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
import { importDataKey } from '../domain/sealing/row';
import { Journal } from '../vault/journal';
import { toWorkerSchema, type FromWorker, type ToWorker } from './control';
import {
  fromProcessPort,
  type ParentPort,
  type ProcessPort,
} from '../domain/contract/process-port';
import { RecordStore } from './store';
import { WriteTickets, type TicketPlace } from './write-tickets';

type DecodeText = (bytes: Uint8Array) => ResultOf<WorkerMethods['documents.decode']>;
type WriteFile = (
  place: TicketPlace,
  text: string,
  options: { readonly ownFolder: string },
) => Promise<number>;

export interface WorkerParts {
  /** Bytes of a file into text. @throws AppError */
  readonly decodeText: DecodeText;
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
  readonly #tickets = new WriteTickets();
  #dataDir: string | null = null;
  #journal: Journal | null = null;
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

  /** Closes the journal after what was asked of it so far. */
  async close(): Promise<void> {
    for (const server of this.#servers) server.abortAll();
    await this.#journal?.close();
  }

  #receive(data: unknown, ports: readonly ProcessPort[]): void {
    const message = toWorkerSchema.safeParse(data);
    const [port] = ports;
    if (message.success && message.data.type === 'connect' && port) {
      this.#connect(port);
      return;
    }
    for (const stray of ports) stray.close();
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

  async #init(message: Extract<ToWorker, { type: 'init' }>): Promise<RecordStore> {
    const { dataDir, keyId } = message;
    this.#dataDir = dataDir;
    const key = await importDataKey(message.key).finally(() => message.key.fill(0));
    const journal = await Journal.open(dataDir, { onCommit: (rows) => this.#announce(rows) });
    this.#journal = journal;
    return new RecordStore({ journal, key, keyId });
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
    const payload = { journalId: this.#journal?.journalId ?? '', rows };
    for (const server of this.#servers) server.notify(committedTopic, payload);
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
      'documents.decode': async ({ bytes }) => this.#parts.decodeText(bytes),
      'records.create': async (input) => (await this.#store).create(input),
      'records.rename': async ({ recordId, title }) => (await this.#store).rename(recordId, title),
      'records.delete': async ({ recordId }) => (await this.#store).delete(recordId),
      'records.restore': async ({ recordId }) => (await this.#store).restore(recordId),
      'runs.save': async (run: ParamsOf<WorkerMethods['runs.save']>) =>
        (await this.#store).saveRun(run),
      'files.write': async (params) => ({ bytes: await this.#write(params) }),
      'journal.read': async ({ after, limit }) => (await this.#store).read(after, limit),
    };
  }
}

/** Everything the page knows of stored data: the key, the projection, and the worker that commits. */
import type * as z from 'zod';
import { AppError, problemOf, type Problem } from '@domain/contract/errors';
import type { Bridge } from '@domain/contract/ipc';
import type { CallOptions, EventOf, ResultOf } from '@domain/contract/rpc';
import type { WorkerMethods } from '@domain/contract/worker-port';
import type { Connection } from './connection';
import { openDatabase } from './database';
import { holdDataKey } from './data-key';
import { Integrity } from './integrity';
import { Projection, type ProjectionEvent } from './projection';
import { RecordKeyCache } from './record-keys';
import { Repository } from './repository';
import { workerRows } from './row-source';

export type SyncState =
  | { readonly phase: 'syncing' }
  | { readonly phase: 'synced' }
  | { readonly phase: 'failed'; readonly problem: Problem };

export interface StoreHooks {
  onChange(event: ProjectionEvent): void;
  onSync(state: SyncState): void;
  /** Stored rows were changed from outside and have been put right; told once. */
  onIntegrity(problem: Problem): void;
}

export class Store {
  readonly #bridge: Bridge;
  readonly #worker: Connection<WorkerMethods>;
  #repository: Repository | undefined;
  #integrity: Integrity | undefined;

  constructor(bridge: Bridge, worker: Connection<WorkerMethods>) {
    this.#bridge = bridge;
    this.#worker = worker;
  }

  /** @throws AppError `STORE_READ_FAILED` before `open` has ended */
  get repository(): Repository {
    if (!this.#repository) throw new AppError('STORE_READ_FAILED');
    return this.#repository;
  }

  /**
   * Holds the key, opens the projection as it lies, and follows every worker from then on.
   *
   * @throws AppError `KEY_UNREADABLE`, `STORE_READ_FAILED`
   */
  async open(hooks: StoreHooks): Promise<void> {
    const [held, database] = await Promise.all([holdDataKey(this.#bridge), openOrFail()]);
    const source = workerRows(() => this.#worker.ready());
    const keys = new RecordKeyCache(held, source);
    const integrity = new Integrity(database, source, {
      onRestored: (rows) => hooks.onChange({ kind: 'rows', rows }),
      onForeign: (recordIds) => hooks.onChange({ kind: 'removed', recordIds, keyIds: [] }),
      onFirst: (count) => hooks.onIntegrity({ code: 'ROW_RESTORED', params: { count } }),
      // A worker that went away says so by itself; what it could not check is checked when next shown.
      onError: (error) => {
        const problem = ofStore(error);
        if (problem.code !== 'WORKER_DIED') hooks.onSync({ phase: 'failed', problem });
      },
    });
    this.#integrity = integrity;
    this.#repository = new Repository(database, keys, integrity);
    const projection = new Projection(database);
    projection.onChange((event) => {
      if (event.kind === 'removed') keys.forget(event.keyIds);
      hooks.onChange(event);
    });
    this.#worker.onClient((client) => {
      const failed = (error: unknown): void => {
        // The next worker starts over; its predecessor's death is not the projection's failure.
        if (this.#worker.client === client)
          hooks.onSync({ phase: 'failed', problem: ofStore(error) });
      };
      hooks.onSync({ phase: 'syncing' });
      projection.attach(client, failed).then(() => hooks.onSync({ phase: 'synced' }), failed);
    });
  }

  /**
   * Asks the worker for something, waiting for it to come up if it is just starting.
   *
   * @throws AppError with the worker's code, `WORKER_DIED` when it goes away meanwhile
   * @throws Cancelled when `options.signal` was aborted
   */
  async call<K extends keyof WorkerMethods & string>(
    name: K,
    params: z.input<WorkerMethods[K]['params']>,
    options?: CallOptions<EventOf<WorkerMethods[K]>>,
  ): Promise<ResultOf<WorkerMethods[K]>> {
    const client = await this.#worker.ready();
    return client.call(name, params, options);
  }

  /** Resolves when the rows that were read so far have been checked against the journal. */
  async checked(): Promise<void> {
    await this.#integrity?.settled();
  }
}

function ofStore(error: unknown): Problem {
  const problem = problemOf(error);
  // What has no code here comes from IndexedDB.
  return problem.code === 'INTERNAL' ? { code: 'STORE_WRITE_FAILED' } : problem;
}

async function openOrFail() {
  try {
    return await openDatabase();
  } catch (cause) {
    throw new AppError('STORE_READ_FAILED', { cause });
  }
}

/** What the status bar shows: the processes behind the page, as main reports them. */
import { problemOf } from '@domain/contract/errors';
import type { HostState, LoadedModel } from '@domain/contract/host-port';
import type { AppInfo, Bridge, WorkerState } from '@domain/contract/ipc';
import { invoke } from '../../data/bridge';
import type { SyncState } from '../../data/store';

export class SystemState {
  #host = $state.raw<HostState>({ phase: 'starting' });
  #worker = $state.raw<WorkerState>({ phase: 'starting' });
  #sync = $state.raw<SyncState>({ phase: 'syncing' });
  #info = $state.raw<AppInfo | null>(null);
  #model = $state.raw<LoadedModel | null>(null);

  get host(): HostState {
    return this.#host;
  }

  get worker(): WorkerState {
    return this.#worker;
  }

  get sync(): SyncState {
    return this.#sync;
  }

  get info(): AppInfo | null {
    return this.#info;
  }

  /** The model that is ready now, or the last one that was: its name stays up while it restarts. */
  get model(): LoadedModel | null {
    return this.#model;
  }

  get ready(): boolean {
    return this.#host.phase === 'ready';
  }

  setHost(state: HostState): void {
    this.#host = state;
    if (state.phase === 'ready') this.#model = state.model;
  }

  setWorker(state: WorkerState): void {
    this.#worker = state;
  }

  setSync(state: SyncState): void {
    this.#sync = state;
  }

  async loadInfo(bridge: Bridge): Promise<void> {
    this.#info = await invoke(bridge, 'app.info');
  }

  /** Asks main to start a failed host again; a refusal shows where the failure stood. */
  async restartHost(bridge: Bridge): Promise<void> {
    try {
      await invoke(bridge, 'host.restart');
    } catch (error) {
      this.#host = { phase: 'failed', problem: problemOf(error) };
    }
  }
}

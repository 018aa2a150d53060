/** What the status bar shows: the processes behind the page, as main reports them. */
import { problemOf, type Problem } from '@domain/contract/errors';
import type { HostState, HostVitals, LoadedModel, ModelState } from '@domain/contract/host-port';
import type { AppInfo, Bridge, WorkerState } from '@domain/contract/ipc';
import { invoke } from '../../data/bridge';
import type { SyncState } from '../../data/store';

/** The host in one word: its process first, then the best that can be said of its models. */
export type HostPhase = 'starting' | 'loading' | 'ready' | 'restarting' | 'failed';

export class SystemState {
  #host = $state.raw<HostState>({ process: { phase: 'starting' }, models: [] });
  #vitals = $state.raw<HostVitals | null>(null);
  #worker = $state.raw<WorkerState>({ phase: 'starting' });
  #sync = $state.raw<SyncState>({ phase: 'syncing' });
  #info = $state.raw<AppInfo | null>(null);

  get host(): HostState {
    return this.#host;
  }

  /** Memory and work of the host's process; null until it reported once. */
  get vitals(): HostVitals | null {
    return this.#vitals;
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

  get hostPhase(): HostPhase {
    const { process, models } = this.#host;
    if (process.phase !== 'ready') return process.phase;
    // A model that can be used is more than another one that is still on its way.
    if (models.some(({ phase }) => phase === 'ready')) return 'ready';
    if (models.some(({ phase }) => phase === 'loading' || phase === 'checking')) return 'loading';
    return models.length > 0 ? 'failed' : 'starting';
  }

  /** Why nothing can be asked of any model, if so. */
  get hostProblem(): Problem | null {
    const { process, models } = this.#host;
    if ('problem' in process) return process.problem;
    if (this.hostPhase !== 'failed') return null;
    return models.flatMap((model) => (model.phase === 'failed' ? [model.problem] : []))[0] ?? null;
  }

  /** The model that is being brought into memory, if any. */
  get coming(): Extract<ModelState, { progress: number }> | null {
    return (
      this.#host.models.find((model) => model.phase === 'loading' || model.phase === 'checking') ??
      null
    );
  }

  get ready(): boolean {
    return this.hostPhase === 'ready';
  }

  /** The model in memory with this SHA-256. */
  loaded(sha256: string): LoadedModel | null {
    for (const model of this.#host.models) {
      if (model.phase === 'ready' && model.model.sha256 === sha256) return model.model;
    }
    return null;
  }

  setHost(state: HostState): void {
    this.#host = state;
  }

  setVitals(vitals: HostVitals): void {
    this.#vitals = vitals;
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
      const problem = problemOf(error);
      this.#host = { ...this.#host, process: { phase: 'failed', problem } };
    }
  }
}

/** The page's composition root: makes every part once and connects them. */
import { fitsClipboard } from '@domain/contract/clipboard';
import { AppError, problemOf } from '@domain/contract/errors';
import { hostMethods, type HostMethods } from '@domain/contract/host-port';
import { workerMethods, type WorkerMethods } from '@domain/contract/worker-port';
import { invoke } from './data/bridge';
import { Connection } from './data/connection';
import { windowInbox } from './data/port-inbox';
import { Store } from './data/store';
import { AuditState } from './features/audit';
import { DeidentifyState, findInThread } from './features/deidentify';
import { BackupModel } from './features/backup';
import { ExtractionState } from './features/extraction';
import { ModelsState } from './features/models';
import { RecordsState } from './features/records';
import { documentTarget, SettingsState } from './features/settings';
import { SystemState } from './features/status';
import { UsersState } from './features/users';
import { VaultModel } from './features/vault';
import { guardCopying } from './ui/guarded-copy';
import { Notices } from './ui/notices.svelte';

export class Workstation {
  readonly #bridge = window.chimed;
  readonly notices = new Notices();
  readonly system = new SystemState();
  readonly vault = new VaultModel(this.#bridge);
  readonly users = new UsersState(this.#bridge);
  readonly audit = new AuditState(this.#bridge);
  readonly backup = new BackupModel(this.#bridge);
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
  readonly #store = new Store(this.#bridge, this.#worker);
  readonly records = new RecordsState(this.#store, this.notices);
  readonly extraction = new ExtractionState(this.#store, this.#host, this.models, (recordId) => {
    invoke(this.#bridge, 'audit.viewed', { recordId }).catch((error: unknown) => {
      this.notices.error(error);
    });
  });

  readonly deidentify = new DeidentifyState({
    find: findInThread,
    policy: () => this.vault.policy,
    save: async (order, text) => {
      const ticket = await invoke(this.#bridge, 'files.save', order);
      if (ticket === null) return false;
      await this.#store.call('files.write', { ticket, text });
      return true;
    },
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
    if (vault.readsRecords) void this.#enterRecords();
  }

  #enterModels(): void {
    this.#followProcesses();
    guardCopying(
      document,
      (text) => this.#copy(text),
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
        onChange: (event) => this.records.apply(event),
        onSync: (state) => {
          this.system.setSync(state);
          if (state.phase === 'failed') this.notices.problem(state.problem);
        },
        onIntegrity: (problem) => this.notices.problem(problem),
      });
      await this.records.load();
      // What a person sees comes first, then what it is held against, then this.
      await this.#store.checked();
      await this.#store.call('search.prepare', undefined);
    } catch (error) {
      this.system.setSync({ phase: 'failed', problem: problemOf(error) });
      this.notices.error(error);
    }
  }

  /** A moment before the lock ends this page: what is not saved yet is saved. */
  async #putAway(): Promise<void> {
    const { draft } = this.records;
    const drafted = draft.text.trim() === '' ? null : this.records.saveDraft();
    await Promise.all([this.extraction.putAway(), drafted]);
    await invoke(this.#bridge, 'vault.put-away');
  }

  /** Calls `listener` for menu items and global shortcuts. */
  onMenuCommand(listener: (command: string) => void): () => void {
    return this.#bridge.subscribe('menu.command', listener);
  }

  async #copy(text: string): Promise<void> {
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

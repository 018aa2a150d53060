/**
 * The model host, from main: which models are to be in its memory, each checked before it is loaded,
 * and the CPU for one whose graphics card was the death of the process.
 */
import type { MessagePortMain, UtilityProcess } from 'electron';
import { AppError, problemOf, type Problem } from '../domain/contract/errors';
import type {
  HostProcess,
  HostState,
  HostVitals,
  ModelSlot,
  ModelState,
} from '../domain/contract/host-port';
import type { ProbedMachine } from '../domain/contract/machine';
import type { ModelCard } from '../domain/contract/model-card';
import type { LoadPlan } from '../domain/contract/model-settings';
import { Cancelled } from '../domain/contract/rpc';
import { SupervisedProcess } from '../shell/supervised-process';
import { hostEnvironment } from './environment';
import { fromHostSchema, type ToHost } from './control';

/** A file that was checked just now. */
export interface ModelToLoad {
  readonly path: string;
  readonly card: ModelCard;
  readonly plan: LoadPlan;
}

export interface CheckOptions {
  readonly signal: AbortSignal;
  /** Plan for the CPU: the graphics card failed. */
  readonly withoutGpu: boolean;
  onProgress(done: number, total: number): void;
}

/** Where a slot's model comes from. */
export interface ModelSource<M extends ModelToLoad = ModelToLoad> {
  /** Shown until its card is known. */
  readonly name: string;
  /** @throws AppError of what is wrong with the file, Cancelled */
  check(options: CheckOptions): Promise<M>;
  /** Called when it is in memory. @throws AppError where the file was exchanged meanwhile */
  demandUnchanged(model: M): Promise<void>;
}

export interface HostSupervisorOptions {
  /** Path of the host's built entry. */
  readonly entry: string;
  onState(state: HostState): void;
  onVitals(vitals: HostVitals): void;
}

interface Wanted {
  readonly source: ModelSource;
  readonly abort: AbortController;
  /** Why the graphics card is not used. */
  instead: Problem | null;
  /** Why it is not tried any more. */
  givenUp: Problem | null;
  /** What was given to the host, once it was checked. */
  model: ModelToLoad | null;
  state: ModelState;
}

/** Milliseconds that a host may take to give up its contexts before it is ended. */
const forgetGrace = 2_000;

/** Milliseconds that a host may take to empty a slot before it is ended: a person cancels within a second. */
const unloadGrace = 800;

export class HostSupervisor {
  readonly #options: HostSupervisorOptions;
  readonly #process: SupervisedProcess;
  readonly #wanted = new Map<ModelSlot, Wanted>();
  /** Slots that the host was told to empty, with what ends the wait for it. */
  readonly #emptying = new Map<ModelSlot, () => void>();
  readonly #probes: {
    resolve(probed: ProbedMachine): void;
    reject(error: AppError): void;
  }[] = [];
  /** The process died while it looked for graphics cards. */
  #gpusKill = false;
  #phase: HostProcess = { phase: 'starting' };
  #forgetting: NodeJS.Timeout | undefined;

  constructor(options: HostSupervisorOptions) {
    this.#options = options;
    this.#process = new SupervisedProcess({
      entry: options.entry,
      serviceName: 'chimed-model-host',
      mostDeaths: 3,
      env: hostEnvironment,
      onSpawn: (child) => {
        this.#setPhase({ phase: 'ready' });
        for (const wanted of this.#wanted.values()) void this.#load(child, wanted);
      },
      onMessage: (raw) => this.#receive(raw),
      onEnd: (end) => this.#ended(end),
    });
  }

  get state(): HostState {
    return {
      process: this.#phase,
      models: [...this.#wanted.values()].map(({ state }) => state),
    };
  }

  start(): void {
    this.#process.start();
  }

  /**
   * Puts a model into a slot, in place of what is there; null empties it. Returns at once: the state
   * tells how it goes.
   */
  want(slot: ModelSlot, source: ModelSource | null): void {
    const before = this.#wanted.get(slot);
    before?.abort.abort();
    this.#wanted.delete(slot);
    const { child } = this.#process;
    if (before && child) this.#empty(child, slot);
    if (source) {
      const { name } = source;
      const wanted: Wanted = {
        source,
        abort: new AbortController(),
        instead: null,
        givenUp: null,
        model: null,
        state: { phase: 'checking', slot, name, progress: 0 },
      };
      this.#wanted.set(slot, wanted);
      if (child) void this.#load(child, wanted);
    }
    this.#tellState();
  }

  /** Tries again after a failure, of the process or of a model, by a person's wish. */
  restart(): void {
    this.#process.forgive();
    for (const wanted of this.#wanted.values()) {
      wanted.instead = null;
      wanted.givenUp = null;
    }
    const { child } = this.#process;
    if (!child) {
      this.#setPhase({ phase: 'starting' });
      this.#process.start();
      return;
    }
    for (const wanted of this.#wanted.values()) {
      if (wanted.state.phase === 'failed') void this.#load(child, wanted);
    }
  }

  /**
   * What the machine offers now.
   * @param known of an earlier time; only what is free is asked again
   * @throws AppError `HOST_UNAVAILABLE`, `HOST_DIED`, `CPU_UNSUPPORTED`
   */
  machine(known: ProbedMachine | null): Promise<ProbedMachine> {
    const { child } = this.#process;
    if (!child) return Promise.reject(new AppError('HOST_UNAVAILABLE'));
    return new Promise((resolve, reject) => {
      this.#probes.push({ resolve, reject });
      if (this.#probes.length > 1) return;
      const withGpus = !this.#gpusKill;
      child.postMessage({ type: 'machine', known, withGpus } satisfies ToHost);
    });
  }

  /** A fresh port to the host, or null when it does not run. */
  connect(): MessagePortMain | null {
    return this.#process.connect({ type: 'connect' } satisfies ToHost);
  }

  /**
   * Leaves nothing in memory of what was evaluated. A large imported model keeps its weights, because
   * loading them again takes minutes; without one the process simply ends and begins anew.
   */
  forget(): void {
    const { child } = this.#process;
    if (!child) return;
    if (!this.#wanted.has('imported')) {
      this.#process.renew();
      return;
    }
    clearTimeout(this.#forgetting);
    this.#forgetting = setTimeout(() => {
      // Deep in native code, where no message is read.
      if (this.#process.child === child) this.#process.renew();
    }, forgetGrace);
    child.postMessage({ type: 'forget' } satisfies ToHost);
  }

  stop(): void {
    for (const { abort } of this.#wanted.values()) abort.abort();
    this.#process.stop();
  }

  async #load(child: UtilityProcess, wanted: Wanted): Promise<void> {
    const { source, abort } = wanted;
    const { slot } = wanted.state;
    const { signal } = abort;
    const isCurrent = (): boolean => this.#process.child === child && !signal.aborted;
    const show = (state: ModelState): void => {
      if (isCurrent()) this.#setModel(wanted, state);
    };
    if (wanted.givenUp) return;
    show({ phase: 'checking', slot, name: source.name, progress: 0 });
    try {
      const model = await source.check({
        signal,
        withoutGpu: wanted.instead !== null,
        onProgress: (done, total) => {
          const progress = total > 0 ? Math.min(1, done / total) : 0;
          show({ phase: 'checking', slot, name: source.name, progress });
        },
      });
      if (!isCurrent()) return;
      wanted.model = model;
      const { path, card, plan } = model;
      show({ phase: 'loading', slot, name: card.name, progress: 0 });
      child.postMessage({ type: 'load', slot, path, card, plan } satisfies ToHost);
    } catch (error) {
      if (error instanceof Cancelled) return;
      show({ phase: 'failed', slot, name: source.name, problem: problemOf(error) });
    }
  }

  #receive(raw: unknown): void {
    const parsed = fromHostSchema.safeParse(raw);
    if (!parsed.success) return;
    const message = parsed.data;
    switch (message.type) {
      case 'machine':
        this.#probes.splice(0).forEach(({ resolve }) => resolve(message.probed));
        return;
      case 'no-machine': {
        const { code, params } = message.problem;
        this.#probes.splice(0).forEach(({ reject }) => reject(new AppError(code, { params })));
        return;
      }
      case 'forgotten':
        clearTimeout(this.#forgetting);
        return;
      case 'vitals':
        this.#options.onVitals({ memory: message.memory, activity: message.activity });
        return;
      case 'unloaded':
        this.#emptying.get(message.slot)?.();
        // What dispose did not give back, the end of the process does.
        if (!message.returned) this.#process.renew();
        return;
      case 'model':
        void this.#receiveModel(message.state);
        return;
      default:
        message satisfies never;
    }
  }

  async #receiveModel(state: ModelState): Promise<void> {
    const wanted = this.#wanted.get(state.slot);
    // What the host still says of a model that is being taken out is nobody's business any more.
    if (!wanted?.model || this.#emptying.has(state.slot)) return;
    const { source, model } = wanted;
    if (state.phase === 'ready') {
      try {
        await source.demandUnchanged(model);
      } catch (error) {
        if (this.#wanted.get(state.slot) !== wanted) return;
        const { child } = this.#process;
        if (child) this.#empty(child, state.slot);
        const { name } = source;
        this.#setModel(wanted, {
          phase: 'failed',
          slot: state.slot,
          name,
          problem: problemOf(error),
        });
        return;
      }
    }
    if (this.#wanted.get(state.slot) !== wanted) return;
    const { instead } = wanted;
    if (state.phase === 'failed' && instead === null && state.problem.code.startsWith('GPU_')) {
      wanted.instead = state.problem;
      const { child } = this.#process;
      if (child) void this.#load(child, wanted);
      return;
    }
    this.#setModel(
      wanted,
      state.phase === 'ready' && instead
        ? { ...state, device: { ...state.device, instead } }
        : state,
    );
  }

  #empty(child: UtilityProcess, slot: ModelSlot): void {
    this.#emptying.get(slot)?.();
    const timer = setTimeout(() => {
      done();
      // It is deep in native code; the models that stay are loaded again by the next one.
      if (this.#process.child === child) this.#process.renew();
    }, unloadGrace);
    const done = (): void => {
      clearTimeout(timer);
      if (this.#emptying.get(slot) === done) this.#emptying.delete(slot);
    };
    this.#emptying.set(slot, done);
    child.postMessage({ type: 'unload', slot } satisfies ToHost);
  }

  #ended({ again, renewed }: { again: boolean; renewed: boolean }): void {
    const problem: Problem = { code: 'HOST_DIED' };
    if (this.#probes.length > 0 && !renewed) this.#gpusKill = true;
    this.#probes.splice(0).forEach(({ reject }) => reject(new AppError('HOST_DIED')));
    for (const done of [...this.#emptying.values()]) done();
    for (const wanted of this.#wanted.values()) {
      const { slot, phase } = wanted.state;
      const { name } = wanted.source;
      if (phase === 'loading' && !renewed) {
        // An imported model that ends the process twice is not tried a third time: the other is needed.
        if (wanted.instead && slot === 'imported') {
          wanted.givenUp = { code: 'MODEL_LOAD_FAILED', params: { detail: problem.code } };
          wanted.state = { phase: 'failed', slot, name, problem: wanted.givenUp };
        }
        // It died before the model was ready: the graphics driver is the likeliest reason.
        wanted.instead = problem;
      }
      if (again && wanted.state.phase !== 'failed') {
        wanted.state = { phase: 'checking', slot, name, progress: 0 };
      }
    }
    this.#setPhase(
      renewed ? { phase: 'starting' } : { phase: again ? 'restarting' : 'failed', problem },
    );
  }

  #setModel(wanted: Wanted, state: ModelState): void {
    wanted.state = state;
    this.#tellState();
  }

  #setPhase(phase: HostProcess): void {
    this.#phase = phase;
    this.#tellState();
  }

  #tellState(): void {
    this.#options.onState(this.state);
  }
}

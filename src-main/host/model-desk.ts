/**
 * What main does with models: which are to be in memory, planned so that they fit, and how each would
 * fit. It knows the library and the host; neither knows the other.
 */
import { AppError } from '../domain/contract/errors';
import type { ModelFit } from '../domain/contract/fit';
import type { ProbedMachine } from '../domain/contract/machine';
import type { LoadPlan, ModelSettings } from '../domain/contract/model-settings';
import { builtInPlan } from '../library/built-in-plan';
import { keepMachine, knownMachine } from '../library/known-machine';
import { checkSettings, fitModel, fitTable } from '../library/memory-fit';
import type { CheckedModel, ModelLibrary } from '../library/model-library';
import { estimateSpeed } from '../library/speed-estimate';
import type { HostSupervisor, ModelSource, ModelToLoad } from './supervisor';

export interface ModelDeskOptions {
  readonly library: ModelLibrary;
  readonly host: HostSupervisor;
  /** Where what was found out of this machine is kept. */
  readonly machineFile: string;
  /** Of this program: another one may find other things. */
  readonly version: string;
  /** Threads for every model, in place of the fit's choice. */
  readonly threads?: number | undefined;
}

type PlannedModel = CheckedModel & ModelToLoad;

export class ModelDesk {
  readonly #options: ModelDeskOptions;
  readonly #library: ModelLibrary;
  readonly #host: HostSupervisor;

  constructor(options: ModelDeskOptions) {
    this.#options = options;
    this.#library = options.library;
    this.#host = options.host;
  }

  /** Begins with the model that ships, and the imported one that was in use last. */
  async start(): Promise<void> {
    this.#host.want('built-in', this.#builtIn());
    this.#host.start();
    const { active } = await this.#library.list();
    if (active !== null) this.#host.want('imported', await this.#imported(active));
  }

  /** Puts an imported model into memory in place of the one before; null takes it out. */
  async activate(id: string | null): Promise<void> {
    await this.#library.activate(id);
    this.#host.want('imported', id === null ? null : await this.#imported(id));
  }

  async remove(id: string): Promise<void> {
    if ((await this.#library.list()).active === id) this.#host.want('imported', null);
    await this.#library.remove(id);
  }

  /** @throws AppError of `ModelLibrary.setFormat` */
  async setFormat(id: string, format: string): Promise<void> {
    await this.#library.setFormat(id, format);
    await this.#reload(id);
  }

  /** @throws AppError `MODEL_DOES_NOT_FIT`, `MODEL_SETTINGS_INVALID`: here, and not at the next load */
  async setSettings(id: string, settings: ModelSettings): Promise<void> {
    const { machine } = await this.#machine();
    checkSettings(await this.#library.footprint(id), settings, machine);
    await this.#library.setSettings(id, settings);
    await this.#reload(id);
  }

  /** @param wanted defaults to the settings that are kept */
  async fitOf(id: string, wanted?: ModelSettings): Promise<ModelFit> {
    const settings = wanted ?? (await this.#library.settingsOf(id));
    const [footprint, { machine }, measured] = await Promise.all([
      this.#library.footprint(id),
      this.#machine(),
      this.#library.speedOf(id),
    ]);
    const fit = fitModel(footprint, settings, machine);
    return {
      settings,
      fit,
      table: fitTable(footprint, settings, machine),
      speed: estimateSpeed(fit, footprint, machine, measured),
      machine,
    };
  }

  async #reload(id: string): Promise<void> {
    if ((await this.#library.list()).active === id) {
      this.#host.want('imported', await this.#imported(id));
    }
  }

  #builtIn(): ModelSource<PlannedModel> {
    return {
      name: '',
      check: async (options) => {
        const model = await this.#library.checkBuiltIn(options);
        const plan = this.#withThreads(builtInPlan(model.card));
        return { ...model, plan: options.withoutGpu ? { ...plan, backend: 'cpu' } : plan };
      },
      demandUnchanged: (model) => this.#library.demandUnchanged(model),
    };
  }

  async #imported(id: string): Promise<ModelSource<PlannedModel>> {
    const { models } = await this.#library.list();
    const entry = models.find((model) => model.id === id);
    if (!entry) throw new AppError('MODEL_UNKNOWN');
    return {
      name: entry.card.name,
      check: async (options) => {
        const model = await this.#library.check(id, options);
        const settings = await this.#library.settingsOf(id);
        const onCpu = { ...settings, backend: 'cpu', gpuLayers: 'auto' } as const;
        const { machine } = await this.#machine();
        const fit = checkSettings(model.footprint, options.withoutGpu ? onCpu : settings, machine);
        return { ...model, plan: this.#withThreads(fit.settings) };
      },
      demandUnchanged: (model) => this.#library.demandUnchanged(model),
    };
  }

  #withThreads(plan: LoadPlan): LoadPlan {
    const { threads } = this.#options;
    return threads === undefined ? plan : { ...plan, threads };
  }

  /** What was found out of this machine, with what is free for an imported model now. */
  async #machine(): Promise<ProbedMachine> {
    const { machineFile, version } = this.#options;
    const probed = await this.#host.machine(knownMachine(machineFile, version));
    keepMachine(machineFile, version, probed);
    return probed;
  }
}

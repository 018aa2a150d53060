/** The model library on this page: what there is, what is in memory, and what does which job. */
import type { ConversionState, ConversionType } from '@domain/contract/conversion';
import type { ExtractionRequest, PromptPreview } from '@domain/contract/extraction';
import type { HostMethods, LoadedModel, ModelState } from '@domain/contract/host-port';
import type { Bridge } from '@domain/contract/ipc';
import type {
  ExaminedModel,
  ImportState,
  Job,
  KnownModel,
  Library,
  LibraryModel,
} from '@domain/contract/library';
import type { ChatFormat } from '@domain/contract/prompt-format';
import type { RpcClient } from '@domain/contract/rpc';
import { isBuiltInModel } from '@domain/contract/model-card';
import { modelForJob } from '@domain/rules/model-for-job';
import { invoke } from '../../data/bridge';
import { FitState } from './fit.svelte';
import type { Notices } from '../../ui/notices.svelte';
import type { SettingsState } from '../settings';
import type { SystemState } from '../status';

/** `builtIn` is shown until it was read once; the others for as long as such a model is used. */
export type ModelNotice = 'test' | 'provisional' | 'builtIn';

export class ModelsState {
  readonly #bridge: Bridge;
  readonly #host: { ready(): Promise<RpcClient<HostMethods>> };
  readonly #system: SystemState;
  readonly #settings: SettingsState;
  readonly #notices: Notices;
  #library = $state.raw<Library | null>(null);
  #formats = $state.raw<readonly ChatFormat[]>([]);
  #known = $state.raw<readonly KnownModel[]>([]);
  #importing = $state.raw<ImportState>({ phase: 'idle' });
  #conversion = $state.raw<ConversionState>({ phase: 'idle' });
  #examined = $state.raw<ExaminedModel | null>(null);
  #examining = $state(false);
  #selectedId = $state<string | null>(null);
  /** The words about ChiMed-GPT are open. */
  guideOpen = $state(false);

  constructor(
    bridge: Bridge,
    host: { ready(): Promise<RpcClient<HostMethods>> },
    system: SystemState,
    settings: SettingsState,
    notices: Notices,
  ) {
    this.#bridge = bridge;
    this.#host = host;
    this.#system = system;
    this.#settings = settings;
    this.#notices = notices;
  }

  get library(): Library | null {
    return this.#library;
  }
  get list(): readonly LibraryModel[] {
    return this.#library?.models ?? [];
  }
  get conversion(): ConversionState {
    return this.#conversion;
  }
  get formats(): readonly ChatFormat[] {
    return this.#formats;
  }
  get known(): readonly KnownModel[] {
    return this.#known;
  }
  get importing(): ImportState {
    return this.#importing;
  }
  /** The file that a person chose and has not decided about. */
  get examined(): ExaminedModel | null {
    return this.#examined;
  }
  get examining(): boolean {
    return this.#examining;
  }
  get selected(): LibraryModel | null {
    return this.list.find(({ id }) => id === this.#selectedId) ?? this.list[0] ?? null;
  }

  /** What becomes of a model of the list in memory; null where it is not to be there. */
  stateOf(model: LibraryModel): ModelState | null {
    const slot = model.place === 'built-in' ? 'built-in' : 'imported';
    if (slot === 'imported' && this.#library?.active !== model.id) return null;
    return this.#system.host.models.find((state) => state.slot === slot) ?? null;
  }

  /** The model for a job, in memory or not; null where none can do it or none is known yet. */
  modelFor(job: Job): LibraryModel | null {
    if (!this.#library) return null;
    const id = modelForJob(this.#library, job);
    return this.list.find((model) => model.id === id) ?? null;
  }

  /** The model for a job, if it is in memory. */
  loadedFor(job: Job): LoadedModel | null {
    const model = this.modelFor(job);
    return model && this.#system.loaded(model.id);
  }

  noticeOf(model: LibraryModel | null): ModelNotice | null {
    if (!model) return null;
    const { standing, id, sha256 } = model.card;
    if (standing === 'test' || standing === 'provisional') return standing;
    // Before the settings are known a notice that was read long ago would flash up.
    const unread = this.#settings.known && this.#settings.current.modelNoticeRead !== sha256;
    return isBuiltInModel({ id, standing }) && unread ? 'builtIn' : null;
  }

  /** Notes the built-in model's notice as read, also for the next starts. */
  dismissNotice(model: LibraryModel): void {
    if (this.noticeOf(model) !== 'builtIn') return;
    this.#try(this.#settings.change({ modelNoticeRead: model.id }));
  }

  /** How a model would fit this machine. */
  fitOf(model: LibraryModel): FitState {
    return new FitState(this.#bridge, model.id);
  }

  select(id: string): void {
    this.#selectedId = id;
  }

  async load(): Promise<void> {
    this.#importing = await invoke(this.#bridge, 'library.import.state');
    this.#conversion = await invoke(this.#bridge, 'conversion.state');
    this.#formats = await invoke(this.#bridge, 'library.formats');
    this.#known = await invoke(this.#bridge, 'library.catalog');
    const library = await invoke(this.#bridge, 'library.get');
    // What was pushed meanwhile is newer than the answer.
    this.#library ??= library;
  }

  /** Looks again at where the files are; a disk may have been pulled out or put back. */
  refresh(): void {
    this.#try(
      invoke(this.#bridge, 'library.get').then((library) => {
        this.#library = library;
      }),
    );
  }

  setLibrary(library: Library): void {
    this.#library = library;
  }

  setImporting(state: ImportState): void {
    this.#importing = state;
    if (state.phase === 'done') this.#selectedId = state.modelId;
    if (state.phase === 'failed') this.#notices.problem(state.problem, state.fileName);
  }

  setConversion(state: ConversionState): void {
    this.#conversion = state;
    if (state.phase === 'done') this.#selectedId = state.modelId;
    if (state.phase === 'failed') this.#notices.problem(state.problem, state.name);
  }

  /** The folder of a checkpoint that a person chose; null when none was. */
  async chooseCheckpoint(): Promise<string | null> {
    try {
      return await invoke(this.#bridge, 'conversion.choose');
    } catch (error) {
      this.#notices.error(error);
      return null;
    }
  }

  convert(folder: string, type: ConversionType): void {
    this.#try(invoke(this.#bridge, 'conversion.start', { folder, type }));
  }

  cancelConversion(): void {
    this.#try(invoke(this.#bridge, 'conversion.cancel'));
  }

  /** Shows the system's dialog, then what the chosen file is. */
  async choose(): Promise<void> {
    await this.#attempt(async () => {
      const path = await invoke(this.#bridge, 'library.choose');
      if (path !== null) await this.#examine(path);
    });
  }

  /** Files that were dropped on the window; all but the first are left alone, and that is said. */
  async drop(file: File): Promise<void> {
    await this.#attempt(() => this.#examine(this.#bridge.pathOf(file)), file.name);
  }

  async import(place: 'copied' | 'referenced'): Promise<void> {
    const file = this.#examined;
    if (!file) return;
    await this.#attempt(async () => {
      await invoke(this.#bridge, 'library.import', { path: file.path, place });
      this.#examined = null;
    }, file.fileName);
  }

  dismissExamined(): void {
    this.#examined = null;
  }

  controlImport(action: 'pause' | 'resume' | 'cancel'): void {
    this.#try(invoke(this.#bridge, 'library.import.control', { action }));
  }

  locate(model: LibraryModel): void {
    this.#try(invoke(this.#bridge, 'library.locate', { id: model.id }), model.card.name);
  }

  async remove(model: LibraryModel): Promise<void> {
    await this.#attempt(async () => {
      await invoke(this.#bridge, 'library.remove', { id: model.id });
    }, model.card.name);
  }

  setFormat(model: LibraryModel, format: string): void {
    this.#try(invoke(this.#bridge, 'library.format', { id: model.id, format }), model.card.name);
  }

  /** The tokens that a loaded model would be sent. @throws AppError */
  async preview(
    model: LibraryModel,
    asked: Pick<ExtractionRequest, 'schema' | 'definition'>,
    text: string,
  ): Promise<PromptPreview> {
    const client = await this.#host.ready();
    return client.call('prompt.preview', { model: model.id, ...asked, text });
  }

  assign(job: Job, id: string | null): void {
    this.#try(invoke(this.#bridge, 'library.assign', { job, id }));
  }

  /** Puts an imported model into memory; null takes the one that is there out. */
  activate(model: LibraryModel | null): void {
    this.#try(
      invoke(this.#bridge, 'library.activate', { id: model?.id ?? null }),
      model?.card.name,
    );
  }

  async #examine(path: string): Promise<void> {
    this.#examining = true;
    try {
      this.#examined = await invoke(this.#bridge, 'library.examine', { path });
    } finally {
      this.#examining = false;
    }
  }

  #try(work: Promise<unknown>, context?: string): void {
    work.catch((error: unknown) => this.#notices.error(error, context));
  }

  async #attempt(work: () => Promise<void>, context?: string): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#notices.error(error, context);
    }
  }
}

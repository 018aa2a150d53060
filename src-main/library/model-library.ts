/**
 * The models of this desktop, from main: the list, imports, what does which job, and the check of a
 * file before it may be loaded. It opens no model file itself: that is done in a process that may die.
 */
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AppError } from '../domain/contract/errors';
import type {
  ExaminedModel,
  ImportState,
  Job,
  Library,
  LibraryModel,
} from '../domain/contract/library';
import type { MeasuredSpeed, ModelFootprint } from '../domain/contract/fit';
import type { ModelCard } from '../domain/contract/model-card';
import { modelSettingsSchema, type ModelSettings } from '../domain/contract/model-settings';
import { singleTurn, type ChatFormat } from '../domain/contract/prompt-format';
import type { Speed } from '../domain/contract/usage';
import { isCapable } from '../domain/rules/model-for-job';
import { expecting, type Ask, type AskOptions } from './ask';
import { sameStamp, stampOf, type FileStamp } from './file-stamp';
import {
  readLibrary,
  writeLibrary,
  writeWhole,
  type LibraryContent,
  type LibraryEntry,
} from './library-file';
import { cardPathOf } from './model-card';
import { ModelImport, type ImportOrder } from './model-import';
import { chatFormats } from './prompt-formats';

export interface ModelLibraryOptions {
  /** Where copies and the list lie. */
  readonly folder: string;
  /** Path of the model that the program starts with. @throws AppError `MODEL_MISSING` */
  findBuiltIn(): Promise<string>;
  /** Asks a process of its own. */
  readonly ask: Ask;
  onChange(library: Library): void;
  onImport(state: ImportState): void;
}

/** A file that may be loaded: checked just now, and recognisable if it is exchanged meanwhile. */
export interface CheckedModel {
  readonly path: string;
  readonly card: ModelCard;
  readonly stamp: FileStamp | null;
  readonly footprint: ModelFootprint;
}

export class ModelLibrary {
  readonly #options: ModelLibraryOptions;
  #content: Promise<LibraryContent>;
  #builtIn: LibraryModel | null = null;
  readonly #import: ModelImport;

  constructor(options: ModelLibraryOptions) {
    this.#options = options;
    this.#content = mkdir(options.folder, { recursive: true }).then(() =>
      readLibrary(options.folder),
    );
    // Each use rejects with it; nobody may have asked yet.
    this.#content.catch(() => undefined);
    this.#import = new ModelImport({
      folder: options.folder,
      ask: (question, asking) => options.ask(question, asking),
      hasFileOf: async (size) =>
        (await this.#content).models.some((model) => model.stamp.size === size),
      isPresent: (id) => this.#isPresent(id),
      refer: (path, card, stamp) =>
        this.#add({ id: card.sha256, place: 'referenced', path, card, stamp }),
      take: (from, fileName, card) => this.#take(from, fileName, card),
      settle: () => this.#changed(),
      onChange: (state) => options.onImport(state),
    });
  }

  get importState(): ImportState {
    return this.#import.state;
  }

  /** Looks at every file's place anew. */
  async list(): Promise<Library> {
    const { models, assignments, active } = await this.#content;
    const entries = await Promise.all(models.map(describe));
    return { models: [...(this.#builtIn ? [this.#builtIn] : []), ...entries], assignments, active };
  }

  async examine(path: string): Promise<ExaminedModel> {
    const { folder } = this.#options;
    const answer = await this.#options.ask({ type: 'examine', path, folder }, {});
    return expecting(answer, 'examined').model;
  }

  /** The model that the program starts with, checked. @throws AppError of the check */
  async checkBuiltIn(options: AskOptions): Promise<CheckedModel> {
    const path = await this.#options.findBuiltIn();
    const stamp = await stampOf(path);
    const answer = await this.#options.ask({ type: 'verify', path }, options);
    const { card, footprint } = expecting(answer, 'verified');
    this.#builtIn = { id: card.sha256, card, place: 'built-in', path, presence: 'present' };
    await this.#changed();
    return { path, card, stamp, footprint };
  }

  /**
   * An imported model, checked: a copy that nobody touched by its structure, any other file whole.
   * @throws AppError `MODEL_UNKNOWN`, `MODEL_MISSING`, `MODEL_CHANGED`, or of the check
   */
  async check(id: string, options: AskOptions): Promise<CheckedModel> {
    const entry = await this.#entry(id);
    const { path, place, card } = entry;
    const stamp = await stampOf(path);
    if (!stamp) throw new AppError('MODEL_MISSING');
    const known = place === 'copied' && sameStamp(stamp, entry.stamp);
    const answer = await this.#options.ask(
      { type: 'verify', path, ...(known ? { knownSha256: id } : {}) },
      options,
    );
    const verified = expecting(answer, 'verified');
    if (verified.card.sha256 !== id) throw new AppError('MODEL_CHANGED');
    if (!known) await this.#replace({ ...entry, stamp });
    return { path, card, stamp, footprint: verified.footprint };
  }

  /** What a file's header says of the memory that it will take. @throws AppError of the check */
  async footprint(id: string): Promise<ModelFootprint> {
    const { path } = await this.#entry(id);
    return expecting(await this.#options.ask({ type: 'measure', path }, {}), 'measured').footprint;
  }

  /**
   * Speaks to a model in another format from the next load on.
   * @throws AppError `MODEL_UNKNOWN`, `TEMPLATE_UNUSABLE`, of the check
   */
  async setFormat(id: string, formatId: string): Promise<void> {
    const entry = await this.#entry(id);
    const known = chatFormats.find((format) => format.id === formatId);
    const format = known ?? (await this.#template(entry.path));
    await this.#replace({ ...entry, card: { ...entry.card, promptFormat: singleTurn(format) } });
  }

  async #template(path: string): Promise<ChatFormat> {
    const answer = await this.#options.ask({ type: 'template', path }, {});
    return expecting(answer, 'template').format;
  }

  /** How a model is to be loaded. */
  async settingsOf(id: string): Promise<ModelSettings> {
    return modelSettingsSchema.parse((await this.#content).settings[id] ?? {});
  }

  /** Keeps how fast a model of the list was; half a speed, and a small change, are not worth a write. */
  noteSpeed(id: string, { prefill, decode }: Speed): void {
    if (!prefill || !decode) return;
    void this.#content
      .then(({ models, speeds }) => {
        const known = speeds[id];
        const isNew = !known || Math.abs(Math.log(known.decode / decode)) > Math.log(1.2);
        if (!isNew || !models.some((model) => model.id === id)) return undefined;
        return this.#edit((content) => ({
          ...content,
          speeds: { ...content.speeds, [id]: { prefill, decode } },
        }));
      })
      .catch(() => undefined);
  }

  /** Tokens a second when it was last used with its present settings. */
  async speedOf(id: string): Promise<MeasuredSpeed | undefined> {
    return (await this.#content).speeds[id];
  }

  /** @throws AppError `MODEL_UNKNOWN` */
  async setSettings(id: string, settings: ModelSettings): Promise<void> {
    await this.#entry(id);
    await this.#edit((content) => ({
      ...content,
      settings: { ...content.settings, [id]: settings },
      // What was measured was measured with other settings.
      speeds: without(content.speeds, id),
    }));
  }

  /** @throws AppError `MODEL_CHANGED` when the file is not the one that was checked */
  async demandUnchanged({ path, stamp }: CheckedModel): Promise<void> {
    if (!sameStamp(await stampOf(path), stamp)) throw new AppError('MODEL_CHANGED');
  }

  /** Begins an import; how it goes is told through `onImport`. @throws AppError `IMPORT_BUSY` */
  import(order: ImportOrder): void {
    this.#import.start(order);
  }

  controlImport(action: 'pause' | 'resume' | 'cancel'): void {
    this.#import.control(action);
  }

  /** Takes over a file that this program has made and described. @returns its id */
  async adopt(path: string, card: ModelCard): Promise<string> {
    const id = card.sha256;
    if (!(await this.#isPresent(id))) await this.#take(path, basename(path), card);
    await rm(path, { force: true });
    await rm(cardPathOf(path), { force: true });
    return id;
  }

  /** Takes a model off the list, and the copy that was made of it off the disk. */
  async remove(id: string): Promise<void> {
    const entry = await this.#entry(id);
    await this.#edit((content) => ({
      ...content,
      models: content.models.filter((model) => model.id !== id),
      assignments: Object.fromEntries(
        Object.entries(content.assignments).filter(([, model]) => model !== id),
      ),
      active: content.active === id ? null : content.active,
      settings: without(content.settings, id),
      speeds: without(content.speeds, id),
    }));
    // Only what lies in our own folder was made by this program.
    if (entry.place === 'copied' && dirname(entry.path) === this.#options.folder) {
      await rm(entry.path, { force: true });
      await rm(cardPathOf(entry.path), { force: true });
    }
  }

  /** @throws AppError `MODEL_UNKNOWN`, `SCHEMA_NOT_SUPPORTED` where the model's card does not name the job */
  async assign(job: Job, id: string | null): Promise<void> {
    if (id !== null) {
      const model = (await this.list()).models.find((one) => one.id === id);
      if (!model) throw new AppError('MODEL_UNKNOWN');
      if (!isCapable(model, job)) {
        throw new AppError('SCHEMA_NOT_SUPPORTED', {
          params: { schema: job, model: model.card.name },
        });
      }
    }
    await this.#edit((content) => {
      const rest = Object.entries(content.assignments).filter(([named]) => named !== job);
      const assignments = Object.fromEntries(id === null ? rest : [...rest, [job, id]]);
      return { ...content, assignments };
    });
  }

  /** Notes which imported model is to be in memory. @throws AppError `MODEL_UNKNOWN` */
  async activate(id: string | null): Promise<void> {
    if (id !== null) await this.#entry(id);
    await this.#edit((content) => ({ ...content, active: id }));
  }

  /** Gives a whole file in the library's folder its own name, and lists it. */
  async #take(from: string, fileName: string, card: ModelCard): Promise<void> {
    const path = join(this.#options.folder, ownName(fileName, card.sha256));
    await writeWhole(cardPathOf(path), JSON.stringify(card, null, 2));
    await rename(from, path);
    const stamp = await stampOf(path);
    if (!stamp) throw new AppError('MODEL_MISSING');
    await this.#add({ id: card.sha256, place: 'copied', path, card, stamp });
  }

  async #isPresent(id: string): Promise<boolean> {
    const { models } = await this.list();
    return models.find((model) => model.id === id)?.presence === 'present';
  }

  async #entry(id: string): Promise<LibraryEntry> {
    const entry = (await this.#content).models.find((model) => model.id === id);
    if (!entry) throw new AppError('MODEL_UNKNOWN');
    return entry;
  }

  /** A model that was missing keeps its card and comes back where it is now. */
  #add(entry: LibraryEntry): Promise<void> {
    return this.#edit((content) => ({
      ...content,
      models: [...content.models.filter(({ id }) => id !== entry.id), entry],
    }));
  }

  #replace(entry: LibraryEntry): Promise<void> {
    return this.#edit((content) => ({
      ...content,
      models: content.models.map((model) => (model.id === entry.id ? entry : model)),
    }));
  }

  /** One change after the other, each on the disk before it is shown. */
  async #edit(change: (content: LibraryContent) => LibraryContent): Promise<void> {
    const before = this.#content;
    const edited = before.then(async (content) => {
      const next = change(content);
      await writeLibrary(this.#options.folder, next);
      return next;
    });
    // A change that could not be written did not happen.
    this.#content = edited.catch(() => before);
    await edited;
    await this.#changed();
  }

  async #changed(): Promise<void> {
    this.#options.onChange(await this.list());
  }
}

function without<T>(record: Readonly<Record<string, T>>, key: string): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => name !== key));
}

async function describe({ id, card, place, path, stamp }: LibraryEntry): Promise<LibraryModel> {
  const found = await stampOf(path);
  // A time of 0 was never a file's: it was not hashed since it was found again.
  const same = stamp.mtimeMs === 0 ? found?.size === stamp.size : sameStamp(found, stamp);
  return { id, card, place, path, presence: !found ? 'missing' : same ? 'present' : 'changed' };
}

/** The file's own name, so that a person recognises it, made safe and unique. */
function ownName(fileName: string, sha256: string): string {
  const stem = fileName.replace(/\.gguf$/i, '');
  const safe = Array.from(stem.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[.-]+/, ''));
  return `${safe.slice(0, 60).join('') || 'model'}-${sha256.slice(0, 8)}.gguf`;
}

/** A batch before it is begun: what it is made of, what it would cost, and how it is to go. */
import {
  maxBatchPaths,
  maxBatchRecords,
  type BatchSource,
  type ChosenTables,
  type DuplicateRule,
  type ExaminedFiles,
} from '@domain/contract/batch';
import type { TableChoice, TablePreview } from '@domain/contract/document';
import { problemOf, type Problem } from '@domain/contract/errors';
import type { ExtractionRequest, PromptPreview } from '@domain/contract/extraction';
import type { Bridge } from '@domain/contract/ipc';
import type { LibraryModel } from '@domain/contract/library';
import type { RecordHead } from '@domain/contract/record';
import type { Speed } from '@domain/contract/usage';
import { invoke } from '../../data/bridge';
import type { WorkerLink } from './batches.svelte';
import { splitNotes, type Separator } from './split-notes';

/** A table and the columns that were chosen of it. */
export interface DraftTable {
  readonly file: number;
  readonly name: string;
  readonly preview: TablePreview | null;
  readonly problem: Problem | null;
  readonly choice: TableChoice | null;
}

export interface Estimate {
  readonly records: number;
  readonly chars: number;
  readonly longest: number;
  /** Null where no model could be asked what it would be sent. */
  readonly tokens: number | null;
  readonly windows: number | null;
  /** Null before anything is known of the model's speed. */
  readonly seconds: number | null;
}

/** Records of the list that a person chose, to be run again. */
interface ChosenRecords {
  readonly ids: readonly string[];
  readonly chars: number;
  readonly longest: number;
}

/** What the first text of a batch costs with the chosen model. */
interface Cost {
  readonly chars: number;
  readonly windows: number;
  readonly tokens: number;
}

export class NewBatch {
  readonly #bridge: Bridge;
  readonly #worker: WorkerLink;
  open = $state(false);
  kind = $state<'files' | 'notes' | 'records'>('files');
  readonly #textOf: (textId: string) => Promise<string>;
  #records = $state.raw<ChosenRecords>({ ids: [], chars: 0, longest: 0 });
  /** Of the first of them, once it is read. */
  #recordText = $state.raw<string | null>(null);
  pasted = $state('');
  separator = $state<Separator>('dashes');
  schemaId = $state('ccks2019-symptom');
  modelId = $state<string | null>(null);
  duplicates = $state<DuplicateRule>('skip');
  whileLocked = $state(false);
  #ticket = $state<string | null>(null);
  #examined = $state.raw<ExaminedFiles | null>(null);
  #examining = $state(false);
  #tables = $state.raw<readonly DraftTable[]>([]);
  #problem = $state.raw<Problem | null>(null);
  #starting = $state(false);
  #cost = $state.raw<Cost | null>(null);
  #costProblem = $state.raw<Problem | null>(null);
  #costTurn = 0;
  readonly notes = $derived(splitNotes(this.pasted, this.separator));
  #turn = 0;

  /** @param textOf opens the text of a record, by its `textId` */
  constructor(bridge: Bridge, worker: WorkerLink, textOf: (textId: string) => Promise<string>) {
    this.#bridge = bridge;
    this.#worker = worker;
    this.#textOf = textOf;
  }

  get examined(): ExaminedFiles | null {
    return this.#examined;
  }
  get examining(): boolean {
    return this.#examining;
  }
  get tables(): readonly DraftTable[] {
    return this.#tables;
  }
  get problem(): Problem | null {
    return this.#problem;
  }
  /** Why it is not known what it would cost, where the model was asked. */
  get costProblem(): Problem | null {
    return this.#costProblem;
  }
  get starting(): boolean {
    return this.#starting;
  }
  /** Beginning of the first text, to see what a model would be sent; null where there is none yet. */
  get sampleText(): string | null {
    const text =
      this.kind === 'notes'
        ? this.notes[0]
        : this.kind === 'records'
          ? this.#recordText
          : this.#examined?.sample.text;
    return text?.slice(0, 20_000) ?? null;
  }

  /** Whether more records are chosen than one batch takes. */
  get tooMany(): boolean {
    return this.kind === 'records' && this.#records.ids.length > maxBatchRecords;
  }

  get canStart(): boolean {
    if (this.#starting || this.modelId === null) return false;
    if (this.kind === 'notes') return this.notes.length > 0;
    if (this.kind === 'records') return this.#records.ids.length > 0 && !this.tooMany;
    if (this.#ticket === null || this.#examining || !this.#examined) return false;
    const unfit = this.#tables.some(({ choice }) => choice?.textColumns.length === 0);
    return this.#examined.files > 0 && !unfit;
  }

  /** Records and characters: reckoned from a sample for files, counted otherwise. */
  get size(): { records: number; chars: number; longest: number } {
    if (this.kind === 'records') {
      const { ids, chars, longest } = this.#records;
      return { records: ids.length, chars, longest };
    }
    if (this.kind === 'notes') {
      const lengths = this.notes.map(({ length }) => length);
      return {
        records: lengths.length,
        chars: lengths.reduce((sum, length) => sum + length, 0),
        longest: lengths.reduce((most, length) => Math.max(most, length), 0),
      };
    }
    const { sample, files = 0, bytes = 0 } = this.#examined ?? {};
    const rows = this.#tables.reduce((sum, { preview }) => sum + (preview?.totalRows ?? 0), 0);
    const texts = files - this.#tables.length;
    const perByte = sample && sample.bytes > 0 ? sample.chars / sample.bytes : 0.4;
    return {
      records: texts + rows,
      chars: Math.round(bytes * perByte),
      longest: sample?.longest ?? 0,
    };
  }

  /** @param speed of the chosen model, as it was measured last */
  estimate(speed: Speed | null): Estimate {
    const { records, chars, longest } = this.size;
    const cost = this.#cost;
    if (!cost) return { records, chars, longest, tokens: null, windows: null, seconds: null };
    const perChar = cost.tokens / Math.max(1, cost.chars);
    // A prompt is read, then about as much is written.
    const prompt = Math.round(chars * perChar);
    const seconds =
      speed?.prefill && speed.decode ? prompt / speed.prefill + prompt / speed.decode : null;
    const windows = Math.max(1, Math.ceil((longest / Math.max(1, cost.chars)) * cost.windows));
    return { records, chars, longest, tokens: prompt * 2, windows, seconds };
  }

  /**
   * Asks the model itself what the first text costs; a slow answer never covers a later one.
   * @param preview what the model would be sent; null where none can be asked
   */
  async askCost(
    text: string | null,
    preview: ((text: string) => Promise<Pick<PromptPreview, 'windows' | 'tokens'>>) | null,
  ): Promise<void> {
    const turn = ++this.#costTurn;
    let cost: Cost | null = null;
    let problem: Problem | null = null;
    if (text !== null && preview) {
      try {
        const { windows, tokens } = await preview(text);
        cost = { chars: text.length, windows, tokens: tokens.length * windows };
      } catch (error) {
        problem = problemOf(error);
      }
    }
    if (turn !== this.#costTurn) return;
    this.#cost = cost;
    this.#costProblem = problem;
  }

  show(): void {
    if (this.kind === 'records') this.kind = 'files';
    this.open = true;
  }

  /** Of records that are there already. */
  async showRecords(
    records: readonly {
      readonly id: string;
      readonly head: Pick<RecordHead, 'chars' | 'textId'>;
    }[],
  ): Promise<void> {
    let [chars, longest] = [0, 0];
    for (const { head } of records) {
      chars += head.chars;
      longest = Math.max(longest, head.chars);
    }
    const chosen = { ids: records.map(({ id }) => id), chars, longest };
    this.#records = chosen;
    this.#recordText = this.#problem = null;
    this.kind = 'records';
    this.open = true;
    const [first] = records;
    // Without it nobody knows what it would cost; it can be begun all the same.
    const text = first && (await this.#textOf(first.head.textId).catch(() => null));
    if (this.#records === chosen) this.#recordText = text?.slice(0, 20_000) ?? null;
  }

  /** Shows the system's dialog. */
  async choose(what: 'files' | 'folder'): Promise<void> {
    await this.#attempt(async () => {
      const ticket = await invoke(this.#bridge, 'batch.choose', { what });
      if (ticket !== null) await this.#examine(ticket);
    });
  }

  /** Whether a folder is among what was dropped; its name does not say so. */
  async hasFolder(files: readonly File[]): Promise<boolean> {
    const paths = this.#pathsOf(files);
    return paths.length > 0 && (await invoke(this.#bridge, 'files.anyFolder', { paths }));
  }

  /** Files and folders that were dropped on the window. */
  async drop(files: readonly File[]): Promise<void> {
    this.kind = 'files';
    this.open = true;
    await this.#attempt(async () => {
      const paths = this.#pathsOf(files);
      if (paths.length === 0) return;
      const ticket = await invoke(this.#bridge, 'batch.offer', { paths });
      await this.#examine(ticket);
    });
  }

  /** Looks at a table anew: another sheet, or with headings or without. */
  async look(file: number, options: { sheet?: string; heading?: boolean } = {}): Promise<void> {
    const ticket = this.#ticket;
    if (ticket === null) return;
    const client = await this.#worker.ready();
    try {
      const preview = await client.call('batch.table', { ticket, file, ...options });
      const choice = preview.suggestion ?? {
        ...(preview.sheet === undefined ? {} : { sheet: preview.sheet }),
        heading: options.heading ?? true,
        textColumns: [],
      };
      this.#setTable(file, { preview, problem: null, choice });
    } catch (error) {
      this.#setTable(file, { preview: null, problem: problemOf(error), choice: null });
    }
  }

  chooseColumns(file: number, change: Partial<TableChoice>): void {
    const table = this.#tables.find((each) => each.file === file);
    if (table?.choice) this.#setTable(file, { choice: { ...table.choice, ...change } });
  }

  /**
   * @param model that does it, from beginning to end
   * @returns the id of the new batch; null when it could not be begun, which `problem` tells
   */
  async start(
    model: Pick<LibraryModel, 'card'>,
    asked: Pick<ExtractionRequest, 'schema' | 'definition'>,
  ): Promise<string | null> {
    if (!this.canStart) return null;
    this.#starting = true;
    this.#problem = null;
    try {
      const client = await this.#worker.ready();
      const { batchId } = await client.call('batch.start', {
        source: this.#source(),
        order: {
          ...asked,
          model: model.card.sha256,
          whileLocked: this.whileLocked,
        },
        modelName: model.card.name,
        duplicates: this.duplicates,
      });
      this.#clear();
      return batchId;
    } catch (error) {
      this.#problem = problemOf(error);
      return null;
    } finally {
      this.#starting = false;
    }
  }

  #pathsOf(files: readonly File[]): string[] {
    const paths = files.map((file) => this.#bridge.pathOf(file)).filter((path) => path !== '');
    return paths.slice(0, maxBatchPaths);
  }

  #source(): BatchSource {
    switch (this.kind) {
      case 'notes':
        return { kind: 'notes', notes: this.notes };
      case 'records':
        return { kind: 'records', recordIds: [...this.#records.ids] };
      case 'files':
        return { kind: 'files', ticket: this.#ticket ?? '', tables: this.#chosenTables() };
      default:
        return this.kind satisfies never;
    }
  }

  #chosenTables(): ChosenTables {
    return this.#tables.flatMap(({ file, choice }) => (choice ? [{ file, choice }] : []));
  }

  async #examine(ticket: string): Promise<void> {
    const turn = ++this.#turn;
    this.#examining = true;
    this.#ticket = ticket;
    this.#examined = null;
    this.#tables = [];
    try {
      const client = await this.#worker.ready();
      const examined = await client.call('batch.examine', { ticket });
      if (turn !== this.#turn) return;
      this.#examined = examined;
      this.#tables = examined.tables.map(({ file, name }) => ({
        ...{ file, name },
        ...{ preview: null, problem: null, choice: null },
      }));
      for (const { file } of this.#tables) await this.look(file);
    } finally {
      if (turn === this.#turn) this.#examining = false;
    }
  }

  #setTable(file: number, change: Partial<DraftTable>): void {
    this.#tables = this.#tables.map((table) =>
      table.file === file ? { ...table, ...change } : table,
    );
  }

  #clear(): void {
    this.open = false;
    this.pasted = '';
    this.#records = { ids: [], chars: 0, longest: 0 };
    this.#recordText = null;
    this.#ticket = null;
    this.#examined = null;
    this.#tables = [];
    this.#cost = this.#costProblem = null;
    // An answer that is on its way is of what is gone.
    this.#costTurn += 1;
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    this.#problem = null;
    try {
      await work();
    } catch (error) {
      this.#problem = problemOf(error);
    }
  }
}

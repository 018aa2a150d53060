/** An export of facts as a person puts it together: what, in which form, and what it will hold. */
import { problemOf, type Problem } from '@domain/contract/errors';
import type {
  ExportDeidentify,
  ExportPreview,
  ExportProgress,
  ExportReport,
  ExportSelection,
  FactExportFormat,
} from '@domain/contract/export';
import type { Locale } from '@domain/contract/ipc';
import { mayExport, type Policy } from '@domain/contract/policy';
import { Cancelled, type ParamsOf } from '@domain/contract/rpc';
import type { SaveOrder } from '@domain/contract/save-file';
import type { WorkerMethods } from '@domain/contract/worker-port';

type RunParams = ParamsOf<WorkerMethods['exports.run']>;
interface Following {
  readonly signal: AbortSignal;
  onEvent(progress: ExportProgress): void;
}

export interface ExportParts {
  policy(): Policy;
  locale(): Locale;
  preview(
    params: ParamsOf<WorkerMethods['exports.preview']>,
    following: Following,
  ): Promise<ExportPreview>;
  /** Lets a person choose a place; null when none was chosen. @throws AppError */
  choose(order: SaveOrder): Promise<string | null>;
  run(params: RunParams, following: Following): Promise<ExportReport>;
  /** What a person made of a record's identifiers; null where nobody looked at them. */
  corrections(recordId: string): NonNullable<ExportDeidentify['corrections']> | null;
}

/** Of a batch whose results are exported: what is missing in them, by why. */
export interface BatchPart {
  /** What its records were run with. */
  readonly schema: string;
  /** Of all records and files of the batch. */
  readonly total: number;
  readonly missing: Readonly<
    Record<'failed' | 'pending' | 'cancelled' | 'duplicate' | 'gone', number>
  >;
}

/** What an export is about when it is opened; without any of it, all records. */
export interface ExportWish {
  readonly openId?: string | null | undefined;
  /** Schema of the result of the open record that is on screen, where it has several. */
  readonly openSchema?: string | null;
  /** Records of a list or a batch. */
  readonly chosenIds?: readonly string[];
  /** The batch that the chosen ones are of. */
  readonly batch?: BatchPart;
}

export type Scope = 'open' | 'chosen' | 'all';
export type TableForm = 'long' | 'wide' | 'case';
type Phase = 'closed' | 'counting' | 'ready' | 'failed' | 'writing';

export class ExportState {
  readonly #parts: ExportParts;
  #work: AbortController | null = null;
  #openId = $state<string | null>(null);
  #openSchema: string | null = null;
  #chosenIds = $state.raw<readonly string[]>([]);
  #batch = $state.raw<BatchPart | null>(null);
  #phase = $state<Phase>('closed');
  #scope = $state<Scope>('all');
  #which = $state<ExportSelection['which']>('all');
  #schema = $state<string | null>(null);
  #deidentify = $state(true);
  #format = $state<FactExportFormat>('xlsx');
  #preview = $state.raw<ExportPreview | null>(null);
  #progress = $state.raw<ExportProgress | null>(null);
  #problem = $state.raw<Problem | null>(null);
  #stopped = $state(false);
  form = $state<TableForm>('long');
  evidence = $state(false);
  dictionary = $state(true);
  dates = $state<ExportDeidentify['dates']>('mask');

  constructor(parts: ExportParts) {
    this.#parts = parts;
  }

  get open(): boolean {
    return this.#phase !== 'closed';
  }
  get phase(): Phase {
    return this.#phase;
  }
  get preview(): ExportPreview | null {
    return this.#preview;
  }
  get progress(): ExportProgress | null {
    return this.#progress;
  }
  get problem(): Problem | null {
    return this.#problem;
  }
  /** The last attempt was stopped by hand. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** Whether anything at all may leave as a file. */
  get allowed(): boolean {
    return mayExport(this.#parts.policy(), { deidentified: true });
  }
  get originalAllowed(): boolean {
    return mayExport(this.#parts.policy(), { deidentified: false });
  }

  get scopes(): Scope[] {
    return [
      ...(this.#openId === null ? [] : (['open'] as const)),
      ...(this.#chosenIds.length === 0 ? [] : (['chosen'] as const)),
      'all',
    ];
  }
  get chosenCount(): number {
    return this.#chosenIds.length;
  }

  /** What the chosen records are part of, where they are of a batch. */
  get batch(): BatchPart | null {
    return this.#batch;
  }

  get scope(): Scope {
    return this.#scope;
  }
  set scope(scope: Scope) {
    this.#scope = scope;
    this.#schema = this.#schemaOf(scope);
    void this.#count();
  }

  /** A bundle for other systems holds nothing that nobody confirmed. */
  get which(): ExportSelection['which'] {
    return this.#format === 'fhir' ? 'confirmed' : this.#which;
  }
  set which(which: ExportSelection['which']) {
    this.#which = which;
    void this.#count();
  }

  get schema(): string | null {
    return this.#schema;
  }
  set schema(schema: string | null) {
    this.#schema = schema;
    void this.#count();
  }

  get format(): FactExportFormat {
    return this.#format;
  }
  set format(format: FactExportFormat) {
    const before = this.which;
    this.#format = format;
    if (this.which !== before) void this.#count();
  }

  get isTable(): boolean {
    return this.#format === 'csv' || this.#format === 'xlsx';
  }

  get deidentify(): boolean {
    return this.#deidentify || !this.originalAllowed;
  }
  set deidentify(deidentify: boolean) {
    this.#deidentify = deidentify;
    void this.#count();
  }

  /** The one record whose identifiers can be corrected before. */
  get checkable(): string | null {
    return this.#scope === 'open' && this.deidentify ? this.#openId : null;
  }
  get checked(): boolean {
    return this.#corrections() !== null;
  }

  get canSave(): boolean {
    return this.#phase === 'ready' && (this.#preview?.counts.records ?? 0) > 0 && this.allowed;
  }

  show({ openId = null, openSchema = null, chosenIds = [], batch }: ExportWish = {}): void {
    if (!this.allowed) return;
    this.#openId = openId;
    this.#openSchema = openSchema;
    this.#chosenIds = chosenIds;
    this.#scope = chosenIds.length > 0 ? 'chosen' : openId === null ? 'all' : 'open';
    this.#batch = batch ?? null;
    this.#schema = this.#schemaOf(this.#scope);
    this.#deidentify = true;
    this.#stopped = false;
    void this.#count();
  }

  /** After the identifiers of the open record were looked at. */
  again(): void {
    void this.#count();
  }

  close(): void {
    this.#work?.abort();
    this.#phase = 'closed';
    this.#preview = null;
  }

  /** Ends the writing; no file is left. */
  stop(): void {
    this.#work?.abort();
  }

  /** @returns what was written, or null where no place was chosen, it was stopped or it failed */
  async save(): Promise<ExportReport | null> {
    const preview = this.#preview;
    if (!this.canSave || !preview) return null;
    const work = new AbortController();
    this.#work = work;
    this.#phase = 'writing';
    this.#problem = null;
    this.#stopped = false;
    this.#progress = null;
    try {
      return await this.#write(preview, work.signal);
    } catch (error) {
      if (error instanceof Cancelled) this.#stopped = true;
      else this.#problem = problemOf(error);
      return null;
    } finally {
      if (this.open) this.#phase = 'ready';
    }
  }

  async #write({ counts }: ExportPreview, signal: AbortSignal): Promise<ExportReport | null> {
    const { format, deidentify: deidentified } = this;
    const one = this.#scope === 'open' ? this.#openId : null;
    const order: SaveOrder = { format, count: counts.records, deidentified };
    const ticket = await this.#parts.choose({
      ...order,
      ...(one === null ? {} : { recordId: one }),
    });
    if (ticket === null) return null;
    const wantsDictionary = format === 'csv' && this.dictionary;
    const dictionaryTicket = wantsDictionary
      ? await this.#parts.choose({ ...order, deidentified: true, dictionary: true })
      : null;
    const corrections = this.#corrections();
    return this.#parts.run(
      {
        ticket,
        ...(dictionaryTicket === null ? {} : { dictionaryTicket }),
        selection: this.#selection(),
        options: {
          format,
          locale: this.#parts.locale(),
          layout: this.form === 'long' ? 'long' : 'wide',
          rows: this.form === 'case' ? 'case' : 'record',
          withEvidence: this.evidence,
        },
        deidentify: deidentified
          ? { dates: this.dates, ...(corrections ? { corrections } : {}) }
          : null,
      },
      { signal, onEvent: (progress) => (this.#progress = progress) },
    );
  }

  /** What an export of it begins with. */
  #schemaOf(scope: Scope): string | null {
    if (scope === 'open') return this.#openSchema;
    return scope === 'chosen' ? (this.#batch?.schema ?? null) : null;
  }

  #corrections(): ReturnType<ExportParts['corrections']> {
    return this.checkable === null ? null : this.#parts.corrections(this.checkable);
  }

  #selection(): ExportSelection {
    const recordIds =
      this.#scope === 'open' && this.#openId !== null
        ? [this.#openId]
        : this.#scope === 'chosen'
          ? [...this.#chosenIds]
          : undefined;
    return {
      which: this.which,
      ...(recordIds ? { recordIds } : {}),
      ...(this.#schema === null ? {} : { schema: this.#schema }),
    };
  }

  async #count(): Promise<void> {
    this.#work?.abort();
    const work = new AbortController();
    this.#work = work;
    this.#phase = 'counting';
    this.#problem = null;
    this.#progress = null;
    try {
      const preview = await this.#parts.preview(
        { selection: this.#selection(), deidentify: this.deidentify },
        { signal: work.signal, onEvent: (progress) => (this.#progress = progress) },
      );
      if (work.signal.aborted) return;
      this.#preview = preview;
      this.#phase = 'ready';
    } catch (error) {
      if (work.signal.aborted || error instanceof Cancelled) return;
      this.#problem = problemOf(error);
      this.#phase = 'failed';
    }
  }
}

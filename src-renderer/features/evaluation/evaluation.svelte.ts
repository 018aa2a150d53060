/** An evaluation on this page: what is measured on what, how far it is, and what came out. */
import type { AnnotationSchema } from '@domain/contract/annotation-schema';
import { problemOf, type Problem } from '@domain/contract/errors';
import {
  maxConfigurations,
  type Configuration,
  type EvaluationOrder,
  type EvaluationProgress,
  type EvaluationResult,
  type ExaminedGold,
  type Gold,
  type SignedCounts,
} from '@domain/contract/evaluation';
import { Cancelled, type CallOptions } from '@domain/contract/rpc';
import type { SaveOrder } from '@domain/contract/save-file';
import { ConfigurationDraft } from './configuration.svelte';

export interface EvaluationParts {
  /** Shows the system's dialog; a ticket, or null where a person closed it. */
  choose(what: 'set' | 'labels'): Promise<string | null>;
  examine(ticket: string, labels: string | null): Promise<ExaminedGold>;
  signed(): Promise<SignedCounts>;
  /** @throws Cancelled, AppError */
  run(order: EvaluationOrder, options: CallOptions<EvaluationProgress>): Promise<EvaluationResult>;
  /** @returns whether it is on the disk; false where a person closed the dialog. @throws AppError */
  save(order: SaveOrder, text: string): Promise<boolean>;
}

/** What came out, with what a reader has to know beside the figures. */
export interface ShownResult {
  readonly result: EvaluationResult;
  readonly schema: AnnotationSchema;
  /** Of the annotated file; null for confirmed records. */
  readonly fileName: string | null;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Only the first records were measured on. */
  readonly limited: boolean;
}

export class EvaluationState {
  readonly #parts: EvaluationParts;
  kind = $state<Gold['kind']>('file');
  schemaId = $state('ccks2019-symptom');
  /** Records to measure on, from the first; null for all. */
  limit = $state<number | null>(null);
  #drafts = $state.raw<readonly ConfigurationDraft[]>([new ConfigurationDraft()]);
  #set = $state<string | null>(null);
  #labels = $state<string | null>(null);
  #examined = $state.raw<ExaminedGold | null>(null);
  #examining = $state(false);
  #signed = $state.raw<SignedCounts | null>(null);
  #progress = $state.raw<EvaluationProgress | null>(null);
  #stopping = $state.raw<AbortController | null>(null);
  #stopped = $state(false);
  #shown = $state.raw<ShownResult | null>(null);
  #problem = $state.raw<Problem | null>(null);
  /** Counts the questions, so that a slow answer never covers a later one. */
  #turn = 0;

  constructor(parts: EvaluationParts) {
    this.#parts = parts;
  }

  get drafts(): readonly ConfigurationDraft[] {
    return this.#drafts;
  }
  get canCompare(): boolean {
    return this.#drafts.length < maxConfigurations;
  }
  get examined(): ExaminedGold | null {
    return this.#examined;
  }
  get examining(): boolean {
    return this.#examining;
  }
  get hasOwnLabels(): boolean {
    return this.#labels !== null;
  }
  /** Null before they are counted. */
  get signed(): SignedCounts | null {
    return this.#signed;
  }
  get running(): boolean {
    return this.#stopping !== null;
  }
  get progress(): EvaluationProgress | null {
    return this.#progress;
  }
  /** The last one was stopped by a person. */
  get stopped(): boolean {
    return this.#stopped;
  }
  get shown(): ShownResult | null {
    return this.#shown;
  }
  get problem(): Problem | null {
    return this.#problem;
  }

  /** Records that could be measured on, as far as is known. */
  get records(): number {
    if (this.kind === 'file') return this.#set === null ? 0 : (this.#examined?.records ?? 0);
    return this.#signed?.schemas.find(({ id }) => id === this.schemaId)?.records ?? 0;
  }

  compare(): void {
    if (!this.canCompare) return;
    const draft = new ConfigurationDraft();
    draft.modelId = this.#drafts[0]?.modelId ?? null;
    this.#drafts = [...this.#drafts, draft];
  }

  remove(draft: ConfigurationDraft): void {
    if (this.#drafts.length > 1) this.#drafts = this.#drafts.filter((each) => each !== draft);
  }

  /** Shows the system's dialog, then looks at the chosen file. */
  async choose(what: 'set' | 'labels'): Promise<void> {
    await this.#attempt(async () => {
      const ticket = await this.#parts.choose(what);
      if (ticket === null) return;
      if (what === 'set') this.#set = ticket;
      else this.#labels = ticket;
      await this.#examine();
    });
  }

  /** Back to the first of the program's own mappings that knows all labels. */
  async forgetLabels(): Promise<void> {
    this.#labels = null;
    await this.#attempt(() => this.#examine());
  }

  async countSigned(): Promise<void> {
    await this.#attempt(async () => {
      this.#signed = await this.#parts.signed();
    });
  }

  async run(
    schema: AnnotationSchema,
    isOwn: boolean,
    configurations: readonly Configuration[],
  ): Promise<void> {
    const gold = this.#gold();
    const all = this.records;
    if (this.running || !gold) return;
    const abort = new AbortController();
    this.#stopping = abort;
    this.#stopped = false;
    this.#progress = null;
    await this.#attempt(async () => {
      const result = await this.#parts.run(
        {
          ...{ gold, schema: schema.id, configurations: [...configurations] },
          ...(isOwn ? { definition: schema } : {}),
          ...(this.limit === null ? {} : { limit: this.limit }),
        },
        { signal: abort.signal, onEvent: (progress) => (this.#progress = progress) },
      );
      const fileName = gold.kind === 'file' ? (this.#examined?.name ?? null) : null;
      this.#shown = { result, schema, fileName, at: Date.now(), limited: all > measuredOf(result) };
    });
    this.#stopped = abort.signal.aborted;
    this.#stopping = null;
    this.#progress = null;
  }

  stop(): void {
    this.#stopping?.abort();
  }

  /** @returns whether it is on the disk; false where a person closed the dialog. @throws AppError */
  async save(): Promise<boolean> {
    if (!this.#shown) return false;
    const { result } = this.#shown;
    // One file of figures; no record is in it.
    const order: SaveOrder = { format: 'json', count: 1, deidentified: true, evaluation: true };
    return this.#parts.save(order, `${JSON.stringify(result, null, 2)}\n`);
  }

  #gold(): Gold | null {
    if (this.kind === 'records') return { kind: 'records' };
    return this.#set === null ? null : { kind: 'file', ticket: this.#set, labels: this.#labels };
  }

  async #examine(): Promise<void> {
    const ticket = this.#set;
    if (ticket === null) return;
    const turn = ++this.#turn;
    this.#examining = true;
    this.#examined = null;
    try {
      const examined = await this.#parts.examine(ticket, this.#labels);
      if (turn === this.#turn) this.#examined = examined;
    } finally {
      if (turn === this.#turn) this.#examining = false;
    }
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    this.#problem = null;
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Cancelled)) this.#problem = problemOf(error);
    }
  }
}

function measuredOf({ evaluations }: EvaluationResult): number {
  return evaluations[0]?.report.records ?? 0;
}

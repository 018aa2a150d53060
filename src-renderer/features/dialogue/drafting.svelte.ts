/** What a model is asked for and what came of it last: options, drafts, and the one that was taken. */
import type { StoredCandidate, StoredReply } from '@domain/contract/conversation';
import type { DraftRequest, Turn } from '@domain/contract/dialogue';
import type { Problem } from '@domain/contract/errors';
import type { HostMethods } from '@domain/contract/host-port';
import type { RpcClient } from '@domain/contract/rpc';
import { DraftSession } from './draft-session.svelte';

export interface DraftingParts {
  readonly host: { ready(): Promise<RpcClient<HostMethods>> };
  /** The model that drafts, if it is in memory. */
  model(): { readonly name: string; readonly sha256: string } | null;
}

/** What is to be answered, and from what. */
export interface DraftMatter {
  readonly turns: Turn[];
  readonly record: { readonly text: string; readonly textId: string } | null;
}

const defaults: StoredReply['options'] = {
  ...{ purpose: 'answer', tone: 'plain', length: 'medium', askBack: true },
};

export class Drafting {
  readonly #parts: DraftingParts;
  #options = $state.raw(defaults);
  /** Drafts that are asked for at once. */
  count = $state(3);
  #session = $state.raw<DraftSession | null>(null);
  #candidates = $state.raw<readonly StoredCandidate[]>([]);
  #model = $state.raw<StoredReply['model']>();
  #context = $state.raw<StoredReply['context']>();
  #problem = $state.raw<Problem | null>(null);
  #chosen = $state<number | null>(null);

  constructor(parts: DraftingParts, stored: Partial<StoredReply> = {}) {
    this.#parts = parts;
    this.#options = stored.options ?? defaults;
    this.#candidates = stored.candidates ?? [];
    this.#model = stored.model;
    this.#context = stored.context;
    this.#problem = stored.problem ?? null;
    this.#chosen = stored.chosen ?? null;
  }

  get options(): StoredReply['options'] {
    return this.#options;
  }
  get session(): DraftSession | null {
    return this.#session;
  }
  get running(): boolean {
    return this.#session?.status === 'running';
  }
  get hasModel(): boolean {
    return this.#parts.model() !== null;
  }
  get candidates(): readonly StoredCandidate[] {
    return this.#candidates;
  }
  /** What the newest drafts were written from; undefined without any, or where it was not kept. */
  get context(): StoredReply['context'] {
    return this.#context;
  }
  /** Why the newest drafting did not come to its end. */
  get problem(): Problem | null {
    return this.#problem;
  }
  get chosen(): StoredCandidate | null {
    return this.#chosen === null ? null : (this.#candidates[this.#chosen] ?? null);
  }
  get chosenIndex(): number | null {
    return this.#chosen;
  }

  /** What of it is stored. */
  get stored(): Pick<
    StoredReply,
    'options' | 'candidates' | 'context' | 'problem' | 'model' | 'chosen'
  > {
    return {
      options: this.#options,
      candidates: [...this.#candidates],
      ...(this.#context ? { context: this.#context } : {}),
      ...(this.#problem ? { problem: this.#problem } : {}),
      ...(this.#model ? { model: this.#model } : {}),
      chosen: this.#chosen,
    };
  }

  choose<K extends keyof StoredReply['options']>(
    option: K,
    value: StoredReply['options'][K],
  ): void {
    this.#options = { ...this.#options, [option]: value };
  }

  /** What a model would be asked; null where there is none. */
  requestFor({ turns, record }: DraftMatter): DraftRequest | null {
    const model = this.#parts.model();
    if (model === null) return null;
    return {
      ...{ ...this.#options, turns, candidates: this.count, model: model.sha256 },
      ...(record ? { record: { text: record.text } } : {}),
    };
  }

  /**
   * Begins a drafting where there is a model for it.
   *
   * @param onEnd told whether there are new drafts
   */
  start(matter: DraftMatter, onEnd: (hasDrafts: boolean) => void): void {
    const model = this.#parts.model();
    const request = this.requestFor(matter);
    if (model === null || request === null) return;
    this.#problem = null;
    // Another one each time.
    const seed = Math.floor(Math.random() * 1_000_000_000);
    const asked = { name: model.name, sha256: model.sha256 };
    const textId = matter.record?.textId;
    this.#session = DraftSession.start({ ...request, seed }, this.#parts.host, (end) => {
      this.#problem = end.problem;
      const hasDrafts = end.candidates.length > 0;
      if (hasDrafts) {
        this.#candidates = end.candidates;
        this.#model = end.model ?? asked;
        this.#context = end.context ? { ...end.context, ...(textId ? { textId } : {}) } : undefined;
        this.#chosen = null;
      }
      onEnd(hasDrafts);
    });
  }

  stop(): void {
    this.#session?.stop();
  }

  take(index: number | null): void {
    this.#chosen = index;
  }
}

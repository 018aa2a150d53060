/** A schema tried on a text, before it is used. */
import type { AnnotationSchema } from '@domain/contract/annotation-schema';
import { AppError } from '@domain/contract/errors';
import type { PromptPreview } from '@domain/contract/extraction';
import type { Fact } from '@domain/contract/fact';
import type { HostMethods } from '@domain/contract/host-port';
import type { RpcClient } from '@domain/contract/rpc';
import type { ModelsState } from '../models';
import { asAsked } from './catalogue.svelte';

/** What a schema can be tried on. */
export interface TrialText {
  readonly title: string;
  readonly text: string;
}

/** A stretch of a prompt: text, or one control token. */
export interface PromptPiece {
  readonly text: string;
  readonly isControl: boolean;
}

export class DryRun {
  readonly #host: { ready(): Promise<RpcClient<HostMethods>> };
  readonly #models: ModelsState;
  readonly #sample: () => TrialText | null;

  /** @param sample a synthetic record that ships with the program */
  constructor(
    host: { ready(): Promise<RpcClient<HostMethods>> },
    models: ModelsState,
    sample: () => TrialText | null,
  ) {
    this.#host = host;
    this.#models = models;
    this.#sample = sample;
  }

  get sample(): TrialText | null {
    return this.#sample();
  }

  /** The model that a run under this schema would use; null where the library has none. */
  modelFor({ id }: AnnotationSchema): { readonly name: string; readonly loaded: boolean } | null {
    const model = this.#models.modelFor(`extraction:${id}`);
    if (!model) return null;
    return { name: model.card.name, loaded: this.#models.loadedFor(`extraction:${id}`) !== null };
  }

  load({ id }: AnnotationSchema): void {
    const model = this.#models.modelFor(`extraction:${id}`);
    if (model) this.#models.activate(model);
  }

  /** What the model would be sent first. @throws AppError `MODEL_NOT_READY` and what the host answers */
  async preview(schema: AnnotationSchema, text: string): Promise<PromptPreview> {
    const client = await this.#host.ready();
    return client.call('prompt.preview', this.#request(schema, text));
  }

  /** @throws AppError as `preview`; `Cancelled` when it was aborted */
  async run(
    schema: AnnotationSchema,
    text: string,
    signal: AbortSignal,
  ): Promise<{ readonly facts: readonly Fact[]; readonly problem?: AppError }> {
    const client = await this.#host.ready();
    const { facts, problem } = await client.call('extraction.run', this.#request(schema, text), {
      signal,
    });
    return problem ? { facts, problem: new AppError(problem.code, problem) } : { facts };
  }

  #request(schema: AnnotationSchema, text: string) {
    const model = this.#models.loadedFor(`extraction:${schema.id}`);
    if (!model) throw new AppError('MODEL_NOT_READY');
    return { text, model: model.sha256, ...asAsked(schema) };
  }
}

/** A prompt as it is read: text that belongs together in one piece, control tokens each alone. */
export function promptPieces(tokens: PromptPreview['tokens']): PromptPiece[] {
  const pieces: { text: string; isControl: boolean }[] = [];
  for (const { text, isControl } of tokens) {
    const last = pieces.at(-1);
    if (last && !isControl && !last.isControl) last.text += text;
    else pieces.push({ text, isControl });
  }
  return pieces;
}

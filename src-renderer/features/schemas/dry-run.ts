/** A schema tried on a sample, before it is used. */
import type { AnnotationSchema } from '@domain/contract/annotation-schema';
import { AppError } from '@domain/contract/errors';
import type { Fact } from '@domain/contract/fact';
import type { HostMethods } from '@domain/contract/host-port';
import type { RpcClient } from '@domain/contract/rpc';
import type { ModelsState } from '../models';
import { isTemplate } from './catalogue.svelte';

export interface PreviewedPrompt {
  readonly text: string;
  readonly tokens: number;
  readonly windows: number;
  readonly contextSize: number;
}

export class DryRun {
  readonly #host: { ready(): Promise<RpcClient<HostMethods>> };
  readonly #models: ModelsState;
  readonly #sample: () => string;

  /** @param sample a synthetic record that ships with the program */
  constructor(
    host: { ready(): Promise<RpcClient<HostMethods>> },
    models: ModelsState,
    sample: () => string,
  ) {
    this.#host = host;
    this.#models = models;
    this.#sample = sample;
  }

  /** The model that a run under this schema would use; null where the library has none. */
  modelFor({ id }: AnnotationSchema): { readonly name: string; readonly loaded: boolean } | null {
    const model = this.#models.modelFor(`extraction:${id}`);
    if (!model) return null;
    return { name: model.card.name, loaded: this.#models.loadedFor(`extraction:${id}`) !== null };
  }

  load({ id }: AnnotationSchema): void {
    const model = this.#models.modelFor(`extraction:${id}`);
    if (model) void this.#models.activate(model);
  }

  /** @throws AppError `MODEL_NOT_READY` and what the host answers */
  async preview(schema: AnnotationSchema): Promise<PreviewedPrompt> {
    const client = await this.#host.ready();
    const { tokens, windows, contextSize } = await client.call(
      'prompt.preview',
      this.#request(schema),
    );
    return {
      text: tokens.map(({ text }) => text).join(''),
      tokens: tokens.length,
      windows,
      contextSize,
    };
  }

  /** @throws AppError as `preview` */
  async run(schema: AnnotationSchema): Promise<readonly Fact[]> {
    const client = await this.#host.ready();
    const { facts } = await client.call('extraction.run', this.#request(schema));
    return facts;
  }

  #request(schema: AnnotationSchema) {
    const model = this.#models.loadedFor(`extraction:${schema.id}`);
    if (!model) throw new AppError('MODEL_NOT_READY');
    return {
      text: this.#sample(),
      schema: schema.id,
      model: model.sha256,
      ...(isTemplate(schema.id) ? {} : { definition: schema }),
    };
  }
}

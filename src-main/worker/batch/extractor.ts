/** The model host as the queue sees it: whether a model is there, and one extraction after the other. */
import { AppError, type Problem } from '../../domain/contract/errors';
import type { ExtractionRequest, ExtractionResult } from '../../domain/contract/extraction';
import { hostMethods, type HostMethods } from '../../domain/contract/host-port';
import { RpcClient, type Port } from '../../domain/contract/rpc';
import type { HostNews } from '../control';

export interface Extractor {
  /** How many records the model takes at once, or why it takes none. */
  standing(model: string): { readonly sequences: number } | { readonly problem: Problem };
  /**
   * @throws AppError `HOST_DIED` where the host's process ended by itself meanwhile, `HOST_UNAVAILABLE`
   *   where it was ended on purpose or is not there, and what the host answers
   * @throws Cancelled
   */
  extract(request: ExtractionRequest, signal: AbortSignal): Promise<ExtractionResult>;
  /** Called when a model has come, gone or changed. */
  onChange(listener: () => void): void;
}

/** Milliseconds after which an end of the host of which main says nothing counts as one on purpose. */
const newsWaitMs = 5_000;

export class HostExtractor implements Extractor {
  readonly #listeners = new Set<() => void>();
  #client: RpcClient<HostMethods> | null = null;
  #news: HostNews = { deaths: 0, models: [] };
  /** Requests whose host went away, until main has said how. */
  #lost = new Set<(died: boolean) => void>();

  /** Takes the port that main brokered. */
  adopt(port: Port): void {
    this.#client?.close({ code: 'HOST_DIED' });
    const client = new RpcClient(port, hostMethods, 'HOST_DIED');
    this.#client = client;
    port.onClose(() => {
      if (this.#client === client) this.#client = null;
      this.#tell();
    });
    this.#tell();
  }

  hear(news: HostNews): void {
    const died = news.deaths > this.#news.deaths;
    this.#news = news;
    for (const told of this.#lost) told(died);
    this.#lost.clear();
    this.#tell();
  }

  standing(model: string): { sequences: number } | { problem: Problem } {
    const state = this.#news.models.find(({ sha256 }) => sha256 === model);
    if (!this.#client) return { problem: { code: 'HOST_UNAVAILABLE' } };
    return state ? { sequences: state.sequences } : { problem: { code: 'MODEL_NOT_READY' } };
  }

  async extract(request: ExtractionRequest, signal: AbortSignal): Promise<ExtractionResult> {
    const client = this.#client;
    if (!client) throw new AppError('HOST_UNAVAILABLE');
    try {
      return await client.call('extraction.run', { ...request, priority: 'batch' }, { signal });
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'HOST_DIED') throw error;
      if (await this.#died()) throw error;
      throw new AppError('HOST_UNAVAILABLE');
    }
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  #died(): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#lost.delete(told);
        resolve(false);
      }, newsWaitMs);
      const told = (died: boolean): void => {
        clearTimeout(timer);
        resolve(died);
      };
      this.#lost.add(told);
    });
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

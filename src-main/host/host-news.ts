/** What of the model host's state the batch queue has to know: which models take work, and that it died. */
import type { HostState } from '../domain/contract/host-port';

export interface HostNewsData {
  /** How often the process ended by itself since the program was started. */
  readonly deaths: number;
  readonly models: { readonly sha256: string; readonly sequences: number }[];
}

export class HostNewsFeed {
  #deaths = 0;
  #wasDown = false;
  #last = '';

  /**
   * @param state as it is now
   * @returns the news, or null where nothing changed that the queue would want to know
   */
  take(state: HostState): HostNewsData | null {
    const { phase } = state.process;
    // One that is ended on purpose (a lock, a model taken out) goes straight to `starting`.
    const isDown = phase === 'restarting' || phase === 'failed';
    if (isDown && !this.#wasDown) this.#deaths += 1;
    this.#wasDown = isDown;
    const news = this.of(state);
    const text = JSON.stringify(news);
    if (text === this.#last) return null;
    this.#last = text;
    return news;
  }

  of({ process, models }: HostState): HostNewsData {
    const ready = models.flatMap((state) =>
      state.phase === 'ready' && process.phase === 'ready'
        ? [{ sha256: state.model.sha256, sequences: state.model.sequences ?? 1 }]
        : [],
    );
    return { deaths: this.#deaths, models: ready };
  }
}

/** How fast a batch goes, over the last minutes: long enough to be steady, short enough to be of now. */

const windowMs = 180_000;
/** Records that are remembered at most; at a high speed that is still more than a minute. */
const mostSamples = 2_000;

interface Sample {
  readonly at: number;
  readonly chars: number;
}

export class BatchSpeed {
  readonly #now: () => number;
  #samples: Sample[] = [];
  /** Since when it goes on without a pause. */
  #since: number | null = null;

  /** @param now milliseconds of a clock that nobody sets back. Defaults to that of this process */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** It goes on from now: what was before a pause says nothing of now. */
  begin(): void {
    if (this.#since !== null) return;
    this.#since = this.#now();
    this.#samples = [];
  }

  pause(): void {
    this.#since = null;
  }

  done(chars: number): void {
    this.#samples.push({ at: this.#now(), chars });
    if (this.#samples.length > mostSamples) this.#samples.shift();
  }

  /**
   * @param charsLeft UTF-16 code units of what is still to be done; null where nobody knows before it is
   *   read: then records are counted
   */
  of(
    charsLeft: number | null,
    recordsLeft: number,
  ): { notesPerMinute: number | null; secondsLeft: number | null } {
    const now = this.#now();
    // Where the oldest were forgotten, the window begins with the oldest that is left.
    const isFull = this.#samples.length >= mostSamples;
    const oldest = isFull ? (this.#samples[0]?.at ?? 0) : 0;
    const start = Math.max(this.#since ?? now, now - windowMs, oldest);
    const counted = this.#samples.filter(({ at }) => at >= start);
    const seconds = (now - start) / 1000;
    if (this.#since === null || counted.length === 0 || seconds <= 0) {
      return { notesPerMinute: null, secondsLeft: null };
    }
    const chars = counted.reduce((sum, each) => sum + each.chars, 0);
    const share = charsLeft === null ? recordsLeft / counted.length : charsLeft / chars;
    return {
      notesPerMinute: (counted.length / seconds) * 60,
      secondsLeft: charsLeft === null || chars > 0 ? share * seconds : null,
    };
  }
}

/** A way to hold long work on a file without losing what was done of it. */
export class Pausing {
  #resume: (() => void) | null = null;
  #held: Promise<void> | null = null;

  pause(): void {
    this.#held ??= new Promise((resolve) => {
      this.#resume = resolve;
    });
  }

  resume(): void {
    this.#resume?.();
    this.#held = null;
    this.#resume = null;
  }

  /** Resolves at once, unless the work is to pause: then when it may go on. */
  async passed(): Promise<void> {
    await this.#held;
  }
}

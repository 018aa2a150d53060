/**
 * What the vault needs now and then without anybody asking: a backup where one is due, then compacting
 * where it is worth it. One after the other, so that a backup never begins from a journal that is being
 * exchanged, and one look at a time.
 */
export interface UpkeepOptions {
  /** Makes a backup if one is due; tells of its failure itself. */
  backUpIfDue(): Promise<void>;
  /** Compacts if it is worth it; tells of its failure itself. */
  compactIfWorth(): Promise<void>;
  /** Milliseconds between two looks. */
  readonly everyMs: number;
}

export class Upkeep {
  readonly #options: UpkeepOptions;
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: UpkeepOptions) {
    this.#options = options;
  }

  /** Looks from now on by itself. The process may end meanwhile. */
  start(): void {
    this.#timer ??= setInterval(() => {
      // A look may take longer than the time between two of them: the next one comes soon enough.
      if (this.#waiting === 0) void this.look();
    }, this.#options.everyMs).unref();
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Looks now, after a look that is under way. */
  look(): Promise<void> {
    this.#waiting += 1;
    const look = async (): Promise<void> => {
      try {
        await this.#options.backUpIfDue();
        await this.#options.compactIfWorth();
      } finally {
        this.#waiting -= 1;
      }
    };
    this.#last = this.#last.then(look, look);
    return this.#last;
  }
}

/** Jobs under one name run one after the other; under different names, side by side. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs `job` after the jobs that took a turn under this name before; also when those failed. */
  take<T>(name: string, job: () => Promise<T>): Promise<T> {
    const before = this.#last.get(name) ?? Promise.resolve();
    const mine = before.then(job, job);
    const settled = mine.then(
      () => undefined,
      () => undefined,
    );
    this.#last.set(name, settled);
    // The names must not pile up over a day's work.
    void settled.then(() => {
      if (this.#last.get(name) === settled) this.#last.delete(name);
    });
    return mine;
  }
}

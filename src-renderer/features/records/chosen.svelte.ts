/**
 * Records that a person marked in the list, to do one thing with all of them. The set is changed in place
 * and told by its version: a copy of 50,000 ids for every mark would be felt.
 */
export class ChosenRecords {
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- its version tells of every change
  readonly #ids = new Set<string>();
  #version = $state(0);
  /** Where the range begins that Shift extends. */
  #anchor: string | null = null;
  /** What the range has added so far: it goes where the range gets shorter. */
  #ranged: string[] = [];
  #extending = false;

  get count(): number {
    return this.#version < 0 ? 0 : this.#ids.size;
  }

  /** In the order in which they were marked. */
  get ids(): string[] {
    return this.#version < 0 ? [] : [...this.#ids];
  }

  has(id: string): boolean {
    return this.#version >= 0 && this.#ids.has(id);
  }

  toggle(id: string): void {
    if (!this.#ids.delete(id)) this.#ids.add(id);
    this.#begin(id);
    this.#version += 1;
  }

  /** The cursor went elsewhere without marking: the next range by arrows begins there. */
  moved(): void {
    this.#extending = false;
  }

  /**
   * Marks everything from where the range began to a place, and takes off what only this range had
   * marked beyond it. It begins at what was marked last, or at the cursor.
   *
   * @param items the list as it is shown
   * @param anew by arrows: one that is not being extended already begins at the cursor
   */
  extend(
    items: readonly { readonly id: string }[],
    { cursor, to, anew = false }: { cursor: number; to: number; anew?: boolean },
  ): void {
    const anchor = anew && !this.#extending ? null : this.#anchor;
    let from = anchor === null ? -1 : items.findIndex(({ id }) => id === anchor);
    if (from < 0) {
      from = Math.max(0, cursor);
      this.#begin(items[from]?.id ?? null);
    }
    for (const id of this.#ranged) this.#ids.delete(id);
    this.#ranged = [];
    for (const { id } of items.slice(Math.min(from, to), Math.max(from, to) + 1)) {
      if (this.#ids.has(id)) continue;
      this.#ids.add(id);
      this.#ranged.push(id);
    }
    this.#extending = true;
    this.#version += 1;
  }

  all(items: readonly { readonly id: string }[]): void {
    for (const { id } of items) this.#ids.add(id);
    this.#begin(null);
    this.#version += 1;
  }

  clear(): void {
    this.keep(() => false);
  }

  /** Takes off those that are not there any more. */
  keep(isThere: (id: string) => boolean): void {
    const before = this.#ids.size;
    if (before === 0) return;
    for (const id of this.#ids) if (!isThere(id)) this.#ids.delete(id);
    if (this.#ids.size === before) return;
    this.#begin(null);
    this.#version += 1;
  }

  #begin(anchor: string | null): void {
    this.#anchor = anchor;
    this.#extending = false;
    this.#ranged = [];
  }
}

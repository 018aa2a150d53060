/** Numbers of one block, which never moves: what grows leaves nothing behind that is of no use. */
const blockNumbers = 1024;

/** A growing list of whole numbers below 2^32, four bytes each; 0 where none was set. */
export class PackedNumbers {
  readonly #blocks: Uint32Array[] = [];

  at(index: number): number {
    return this.#blocks[Math.floor(index / blockNumbers)]?.[index % blockNumbers] ?? 0;
  }

  /** @param index at most one more than the largest before */
  set(index: number, value: number): void {
    const block = (this.#blocks[Math.floor(index / blockNumbers)] ??= new Uint32Array(
      blockNumbers,
    ));
    block[index % blockNumbers] = value;
  }
}

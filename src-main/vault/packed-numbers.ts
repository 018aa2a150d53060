/** A growing list of whole numbers below 2^32, four bytes each; 0 where none was set. */
export class PackedNumbers {
  #numbers = new Uint32Array(64);

  at(index: number): number {
    return this.#numbers[index] ?? 0;
  }

  set(index: number, value: number): void {
    if (index >= this.#numbers.length) {
      const wider = new Uint32Array(Math.max(2 * this.#numbers.length, index + 1));
      wider.set(this.#numbers);
      this.#numbers = wider;
    }
    this.#numbers[index] = value;
  }
}

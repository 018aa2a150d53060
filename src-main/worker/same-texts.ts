/**
 * Which of many owners, numbered from outside, have the same text, and of which case each of them is. Two
 * patients may have one text: where both cases are known and differ, the texts count as different.
 */
import { PackedNames } from '../vault/packed-names';
import { PackedNumbers } from '../vault/packed-numbers';

export class SameTexts {
  readonly #texts = new PackedNames();
  readonly #cases = new PackedNames();
  /** By the number of a text: 1 + its first entry. */
  readonly #first = new PackedNumbers();
  /** By entry: whose it is; 1 + the number of its case, 0 where that is not known; 1 + the next entry. */
  readonly #owners = new PackedNumbers();
  readonly #caseOf = new PackedNumbers();
  readonly #next = new PackedNumbers();
  #entries = 0;

  /**
   * Known already: nothing happens.
   *
   * @param text its hash or identifier
   * @param of the case, where it is known
   */
  add(text: string, owner: number, of?: string): void {
    const number = this.#texts.add(text);
    let last = 0;
    for (const entry of this.#entriesOf(number)) {
      if (this.#owners.at(entry) === owner) return;
      last = 1 + entry;
    }
    const entry = this.#entries;
    this.#entries += 1;
    this.#owners.set(entry, owner);
    if (of !== undefined) this.#caseOf.set(entry, 1 + this.#cases.add(of));
    if (last === 0) this.#first.set(number, 1 + entry);
    else this.#next.set(last - 1, 1 + entry);
  }

  /**
   * Owners of this text, in the order in which they came.
   *
   * @param of the case; without it owners of any
   */
  *owners(text: string, of?: string): Generator<number> {
    const number = this.#texts.numberOf(text);
    if (number < 0) return;
    // One that is not known here is no owner's: 0 would be "not known", -1 is none.
    const wanted = of === undefined ? null : 1 + this.#cases.numberOf(of) || -1;
    for (const entry of this.#entriesOf(number)) {
      const its = this.#caseOf.at(entry);
      if (wanted === null || its === 0 || its === wanted) yield this.#owners.at(entry);
    }
  }

  *#entriesOf(text: number): Generator<number> {
    for (let next = this.#first.at(text); next > 0; next = this.#next.at(next - 1)) yield next - 1;
  }
}

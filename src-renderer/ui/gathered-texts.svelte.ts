/**
 * Texts that grow while a model writes. Tokens come faster than anyone reads, and each would have the page
 * laid out anew, so what comes within a moment is drawn at once.
 */

/** Milliseconds that streamed text is gathered before it is drawn. */
const gatherTime = 40;

export class GatheredTexts {
  #written: string[];
  #drawn = $state.raw<readonly string[]>([]);
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param count of texts that are written side by side */
  constructor(count: number) {
    this.#written = Array.from({ length: count }, () => '');
    this.#drawn = [...this.#written];
  }

  /** As they are on screen: what came last may be missing for a moment. */
  get drawn(): readonly string[] {
    return this.#drawn;
  }

  /** @param index of the text, from 0 */
  add(index: number, piece: string): void {
    this.#written[index] = (this.#written[index] ?? '') + piece;
    this.#timer ??= setTimeout(() => this.drawNow(), gatherTime);
  }

  /** Draws what is still gathered, and draws nothing later by itself. @returns all texts so far */
  drawNow(): readonly string[] {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#drawn = [...this.#written];
    return this.#drawn;
  }

  /** The texts as they came to be at their end, in the place of what was streamed. */
  replace(texts: readonly string[]): void {
    this.#written = [...texts];
    this.drawNow();
  }
}

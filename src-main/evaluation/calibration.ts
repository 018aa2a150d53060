/** How far a model's confidence can be believed. */
import type { Calibration } from '../domain/contract/evaluation';

const binCount = 10;

interface Bin {
  facts: number;
  confidence: number;
  right: number;
}

/**
 * Gathers confidences, and whether each was strictly right, into ten bins of equal width: the
 * reliability diagram, with Brier's score and the expected calibration error (Guo et al. 2017).
 */
export class CalibrationMeter {
  readonly #bins: Bin[] = Array.from({ length: binCount }, () => ({
    facts: 0,
    confidence: 0,
    right: 0,
  }));
  #squares = 0;

  /** @param confidence 0..1 */
  add(confidence: number, isRight: boolean): void {
    const right = isRight ? 1 : 0;
    const at = Math.min(binCount - 1, Math.floor(confidence * binCount));
    const bin = this.#bins[at] as Bin;
    bin.facts++;
    bin.confidence += confidence;
    bin.right += right;
    this.#squares += (confidence - right) ** 2;
  }

  calibration(): Calibration {
    const facts = this.#bins.reduce((sum, bin) => sum + bin.facts, 0);
    const distance = this.#bins.reduce((sum, bin) => sum + Math.abs(bin.confidence - bin.right), 0);
    return {
      bins: this.#bins.map((bin, at) => ({
        from: at / binCount,
        to: (at + 1) / binCount,
        facts: bin.facts,
        confidence: bin.facts === 0 ? null : bin.confidence / bin.facts,
        right: bin.facts === 0 ? null : bin.right / bin.facts,
      })),
      brier: facts === 0 ? null : this.#squares / facts,
      ece: facts === 0 ? null : distance / facts,
      facts,
    };
  }
}

/** Choosing the next token of free text. */
import type { Answer, Token } from '../../engine/language-model';

export interface SamplingSettings {
  /** 0 always takes the most likely token. */
  readonly temperature: number;
  /** Only the most likely tokens that have this much probability together (Holtzman et al. 2020). */
  readonly topP: number;
  /** The same seed gives the same text on the same machine. */
  readonly seed: number;
}

/** ChiMed-GPT's README: sampling with top_p 0.9. */
export const defaultSampling: SamplingSettings = { temperature: 1, topP: 0.9, seed: 1 };

/** How many tokens are looked at; the rest of 39,424 has next to no probability. */
export const tokensLookedAt = 128;

export class Sampler {
  readonly #settings: SamplingSettings;
  #state: number;

  constructor(settings: SamplingSettings) {
    this.#settings = settings;
    this.#state = settings.seed >>> 0;
  }

  /**
   * @param answer asked with `top` of at least one token
   * @returns the token, and the natural logarithm of its probability before any setting
   */
  choose({ top, logZ }: Pick<Answer, 'top' | 'logZ'>): { token: Token; logP: number } {
    const { temperature, topP } = this.#settings;
    const [first] = top;
    if (!first) throw new RangeError('nothing to choose from');
    const chosen = temperature === 0 ? first : this.#nucleus(top, temperature, topP);
    return { token: chosen[0], logP: Math.min(0, chosen[1] - logZ) };
  }

  #nucleus(
    top: readonly (readonly [Token, number])[],
    temperature: number,
    topP: number,
  ): readonly [Token, number] {
    const most = (top[0] as readonly [Token, number])[1];
    const weights = top.map(([, logit]) => Math.exp((logit - most) / temperature));
    const all = weights.reduce((sum, weight) => sum + weight, 0);
    let kept = 0;
    let count = 0;
    do kept += weights[count++] as number;
    while (count < weights.length && kept < topP * all);
    let at = this.#random() * kept;
    for (let i = 0; i < count; i++) {
      at -= weights[i] as number;
      if (at < 0) return top[i] as readonly [Token, number];
    }
    return top[count - 1] as readonly [Token, number];
  }

  /** 0..1 (mulberry32). */
  #random(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
}

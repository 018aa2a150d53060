/** Tokens, time and speed of one request, over all of its sequences. */
import type { Speed, Usage } from '../domain/contract/usage';
import type { WorkMeter, WorkPhase } from '../engine/language-model';

export class UsageMeter implements WorkMeter {
  #promptTokens = 0;
  #reusedTokens = 0;
  #restoredTokens = 0;
  #decodedTokens = 0;
  /** Prompt tokens evaluated so far, restored ones included: what `prefill` time went into. */
  #prefilledTokens = 0;
  readonly #time = { prefill: new Stopwatch(), decode: new Stopwatch() };

  prompt(tokens: number, reused: number): void {
    this.#promptTokens += tokens;
    this.#reusedTokens += reused;
  }

  begin(phase: WorkPhase): void {
    this.#time[phase].begin();
  }

  end(phase: WorkPhase, tokens: number, again: number): void {
    this.#time[phase].end();
    this.#restoredTokens += again;
    if (phase === 'prefill') this.#prefilledTokens += tokens;
    else this.#decodedTokens += tokens;
  }

  takenBack(tokens: number): void {
    this.#decodedTokens -= tokens;
  }

  get usage(): Usage {
    return {
      promptTokens: this.#promptTokens,
      reusedTokens: this.#reusedTokens,
      restoredTokens: this.#restoredTokens,
      decodedTokens: this.#decodedTokens,
      prefillMs: this.#time.prefill.milliseconds,
      decodeMs: this.#time.decode.milliseconds,
    };
  }

  get speed(): Speed {
    const { prefill, decode } = this.#time;
    return {
      prefill: perSecond(this.#prefilledTokens, prefill.milliseconds),
      decode: perSecond(this.#decodedTokens, decode.milliseconds),
    };
  }
}

function perSecond(tokens: number, milliseconds: number): number | null {
  return milliseconds > 0 && tokens > 0 ? (tokens * 1000) / milliseconds : null;
}

/** Counts the time in which at least one of several is at work. */
class Stopwatch {
  #working = 0;
  #since = 0;
  milliseconds = 0;

  begin(): void {
    if (this.#working++ === 0) this.#since = performance.now();
  }

  end(): void {
    if (--this.#working === 0) this.milliseconds += performance.now() - this.#since;
  }
}

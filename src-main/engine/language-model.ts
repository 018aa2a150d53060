/**
 * The model as an interface: all that tasks know of it.
 *
 * Tokens are ids of the model's vocabulary. Logits are the model's raw, unscaled outputs.
 */
import type { Device } from '../domain/contract/host-port';

export type Token = number;

/** What to report about the token that would follow a fed token. */
export interface Ask {
  /** Tokens whose logits are wanted; order is kept, duplicates are allowed. */
  readonly candidates: readonly Token[];
  /** Also report this many of the most likely tokens of the whole vocabulary. Defaults to 0. */
  readonly top?: number;
}

export interface Answer {
  /** Logit of each candidate, in the order asked. */
  readonly logits: Float64Array;
  /** The most likely tokens, best first; empty unless `top` was asked. */
  readonly top: readonly (readonly [Token, number])[];
  /** Natural logarithm of the sum of exp(logit) over the vocabulary: `logit - logZ` is a log-probability. */
  readonly logZ: number;
}

/** One sequence of the model's context: a growing, truncatable list of evaluated tokens. */
export interface Sequence {
  /** Tokens evaluated so far. */
  readonly length: number;
  /** Most tokens it can hold. */
  readonly capacity: number;
  /**
   * Makes the sequence hold exactly `tokens`, keeping the longest prefix that it already holds.
   * Evaluates in pieces and looks at the signal between them, because the native call cannot be
   * interrupted (a 13B on two cores needs 13 s for 230 tokens).
   * @throws AppError `CONTEXT_EXCEEDED`
   * @throws Cancelled
   */
  prefill(tokens: readonly Token[], signal: AbortSignal): Promise<void>;
  /**
   * Feeds tokens in one batch. `asks[i]` is answered about what follows `tokens[i]`; null asks nothing.
   * @throws AppError `CONTEXT_EXCEEDED` before anything is evaluated
   */
  evaluate(tokens: readonly Token[], asks: readonly (Ask | null)[]): Promise<(Answer | null)[]>;
  /** Forgets everything after the first `length` tokens. */
  truncate(length: number): Promise<void>;
  /** Gives the sequence back to the model's pool. */
  release(): void;
}

export interface LanguageModel {
  readonly device: Device;
  /** Tokens a sequence can hold. */
  readonly contextSize: number;
  /** Sequences that can be open at once. */
  readonly sequences: number;
  readonly bos: Token | null;
  readonly eos: Token;
  /**
   * Tokenises as plain text: whatever it says, it never yields a control token.
   * @param continues true where the text continues another one, so that no space is put before it
   */
  tokenize(text: string, continues: boolean): Token[];
  /** The control token written like this (`<human>`), or null. */
  controlToken(text: string): Token | null;
  /** Text of every token that has whole characters as its text; control and byte tokens are absent. */
  readonly pieces: ReadonlyMap<string, Token>;
  /** Waits for a free sequence. */
  openSequence(signal: AbortSignal): Promise<Sequence>;
  dispose(): Promise<void>;
}

/** What a loaded model holds: weights, KV cache and compute buffers. */
export interface ModelMemory {
  readonly ramBytes: number;
  readonly vramBytes: number;
}

export interface LoadedLanguageModel extends LanguageModel {
  memory(): ModelMemory;
}

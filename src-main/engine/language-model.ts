/**
 * The model as an interface: all that tasks know of it.
 *
 * Tokens are ids of the model's vocabulary. Logits are the model's raw, unscaled outputs.
 */
import type { Device } from '../domain/contract/host-port';
import type { Priority } from '../domain/contract/usage';

export type Token = number;

/** What to report about the token that would follow a fed token. */
export interface Ask {
  /** Tokens whose logits are wanted; order is kept, duplicates are allowed. */
  readonly candidates: readonly Token[];
  /** Also report this many of the most likely tokens of the whole vocabulary. Defaults to 0. */
  readonly top?: number;
  /**
   * Where none of the `top` tokens may come, `top` is answered with all that may, best first. They are
   * read at the same place, so nothing is evaluated again.
   */
  readonly allowed?: AllowedTokens;
  /**
   * A candidate. Where it is the likeliest token of all, nothing more need be read, which costs much less: its
   * logit is then answered as 0, those of the others as -Infinity, and nothing else is of meaning.
   */
  readonly unlessLikeliest?: Token;
}

/** Tokens that may come next where they are too many to be listed without need. */
export interface AllowedTokens {
  has(token: Token): boolean;
  /** At least one; among equally likely ones the first counts. */
  list(): readonly Token[];
}

export interface Answer {
  /** Logit of each candidate, in the order asked. */
  readonly logits: Float64Array;
  /** The most likely tokens (or those of `allowed`), best first; empty unless `top` was asked. */
  readonly top: readonly (readonly [Token, number])[];
  /** Natural logarithm of the sum of exp(logit) over the vocabulary: `logit - logZ` is a log-probability. */
  readonly logZ: number;
}

/**
 * A growing, truncatable list of evaluated tokens. It takes turns with others on the sequences of the
 * model's context: what was evaluated may have to make room in between, and is then evaluated again.
 */
export interface Sequence {
  /** Tokens evaluated so far. */
  readonly length: number;
  /** Most tokens it can hold. */
  readonly capacity: number;
  /**
   * Makes the sequence hold exactly `tokens`, keeping the longest prefix that is evaluated already,
   * be it by earlier work. Work that waits longer goes first; with the first piece begins its turn.
   * Evaluates in pieces and looks at the signal between them, because the native call cannot be
   * interrupted (a 13B on two cores needs 13 s for 230 tokens).
   * @throws AppError `CONTEXT_EXCEEDED`
   * @throws Cancelled
   */
  prefill(tokens: readonly Token[], signal: AbortSignal): Promise<void>;
  /**
   * Feeds tokens in one batch. `asks[i]` is answered about what follows `tokens[i]`; null asks nothing.
   * @throws AppError `CONTEXT_EXCEEDED` before anything is evaluated
   * @throws Cancelled while it waits for its turn
   */
  evaluate(tokens: readonly Token[], asks: readonly (Ask | null)[]): Promise<(Answer | null)[]>;
  /** Forgets everything after the first `length` tokens. */
  truncate(length: number): Promise<void>;
  /** Gives the sequence back to the model's pool. */
  release(): void;
}

export type WorkPhase = 'prefill' | 'decode';

/** Is told what the sequences of one request do; the sequences may work at the same time. */
export interface WorkMeter {
  /** A prompt begins; the first `reused` of its tokens are evaluated already. */
  prompt(tokens: number, reused: number): void;
  begin(phase: WorkPhase): void;
  /** @param again of the tokens that were evaluated, those that had made room and are there again */
  end(phase: WorkPhase, tokens: number, again: number): void;
  /** So many of the decoded tokens were truncated. */
  takenBack(tokens: number): void;
}

export interface SequenceOptions {
  /**
   * Batch work pauses as long as an interactive sequence is open, so whoever works interactively
   * releases it with its answer. Defaults to `interactive`.
   */
  readonly priority?: Priority;
  readonly meter?: WorkMeter;
}

export interface TokenDescription {
  readonly text: string;
  readonly isControl: boolean;
}

export interface LanguageModel {
  readonly device: Device;
  /** Tokens a sequence can hold. */
  readonly contextSize: number;
  /** Sequences that can be evaluated at once; more can be open, and take turns. */
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
  /** How a token is written, and whether it is a control token; some bytes of a character are `‥`. */
  describe(token: Token): TokenDescription;
  /**
   * The text of tokens in a row; control tokens have none. A character whose bytes are not all there is
   * U+FFFD.
   * @param after the token before them, so that a leading space is kept
   */
  detokenize(tokens: readonly Token[], after: Token): string;
  /** Text of every token that has whole characters as its text; control and byte tokens are absent. */
  readonly pieces: ReadonlyMap<string, Token>;
  /**
   * @param signal also ends waiting for a turn
   * @throws Cancelled
   */
  openSequence(signal: AbortSignal, options?: SequenceOptions): Promise<Sequence>;
  /**
   * About how much of the time of an evaluation each token more in it takes, 0..1, by what drafts are
   * weighed. The same for the same model, device and length, so that a run can be repeated.
   * @param held tokens that the sequence holds
   */
  costOfMore(held: number): number;
  dispose(): Promise<void>;
}

/** What a loaded model holds: weights, KV cache and compute buffers. */
export interface ModelMemory {
  readonly ramBytes: number;
  readonly vramBytes: number;
}

export interface LoadedLanguageModel extends LanguageModel {
  memory(): ModelMemory;
  /**
   * Gives up the context, and with it all that was evaluated, for a fresh one; the weights stay in
   * memory. This model, whose sequences must all be released, is of no use afterwards: the one that
   * is returned takes its place.
   */
  withFreshContext(): Promise<LoadedLanguageModel>;
}

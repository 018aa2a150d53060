/**
 * Sequences through node-llama-cpp. A logical sequence keeps its own list of tokens; the physical one
 * under it may change between two steps, and is then brought to hold that list.
 */
import type { LlamaContextSequence, Token as LlamaToken } from 'node-llama-cpp';
import { AppError } from '../domain/contract/errors';
import { Cancelled } from '../domain/contract/rpc';
import type { Answer, Ask, Sequence, Token, WorkMeter, WorkPhase } from './language-model';
import { LogitReader } from './logit-reader';
import type { SamplerGarbage } from './sampler-garbage';
import { commonPrefix, type Lease, type PhysicalSequence } from './sequence-pool';

/** The library's default shift silently erases the beginning; ours is to refuse before it comes to that. */
export const contextShiftRefused = {
  contextShift: {
    strategy: (): never => {
      throw new AppError('CONTEXT_EXCEEDED');
    },
  },
};

/** A sequence of the context, whose tokens are known without asking the library for a copy of them. */
export class PhysicalLlamaSequence implements PhysicalSequence {
  readonly #sequence: LlamaContextSequence;
  readonly #garbage: SamplerGarbage;
  readonly #reader: LogitReader;
  #tokens: Token[] = [];

  constructor(sequence: LlamaContextSequence, garbage: SamplerGarbage) {
    this.#sequence = sequence;
    this.#garbage = garbage;
    this.#reader = new LogitReader(sequence);
  }

  get tokens(): readonly Token[] {
    return this.#tokens;
  }

  /** Forgets what follows the first `length` tokens; the library is told with the next evaluation. */
  keep(length: number): void {
    if (length < this.#tokens.length) this.#tokens.length = length;
  }

  async feed(tokens: readonly Token[]): Promise<void> {
    await this.#append(tokens, () =>
      this.#sequence.evaluateWithoutGeneratingNewTokens(tokens as LlamaToken[]),
    ).finally(() => this.#garbage.add());
  }

  /** @throws AppError `DECODE_FAILED` */
  async evaluate(
    tokens: readonly Token[],
    asks: readonly (Ask | null)[],
  ): Promise<(Answer | null)[]> {
    return this.#append(tokens, () =>
      this.#reader.evaluate(tokens, asks, contextShiftRefused.contextShift.strategy),
    );
  }

  dispose(): void {
    this.#reader.dispose();
  }

  async #append<T>(tokens: readonly Token[], evaluate: () => Promise<T>): Promise<T> {
    const start = this.#tokens.length;
    const end = this.#sequence.nextTokenIndex;
    try {
      if (start < end) await this.#sequence.eraseContextTokenRanges([{ start, end }]);
      const result = await evaluate();
      for (const token of tokens) this.#tokens.push(token);
      return result;
    } catch (error) {
      // What it holds now is unknown; the next evaluation begins with nothing.
      this.#tokens = [];
      throw error;
    }
  }
}

export interface LlamaSequenceOptions {
  readonly lease: Lease<PhysicalLlamaSequence>;
  /** Tokens of a prompt that are evaluated at once. */
  readonly piece: number;
  /** Most tokens it can hold. */
  readonly capacity: number;
  /** Ends waiting for a turn. */
  readonly signal: AbortSignal;
  readonly meter: WorkMeter | undefined;
}

export class LlamaSequence implements Sequence {
  readonly capacity: number;
  readonly #lease: Lease<PhysicalLlamaSequence>;
  readonly #piece: number;
  readonly #signal: AbortSignal;
  readonly #meter: WorkMeter | undefined;
  #tokens: Token[] = [];
  /** Of these, the first ones that came with `prefill`. */
  #promptLength = 0;

  constructor({ lease, piece, capacity, signal, meter }: LlamaSequenceOptions) {
    this.#lease = lease;
    this.#piece = piece;
    this.capacity = capacity;
    this.#signal = signal;
    this.#meter = meter;
  }

  get length(): number {
    return this.#tokens.length;
  }

  async prefill(tokens: readonly Token[], signal: AbortSignal): Promise<void> {
    if (tokens.length > this.capacity) throw this.#exceeded(tokens.length);
    this.#lease.startAnew();
    this.#tokens = [];
    this.#promptLength = tokens.length;
    let isCounted = false;
    do {
      await this.#lease.step(tokens, signal, async (physical) => {
        if (!isCounted) this.#meter?.prompt(tokens.length, commonPrefix(physical.tokens, tokens));
        isCounted = true;
        await this.#feedPiece(physical, tokens);
      });
      if (signal.aborted) throw new Cancelled();
    } while (this.#tokens.length < tokens.length);
  }

  async evaluate(
    tokens: readonly Token[],
    asks: readonly (Ask | null)[],
  ): Promise<(Answer | null)[]> {
    const needed = this.length + tokens.length;
    if (needed > this.capacity) throw this.#exceeded(needed);
    for (;;) {
      const answers = await this.#lease.step(this.#tokens, this.#signal, async (physical) => {
        const held = commonPrefix(physical.tokens, this.#tokens);
        if (held < this.#tokens.length) {
          await this.#feedPiece(physical, this.#tokens);
          return null;
        }
        physical.keep(held);
        return this.#measured('decode', tokens.length, 0, () => physical.evaluate(tokens, asks));
      });
      if (!answers) continue;
      for (const token of tokens) this.#tokens.push(token);
      return answers;
    }
  }

  truncate(length: number): Promise<void> {
    const decoded = this.#tokens.length - Math.max(length, this.#promptLength);
    if (decoded > 0) this.#meter?.takenBack(decoded);
    if (length < this.#tokens.length) this.#tokens.length = length;
    this.#lease.physical?.keep(length);
    return Promise.resolve();
  }

  release(): void {
    this.#lease.release();
  }

  /** Evaluates up to one piece of `target` behind what the physical sequence holds of it. */
  async #feedPiece(physical: PhysicalLlamaSequence, target: readonly Token[]): Promise<void> {
    const held = commonPrefix(physical.tokens, target);
    physical.keep(held);
    const end = Math.min(held + this.#piece, target.length);
    if (held < end) {
      const again = Math.max(0, Math.min(end, this.#tokens.length) - held);
      await this.#measured('prefill', end - held, again, () =>
        physical.feed(target.slice(held, end)),
      );
    }
    for (let i = this.#tokens.length; i < end; i++) this.#tokens.push(target[i] as Token);
  }

  async #measured<T>(
    phase: WorkPhase,
    tokens: number,
    again: number,
    work: () => Promise<T>,
  ): Promise<T> {
    this.#meter?.begin(phase);
    let evaluated = 0;
    try {
      const result = await work();
      evaluated = tokens;
      return result;
    } finally {
      this.#meter?.end(phase, evaluated, Math.min(again, evaluated));
    }
  }

  #exceeded(needed: number): AppError {
    return new AppError('CONTEXT_EXCEEDED', {
      params: { needed, capacity: this.capacity, over: needed - this.capacity },
    });
  }
}

/** The interface that both annotation strategies stand behind. */
import type { MarkedAttribute } from '../../domain/contract/model-card';
import type { Sequence, Token } from '../../engine/language-model';
import type { Window } from './windows';

/** A mention in code points of the source text. */
export interface CharMention {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  /** 0..1 */
  readonly confidence: number;
  /** Defaults to none. */
  readonly attributes?: readonly MarkedAttribute[];
}

export interface WindowOutcome {
  /** `length-limit`: the model did not come to an end within its budget; what it said stands. */
  readonly ended: 'complete' | 'length-limit';
}

export interface Annotator {
  readonly windows: readonly Window[];
  /** What is sent of a window, before the model says anything. */
  promptOf(window: Window): Token[];
  /**
   * Annotates one window on a sequence, calling `emit` for each mention as it is complete.
   * @throws Cancelled
   * @throws AppError
   */
  annotate(
    window: Window,
    sequence: Sequence,
    signal: AbortSignal,
    emit: (mention: CharMention) => void,
  ): Promise<WindowOutcome>;
}

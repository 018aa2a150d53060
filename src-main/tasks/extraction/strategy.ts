/** The interface that both annotation strategies stand behind. */
import type { PlainField } from '../../domain/contract/annotation-schema';
import type { Fact } from '../../domain/contract/fact';
import type { MarkedAttribute } from '../../domain/contract/model-card';
import type { Sequence, Token } from '../../engine/language-model';
import type { Window } from './windows';

/** A mention, or what is quoted for a field, in code points of the source text. */
export interface CharMention {
  /** The type, the field, or the member of a group. */
  readonly type: string;
  readonly start: number;
  readonly end: number;
  /** 0..1 */
  readonly confidence: number;
  /** Defaults to none. */
  readonly attributes?: readonly MarkedAttribute[];
  /** What was said of it in words. Defaults to nothing. */
  readonly stated?: Fact['attributes'];
  /** Absent of a mention. */
  readonly field?: QuotedField;
}

export interface QuotedField {
  readonly definition: PlainField;
  /** One of the field's list, or yes or no. */
  readonly option?: string | boolean;
  /** Of a member: the name of its group, and which item of this window it belongs to. */
  readonly group?: { readonly name: string; readonly item: number };
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

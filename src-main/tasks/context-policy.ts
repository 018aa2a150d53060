/**
 * What of a prompt goes into the context, and what does not: decided before anything is evaluated, and
 * never silently. What must be there either fits or is refused; what may go goes in an order that a person
 * can be told.
 */
import { AppError } from '../domain/contract/errors';

/** A part of a prompt and the tokens that it takes. */
export interface ContextPart {
  readonly id: string;
  readonly tokens: number;
}

export interface ContextDemand {
  /** Instruction, record, the question: all of them, or nothing is asked. */
  readonly fixed: readonly ContextPart[];
  /** Earlier exchanges, the oldest first; each goes with its answer. */
  readonly exchanges?: readonly ContextPart[];
  /** Quotations and the like, the most useful first; taken while there is room. */
  readonly optional?: readonly ContextPart[];
  /** Tokens that the sequence holds. */
  readonly capacity: number;
  /** Tokens kept free for the answer. */
  readonly reserve: number;
}

export interface DroppedPart extends ContextPart {
  readonly why: 'older-exchange' | 'less-useful';
}

export interface ContextPlan {
  /** Ids: fixed ones, then exchanges, then optional ones, each in the order given. */
  readonly kept: readonly string[];
  /** Everything else. */
  readonly dropped: readonly DroppedPart[];
  /** Tokens of what is kept. */
  readonly used: number;
  /** Tokens left for more, besides the reserve. */
  readonly free: number;
}

/**
 * Exchanges are dropped from the oldest on, so that what is kept is the end of the conversation without
 * a hole. They come before optional parts: what was said is missed more than what could be quoted.
 * @throws AppError `CONTEXT_EXCEEDED` (needed, capacity, over: tokens) where the fixed parts with the
 *   reserve do not fit
 */
export function planContext(demand: ContextDemand): ContextPlan {
  const { fixed, exchanges = [], optional = [], capacity, reserve } = demand;
  const must = sum(fixed);
  const needed = must + reserve;
  if (needed > capacity) {
    throw new AppError('CONTEXT_EXCEEDED', {
      params: { needed, capacity, over: needed - capacity },
    });
  }
  let free = capacity - needed;
  let first = exchanges.length;
  while (first > 0 && (exchanges[first - 1] as ContextPart).tokens <= free) {
    first--;
    free -= (exchanges[first] as ContextPart).tokens;
  }
  const quoted = new Set<ContextPart>();
  for (const part of optional) {
    if (part.tokens > free) continue;
    quoted.add(part);
    free -= part.tokens;
  }
  const kept = [
    ...fixed,
    ...exchanges.slice(first),
    ...optional.filter((part) => quoted.has(part)),
  ];
  return {
    kept: kept.map(({ id }) => id),
    dropped: [
      ...exchanges.slice(0, first).map((part) => ({ ...part, why: 'older-exchange' as const })),
      ...optional
        .filter((part) => !quoted.has(part))
        .map((part) => ({ ...part, why: 'less-useful' as const })),
    ],
    used: sum(kept),
    free,
  };
}

function sum(parts: readonly ContextPart[]): number {
  return parts.reduce((total, { tokens }) => total + tokens, 0);
}

/**
 * Which work is evaluated on which of a context's physical sequences, decided anew at each step.
 *
 * Work holds a lease, which outlives the physical sequence under it: where interactive work finds
 * none free, it takes one over from batch work, which later goes on with another one. A step is
 * what cannot be interrupted, one batch of tokens; so interactive work waits for batch work at most
 * until the steps that are under way have ended.
 */
import type { Priority } from '../domain/contract/usage';
import { Cancelled } from '../domain/contract/rpc';
import type { Token } from './language-model';

/** A shorter common beginning (a start token, a word) is not worth losing what another sequence holds. */
const worthwhilePrefix = 16;

export interface PhysicalSequence {
  /** Tokens that it holds, evaluated. */
  readonly tokens: readonly Token[];
}

export interface Lease<P> {
  /** The physical sequence that it has just now; null before the first step and while it is lent. */
  readonly physical: P | null;
  /**
   * Does one step as soon as it is this lease's turn. The step may find any tokens in the sequence.
   * One at a time.
   * @param wanted the tokens that the work is about to need, by which a sequence is chosen
   * @throws Cancelled when the signal is aborted or the lease given back before the step begins
   */
  step<T>(
    wanted: readonly Token[],
    signal: AbortSignal,
    work: (physical: P) => Promise<T>,
  ): Promise<T>;
  /** The next step needs nothing of what was evaluated so far: whoever waits longer goes first. */
  startAnew(): void;
  /** Gives everything back, also in the middle of a step, which then ends first. */
  release(): void;
}

interface Place<P> {
  readonly physical: P;
  holder: Holder<P> | null;
  /** Number of the step that used it last; 0 for never. */
  lastUsed: number;
}

interface Holder<P> {
  readonly priority: Priority;
  /** Its place in the order; smaller came first. */
  ticket: number;
  place: Place<P> | null;
  isStepping: boolean;
  isOpen: boolean;
}

interface Waiting<P> {
  readonly holder: Holder<P>;
  readonly wanted: readonly Token[];
  start(place: Place<P>): void;
  cancel(): void;
}

export class SequencePool<P extends PhysicalSequence> {
  readonly #places: readonly Place<P>[];
  /** In the order of their tickets. */
  readonly #waiting: Record<Priority, Waiting<P>[]> = { interactive: [], batch: [] };
  /** Open interactive leases; while there is one, batch work pauses. */
  #interactive = 0;
  #tickets = 0;
  #steps = 0;

  constructor(physical: readonly P[]) {
    this.#places = physical.map((each) => ({ physical: each, holder: null, lastUsed: 0 }));
  }

  /** An interactive lease makes batch work pause from now on until it is released. */
  open(priority: Priority): Lease<P> {
    const holder: Holder<P> = {
      priority,
      ticket: ++this.#tickets,
      place: null,
      isStepping: false,
      isOpen: true,
    };
    if (priority === 'interactive') this.#interactive++;
    return {
      get physical() {
        return holder.place?.physical ?? null;
      },
      step: (wanted, signal, work) => this.#step(holder, wanted, signal, work),
      startAnew: () => this.#startAnew(holder),
      release: () => this.#release(holder),
    };
  }

  async #step<T>(
    holder: Holder<P>,
    wanted: readonly Token[],
    signal: AbortSignal,
    work: (physical: P) => Promise<T>,
  ): Promise<T> {
    if (signal.aborted || !holder.isOpen) throw new Cancelled();
    const place = this.#claim(holder, wanted) ?? (await this.#turn(holder, wanted, signal));
    try {
      return await work(place.physical);
    } finally {
      holder.isStepping = false;
      if (!holder.isOpen) this.#vacate(holder);
      this.#grant();
    }
  }

  /** Takes a physical sequence for a step, if it is this lease's turn and there is one. */
  #claim(holder: Holder<P>, wanted: readonly Token[]): Place<P> | null {
    if (holder.priority === 'batch' && this.#interactive > 0) return null;
    const place = holder.place ?? this.#choose(holder.priority, wanted);
    if (!place) return null;
    if (place.holder && place.holder !== holder) place.holder.place = null;
    place.holder = holder;
    place.lastUsed = ++this.#steps;
    holder.place = place;
    holder.isStepping = true;
    return place;
  }

  /** The free sequence that holds most of what is wanted; else one that batch work can do without. */
  #choose(priority: Priority, wanted: readonly Token[]): Place<P> | null {
    const free = this.#places.filter(({ holder }) => !holder);
    // The one used longest ago is the least likely to be wanted again.
    if (free.length > 0) return best(free, wanted, (place) => place.lastUsed);
    if (priority === 'batch') return null;
    const lent = this.#places.filter(
      ({ holder }) => holder?.priority === 'batch' && !holder.isStepping,
    );
    // Batch work will have to evaluate these again.
    return best(lent, wanted, ({ physical }) => physical.tokens.length);
  }

  #turn(holder: Holder<P>, wanted: readonly Token[], signal: AbortSignal): Promise<Place<P>> {
    return new Promise((resolve, reject) => {
      const queue = this.#waiting[holder.priority];
      const leave = (): void => {
        queue.splice(queue.indexOf(waiting), 1);
        signal.removeEventListener('abort', waiting.cancel);
      };
      const waiting: Waiting<P> = {
        holder,
        wanted,
        start: (place) => {
          leave();
          resolve(place);
        },
        cancel: () => {
          leave();
          reject(new Cancelled());
        },
      };
      const after = queue.findIndex((other) => other.holder.ticket > holder.ticket);
      queue.splice(after < 0 ? queue.length : after, 0, waiting);
      signal.addEventListener('abort', waiting.cancel, { once: true });
    });
  }

  /** Starts every waiting step that can start. */
  #grant(): void {
    for (const queue of [this.#waiting.interactive, this.#waiting.batch]) {
      for (const waiting of [...queue]) {
        const place = this.#claim(waiting.holder, waiting.wanted);
        if (place) waiting.start(place);
      }
    }
  }

  #startAnew(holder: Holder<P>): void {
    holder.ticket = ++this.#tickets;
    const all = [...this.#waiting.interactive, ...this.#waiting.batch];
    if (holder.isStepping || !all.some((waiting) => !waiting.holder.place)) return;
    this.#vacate(holder);
    this.#grant();
  }

  #release(holder: Holder<P>): void {
    if (!holder.isOpen) return;
    holder.isOpen = false;
    if (holder.priority === 'interactive') this.#interactive--;
    this.#waiting[holder.priority].find((waiting) => waiting.holder === holder)?.cancel();
    if (!holder.isStepping) this.#vacate(holder);
    this.#grant();
  }

  #vacate(holder: Holder<P>): void {
    if (holder.place) holder.place.holder = null;
    holder.place = null;
  }
}

/** The place whose sequence begins most like `wanted`; among equals the one that costs least. */
function best<P extends PhysicalSequence>(
  places: readonly Place<P>[],
  wanted: readonly Token[],
  costOf: (place: Place<P>) => number,
): Place<P> | null {
  let chosen: Place<P> | null = null;
  let [mostKept, leastCost] = [-1, Infinity];
  for (const place of places) {
    const common = commonPrefix(place.physical.tokens, wanted);
    const kept = common < worthwhilePrefix ? 0 : common;
    const cost = costOf(place);
    if (kept > mostKept || (kept === mostKept && cost < leastCost)) {
      chosen = place;
      [mostKept, leastCost] = [kept, cost];
    }
  }
  return chosen;
}

/** Number of tokens that both lists begin with. */
export function commonPrefix(a: readonly Token[], b: readonly Token[]): number {
  const most = Math.min(a.length, b.length);
  let common = 0;
  while (common < most && a[common] === b[common]) common++;
  return common;
}

/**
 * Typed list: lines `类型：值；值` (`answer-form`), for large general models that were never trained on
 * marks. Also fields, groups, and mentions inside of others, because values are found by their text.
 *
 * Greedy, with the choice at each token limited to what the grammar allows. Tokens without an
 * alternative are fed together with the next choice. While a value can go on in one way only, its next
 * tokens are fed as a draft, several in a batch, and kept up to where the model wants something else.
 *
 * Confidence is the product of the probabilities of the tokens of the label, of the value with its end,
 * and of the option, over the whole vocabulary; tokens without an alternative count as 1.
 */
import type { AnnotationSchema, FactAttribute } from '../../domain/contract/annotation-schema';
import type { TypedListStrategy } from '../../domain/contract/model-card';
import type { PromptFormat } from '../../domain/contract/prompt-format';
import { Cancelled } from '../../domain/contract/rpc';
import type { Answer, Ask, LanguageModel, Sequence, Token } from '../../engine/language-model';
import { planContext } from '../context-policy';
import { promptAround } from '../prompt/prompt-around';
import { entriesOf } from '../../domain/rules/typed-list/answer-form';
import { instructionFor } from '../../domain/rules/typed-list/instruction';
import { ListCollector } from './list-collector';
import { ListGrammar, type ListState } from './list-grammar';
import { argmax } from './marked-copy';
import type { SourceText } from './source-text';
import type { Annotator, WindowOutcome } from './strategy';
import { WindowText } from './window-text';
import { splitIntoWindows, type Window } from './windows';

/** Above this many candidates the library's search for each in the vocabulary is slower than a sort. */
const fewCandidates = 64;

/**
 * Where what is allowed is not listed, or is much, this many of the likeliest tokens are asked for: the first of them
 * that is allowed is the one that would be found among all.
 */
const topAsked = 128;

/** Tokens of a draft: at first, and at most after unbroken success. */
const firstDraft = 3;
const longestDraft = 16;

/** How much the last token counts at least in the share of those that were foreseen. */
const leastWeight = 0.05;
/** What a run begins with counts as so many tokens, half of them foreseen. */
const assumed = 4;

/** Tokens that a window and its answer cannot do without. */
const leastRoom = 32;

export interface TypedListOptions {
  readonly schema: AnnotationSchema;
  /** That the model is asked to state. Defaults to none. */
  readonly attributes?: readonly FactAttribute[];
  /** Code points at which sections begin. Defaults to none. */
  readonly borders?: readonly number[];
  /** Tokens of a draft; 0 is plain token-by-token decoding (for measuring). */
  readonly longestDraft?: number;
}

/** @throws AppError `CONTEXT_EXCEEDED` where the instruction leaves no room for a window */
export function typedList(
  model: LanguageModel,
  card: TypedListStrategy,
  format: PromptFormat,
  source: SourceText,
  options: TypedListOptions,
): Annotator {
  const { schema, attributes = [], borders = [] } = options;
  const instruction = instructionFor(card, schema, attributes);
  const { before, after } = promptAround(model, format, { instruction });
  const frame = { id: 'frame', tokens: before.length + after.length };
  const capacity = model.contextSize - 1;
  planContext({ fixed: [frame], capacity, reserve: leastRoom });
  const room = capacity - frame.tokens;
  const costs = costsOf(model);
  const windows = splitIntoWindows(
    source,
    {
      chars: card.windowChars,
      // Half of the room for the text, half for the answer.
      cost: room >> 1,
      costOf: (char) => {
        let cost = costs.get(char);
        if (cost === undefined)
          costs.set(char, (cost = Math.max(1, model.tokenize(char, true).length)));
        return cost;
      },
    },
    borders,
  );
  const entries = entriesOf(schema);
  const habit: Habit = { seen: assumed, foreseen: 0.5 };
  const longest = options.longestDraft ?? longestDraft;
  const promptOf = ({ start, end }: Window): Token[] => [
    ...before,
    ...model.tokenize(source.chars.slice(start, end).join(''), true),
    ...after,
  ];
  return {
    windows,
    promptOf,
    annotate: async (window, sequence, signal, emit) => {
      const prompt = promptOf(window);
      await sequence.prefill(prompt.slice(0, -1), signal);
      const text = new WindowText(source, window, borders);
      const grammar = new ListGrammar(model, text, entries, attributes);
      const collector = new ListCollector(text, window, emit);
      const decoder = new ListDecoder(grammar, collector, habit, {
        longest,
        costOfMore: (held) => model.costOfMore(held),
      });
      return decoder.decode(sequence, prompt.at(-1) as Token, signal);
    },
  };
}

const known = new WeakMap<LanguageModel['pieces'], Map<string, number>>();

/** Tokens of characters, as they are asked for; kept as long as the model. */
function costsOf({ pieces }: LanguageModel): Map<string, number> {
  let costs = known.get(pieces);
  if (!costs) known.set(pieces, (costs = new Map()));
  return costs;
}

/** What the model did so far in this run. */
interface Habit {
  /** Tokens that could be foreseen, with those that are assumed. */
  seen: number;
  /** Share of tokens that were as a draft had or would have had them, the last ones counting most. */
  foreseen: number;
}

interface Drafting {
  /** Tokens; 0 is none. */
  readonly longest: number;
  costOfMore(held: number): number;
}

interface Choice {
  readonly token: Token;
  readonly logP: number;
}

class ListDecoder {
  readonly #grammar: ListGrammar;
  readonly #collector: ListCollector;
  readonly #drafting: Drafting;
  #state: ListState;
  #draft: number;
  readonly #habit: Habit;

  constructor(grammar: ListGrammar, collector: ListCollector, habit: Habit, drafting: Drafting) {
    this.#habit = habit;
    this.#grammar = grammar;
    this.#collector = collector;
    this.#drafting = drafting;
    this.#draft = Math.min(firstDraft, drafting.longest);
    this.#state = grammar.beginning;
  }

  async decode(sequence: Sequence, last: Token, signal: AbortSignal): Promise<WindowOutcome> {
    let pending: Token[] = [last];
    while (!this.#state.ended) {
      if (signal.aborted) throw new Cancelled();
      const few = this.#grammar.few(this.#state);
      const room = sequence.capacity - sequence.length - pending.length - 1;
      if (room < 0) return { ended: 'length-limit' };
      const [only] = few ?? [];
      if (few?.length === 1 && only !== undefined) {
        this.#write(only, 0);
        pending.push(only);
        continue;
      }
      // Where nothing can be quoted, a label leads nowhere.
      if (!this.#grammar.goesOn(this.#state)) return { ended: 'complete' };
      pending = [await this.#decide(sequence, pending, room)];
    }
    return { ended: 'complete' };
  }

  /** Feeds what is pending with a draft behind it; returns the first token that is not evaluated yet. */
  async #decide(sequence: Sequence, pending: readonly Token[], room: number): Promise<Token> {
    const fed = sequence.length + pending.length;
    const most = this.#isWorthDrafting(fed) ? Math.min(this.#draft, room) : 0;
    // What comes next is foreseen also where it isn't drafted, so as to know when it would be worth it.
    const [next, ...more] = this.#grammar.ahead(this.#state, Math.max(1, most));
    const draft = next && most > 0 ? [next, ...more] : [];
    const states = [this.#state, ...draft.map(({ state }) => state)];
    const asks = states.map((state) => this.#ask(state));
    const answers = await sequence.evaluate(
      [...pending, ...draft.map(({ token }) => token)],
      [...pending.slice(1).map(() => null), ...asks],
    );
    for (let at = 0; ; at++) {
      const answer = answers[pending.length - 1 + at] as Answer;
      const chosen = this.#choose(asks[at] as Ask, answer);
      this.#write(chosen.token, chosen.logP);
      const guess = draft[at] ?? (at === 0 ? next : undefined);
      if (guess) this.#remember(guess.token === chosen.token);
      if (draft[at]?.token === chosen.token) continue;
      if (at < draft.length) await sequence.truncate(fed + at);
      const kept = at === draft.length && at > 0;
      this.#draft = Math.min(this.#drafting.longest, kept ? this.#draft * 2 : firstDraft);
      return chosen.token;
    }
  }

  #ask(state: ListState): Ask {
    const few = this.#grammar.few(state);
    return few !== null && few.length <= fewCandidates
      ? { candidates: few }
      : {
          candidates: [],
          top: topAsked,
          allowed: {
            has: (token) => this.#grammar.accepts(state, token),
            list: () => this.#grammar.all(state),
          },
        };
  }

  /** The likeliest of the allowed tokens. */
  #choose({ candidates, allowed }: Ask, { logits, top, logZ }: Answer): Choice {
    if (allowed) {
      const [token, logit] = top.find(([one]) => allowed.has(one)) as readonly [Token, number];
      return { token, logP: Math.min(0, logit - logZ) };
    }
    const { best } = argmax(logits);
    const logP = Math.min(0, (logits[best] as number) - logZ);
    return { token: candidates[best] as Token, logP };
  }

  /** Whether the first tokens of a draft save more time than they take, as far as the model was foreseen. */
  #isWorthDrafting(held: number): boolean {
    if (this.#drafting.longest === 0) return false;
    const { foreseen } = this.#habit;
    let saved = 0;
    for (let at = 1; at <= firstDraft; at++) saved += foreseen ** at;
    return saved > firstDraft * this.#drafting.costOfMore(held);
  }

  #remember(wasForeseen: boolean): void {
    const weight = Math.max(leastWeight, 1 / ++this.#habit.seen);
    this.#habit.foreseen += weight * (Number(wasForeseen) - this.#habit.foreseen);
  }

  #write(token: Token, logP: number): void {
    const { state, said } = this.#grammar.take(this.#state, token);
    this.#state = state;
    this.#collector.follow(said, logP);
  }
}

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
import { entriesOf } from './answer-form';
import { instructionFor } from './instruction';
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

/** Nothing is drafted while fewer of the last tokens than this were as a draft would have had them. */
const worthDrafting = 0.5;
/** How much one token counts in that share. */
const weight = 0.1;
/** Where a run begins: a model that was foreseen once is drafted for. */
const justBelow = 0.48;

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
  const costs = new Map<string, number>();
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
  const habit: Habit = { foreseen: justBelow };
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
      const decoder = new ListDecoder(grammar, collector, habit, longest);
      return decoder.decode(sequence, prompt.at(-1) as Token, signal);
    },
  };
}

/** What the model did so far in this run. */
interface Habit {
  /** Share of tokens that were as a draft had or would have had them, the last ones counting most. */
  foreseen: number;
}

interface Choice {
  readonly token: Token;
  readonly logP: number;
}

class ListDecoder {
  readonly #grammar: ListGrammar;
  readonly #collector: ListCollector;
  readonly #longestDraft: number;
  #state: ListState;
  #draft: number;
  readonly #habit: Habit;
  /** Evaluated last. */
  #last: Token = 0;

  constructor(grammar: ListGrammar, collector: ListCollector, habit: Habit, longest: number) {
    this.#habit = habit;
    this.#grammar = grammar;
    this.#collector = collector;
    this.#longestDraft = longest;
    this.#draft = Math.min(firstDraft, longest);
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
    const isWorth = this.#longestDraft > 0 && this.#habit.foreseen >= worthDrafting;
    const [next] = this.#grammar.ahead(this.#state, 1);
    const draft = isWorth ? this.#grammar.ahead(this.#state, Math.min(this.#draft, room)) : [];
    const states = [this.#state, ...draft.map(({ state }) => state)];
    // Behind a draft nothing can be asked again, so everything is asked for.
    const asks = states.map((state) => {
      const few = draft.length > 0 ? this.#grammar.few(state) : null;
      return few === null ? this.#ask(state) : { candidates: few };
    });
    const fed = sequence.length + pending.length;
    this.#last = draft.at(-1)?.token ?? (pending.at(-1) as Token);
    const answers = await sequence.evaluate(
      [...pending, ...draft.map(({ token }) => token)],
      [...pending.slice(1).map(() => null), ...asks],
    );
    for (let at = 0; ; at++) {
      const answer = answers[pending.length - 1 + at] as Answer;
      const chosen = this.#choose(asks[at] as Ask, answer) ?? (await this.#chooseAgain(sequence));
      this.#write(chosen.token, chosen.logP);
      const guess = draft[at] ?? (at === 0 ? next : undefined);
      if (guess) this.#remember(guess.token === chosen.token);
      if (draft[at]?.token === chosen.token) continue;
      if (at < draft.length) await sequence.truncate(fed + at);
      const kept = at === draft.length && at > 0;
      this.#draft = Math.min(this.#longestDraft, kept ? this.#draft * 2 : firstDraft);
      return chosen.token;
    }
  }

  #ask(state: ListState): Ask {
    const few = this.#grammar.few(state);
    return few !== null && few.length <= fewCandidates
      ? { candidates: few }
      : { candidates: [], top: topAsked };
  }

  /** The likeliest of the allowed tokens; null where none was among those that were asked for. */
  #choose(ask: Ask, { logits, top, logZ }: Answer): Choice | null {
    if (ask.candidates.length === 0) {
      const hit = top.find(([token]) => this.#grammar.accepts(this.#state, token));
      return hit ? { token: hit[0], logP: Math.min(0, hit[1] - logZ) } : null;
    }
    const { best } = argmax(logits);
    const logP = Math.min(0, (logits[best] as number) - logZ);
    return { token: ask.candidates[best] as Token, logP };
  }

  /** None of the likely tokens is allowed: looks again at the same place for all that are. */
  async #chooseAgain(sequence: Sequence): Promise<Choice> {
    const candidates = this.#grammar.all(this.#state);
    await sequence.truncate(sequence.length - 1);
    const [answer] = await sequence.evaluate([this.#last], [{ candidates }]);
    return this.#choose({ candidates }, answer as Answer) as Choice;
  }

  #remember(wasForeseen: boolean): void {
    this.#habit.foreseen += weight * (Number(wasForeseen) - this.#habit.foreseen);
  }

  #write(token: Token, logP: number): void {
    const { state, said } = this.#grammar.take(this.#state, token);
    this.#state = state;
    this.#collector.follow(said, logP);
  }
}

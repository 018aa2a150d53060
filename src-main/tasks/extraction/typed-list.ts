/**
 * Typed list: lines `类型：值；值`, for large general models that were never trained on marks.
 *
 * Greedy, with the choice at each token limited to what the value machine allows. Tokens without an
 * alternative are fed together with the next one. Nested mentions are possible, because values are
 * found by their text. A mention's confidence is the product of the probabilities of its type and
 * of its value's tokens, over the whole vocabulary.
 */
import type { TypedListStrategy } from '../../domain/contract/model-card';
import type { PromptFormat } from '../../domain/contract/prompt-format';
import { Cancelled } from '../../domain/contract/rpc';
import type { Answer, LanguageModel, Sequence, Token } from '../../engine/language-model';
import { argmax } from './marked-copy';
import { planContext } from '../context-policy';
import { promptAround } from '../prompt/prompt-around';
import type { SourceText } from './source-text';
import type { Annotator, CharMention, WindowOutcome } from './strategy';
import { ValueMachine, type Step } from './value-machine';
import { splitIntoWindows, type Window } from './windows';

/** Above this many candidates the library's search for each in the vocabulary is slower than a sort. */
const fewCandidates = 64;
const topAsked = 128;

/** Tokens that a window and its answer cannot do without. */
const leastRoom = 32;

/** What the model is told, with the names of the types. */
export function typedListInstruction(card: TypedListStrategy, types: readonly string[]): string {
  return card.instruction.replace('{types}', types.join('、'));
}

export function typedList(
  model: LanguageModel,
  card: TypedListStrategy,
  format: PromptFormat,
  source: SourceText,
  types: readonly string[],
): Annotator {
  const instruction = typedListInstruction(card, types);
  const { before, after } = promptAround(model, format, { instruction });
  const frame = { id: 'frame', tokens: before.length + after.length };
  const capacity = model.contextSize - 1;
  planContext({ fixed: [frame], capacity, reserve: leastRoom });
  const room = capacity - frame.tokens;
  const costs = new Map<string, number>();
  const windows = splitIntoWindows(source, {
    chars: card.windowChars,
    // Half of the room for the text, half for the answer.
    cost: room >> 1,
    costOf: (char) => {
      let cost = costs.get(char);
      if (cost === undefined)
        costs.set(char, (cost = Math.max(1, model.tokenize(char, true).length)));
      return cost;
    },
  });
  const charsOf = ({ start, end }: Window): string[] => source.chars.slice(start, end);
  const promptOf = (window: Window): Token[] => [
    ...before,
    ...model.tokenize(charsOf(window).join(''), true),
    ...after,
  ];
  return {
    windows,
    promptOf,
    annotate: async (window, sequence, signal, emit) => {
      const chars = charsOf(window);
      const prompt = promptOf(window);
      await sequence.prefill(prompt.slice(0, -1), signal);
      const machine = new ValueMachine(model, chars, types);
      const list = new TypedList(window, chars, emit);
      return list.decode(machine, sequence, prompt.at(-1) as Token, signal);
    },
  };
}

class TypedList {
  readonly #window: Window;
  readonly #chars: readonly string[];
  readonly #emit: (mention: CharMention) => void;
  /** Places already given out, so that a value listed twice gets its second place. */
  readonly #taken = new Set<string>();
  #type = '';
  #typeLogP = 0;
  #valueLogP = 0;
  /** Log-probability since the last step that ended something. */
  #logP = 0;

  constructor(window: Window, chars: readonly string[], emit: (mention: CharMention) => void) {
    this.#window = window;
    this.#chars = chars;
    this.#emit = emit;
  }

  async decode(
    machine: ValueMachine,
    sequence: Sequence,
    lastPromptToken: Token,
    signal: AbortSignal,
  ): Promise<WindowOutcome> {
    let pending: Token[] = [lastPromptToken];
    for (;;) {
      const allowed = machine.allowed;
      if (allowed.length === 0) return { ended: 'complete' };
      if (signal.aborted) throw new Cancelled();
      if (sequence.length + pending.length + 1 > sequence.capacity)
        return { ended: 'length-limit' };
      let token: Token;
      const [only] = allowed;
      if (allowed.length === 1 && only !== undefined) {
        token = only;
        pending.push(token);
      } else {
        const chosen = await choose(sequence, pending, allowed);
        token = chosen.token;
        this.#logP += chosen.logP;
        pending = [token];
      }
      const step = machine.take(token);
      this.#follow(step);
      if (step.kind === 'value-done' && step.then === 'end') return { ended: 'complete' };
    }
  }

  #follow(step: Step): void {
    switch (step.kind) {
      case 'inside':
        return;
      case 'type':
        this.#type = step.type;
        this.#typeLogP = this.#logP;
        break;
      case 'value-grew':
        this.#valueLogP += this.#logP;
        break;
      case 'value-done': {
        const free = step.places.find(({ begins, at }) => !this.#taken.has(this.#key(begins, at)));
        // Listed more often than it stands in the text: nothing new is said.
        if (free) this.#place(free.begins, free.at, this.#logP);
        this.#valueLogP = 0;
        break;
      }
      default:
        step satisfies never;
    }
    this.#logP = 0;
  }

  #place(begins: number, at: number, endLogP: number): void {
    this.#taken.add(this.#key(begins, at));
    let end = at;
    while (end > begins && (this.#chars[end - 1] as string).trim() === '') end--;
    this.#emit({
      type: this.#type,
      start: this.#window.start + begins,
      end: this.#window.start + end,
      confidence: Math.exp(this.#typeLogP + this.#valueLogP + endLogP),
    });
  }

  #key(begins: number, at: number): string {
    return `${this.#type}:${begins}:${at}`;
  }
}

/** Feeds what is pending and picks the most likely of the allowed tokens. */
async function choose(
  sequence: Sequence,
  pending: readonly Token[],
  allowed: readonly Token[],
): Promise<{ token: Token; logP: number }> {
  const ask = async (
    tokens: readonly Token[],
    candidates: readonly Token[],
    top: number,
  ): Promise<Answer> => {
    const answers = await sequence.evaluate(
      tokens,
      tokens.map((_, i) => (i === tokens.length - 1 ? { candidates, top } : null)),
    );
    return answers.at(-1) as Answer;
  };
  if (allowed.length > fewCandidates) {
    const answer = await ask(pending, [], topAsked);
    const set = new Set(allowed);
    const hit = answer.top.find(([token]) => set.has(token));
    if (hit) return { token: hit[0], logP: Math.min(0, hit[1] - answer.logZ) };
    // None of the likely tokens is allowed: look again at the same place for all of them.
    await sequence.truncate(sequence.length - 1);
    pending = pending.slice(-1);
  }
  const answer = await ask(pending, allowed, 0);
  const { best } = argmax(answer.logits);
  return {
    token: allowed[best] as Token,
    logP: Math.min(0, (answer.logits[best] as number) - answer.logZ),
  };
}

/**
 * Marked copy: the model copies the window and inserts marks around mentions.
 *
 * While decoding, the next token is the next source token or a mark, nothing else; so offsets are
 * exact and nothing can be invented. Nearly every token is known in advance: a run of source tokens, with
 * the marks that are foreseen in it, is evaluated in one batch, our own argmax over {source token, allowed
 * marks} is taken at each place, everything up to the first place that was foreseen wrongly is kept,
 * what was chosen there is inserted, and so on. Mentions are flat, because the one closing mark cannot nest. After a closed mention the model may add marks that
 * state attributes of it (negated, uncertain, ...), in a fixed order.
 */
import { AppError } from '../../domain/contract/errors';
import type { MarkedCopyStrategy } from '../../domain/contract/model-card';
import type { PromptFormat } from '../../domain/contract/prompt-format';
import { Cancelled } from '../../domain/contract/rpc';
import type { Answer, Ask, LanguageModel, Sequence, Token } from '../../engine/language-model';
import { planContext } from '../context-policy';
import { promptAround } from '../prompt/prompt-around';
import { closing, CopyState, type CopiedText, type Marks } from './copy-state';
import { knowsMarks, MarkDraft } from './mark-draft';
import type { MarkPredictor } from './mark-predictor';
import type { SourceText } from './source-text';
import type { Annotator, CharMention, WindowOutcome } from './strategy';
import { splitIntoWindows, type Window } from './windows';
import { wrappedBreaks } from './wrapped-lines';

/** Tokens evaluated at once: at first, and at most after unbroken success. */
const firstRun = 16;
const longestRun = 32;
/** A run ends where it is less probable than this that everything before was foreseen. */
const leastCertainty = 0.15;

/** Tokens that a window and its copy cannot do without. */
const leastRoom = 16;

export interface MarkedCopyOptions {
  /** Schema that is asked for, where the prompt names it by a control token. */
  readonly schema?: string;
  /** Code points at which sections begin. Defaults to none. */
  readonly borders?: readonly number[];
  /** Tokens a batch; 1 is plain token-by-token decoding (for measuring). */
  readonly longestRun?: number;
  /** Foresees marks. Defaults to none. */
  readonly predictor?: MarkPredictor;
  /** Lets what is marked go on beyond a sentence: answers to questions do, entities do not. */
  readonly acrossSentences?: boolean;
}

/** @throws AppError `MODEL_CARD_INVALID` when a mark is not one token of the model */
export function markedCopy(
  model: LanguageModel,
  card: MarkedCopyStrategy,
  format: PromptFormat,
  source: SourceText,
  options: MarkedCopyOptions = {},
): Annotator {
  const marks = readMarks(model, card);
  const { before, after } = promptAround(model, format, {
    instruction: card.instruction,
    task: options.schema === undefined ? undefined : card.tasks?.[options.schema],
  });
  const encode = characterEncoder(model);
  // The window is held twice (read, then copied), and some room is left for marks; where mentions
  // are denser than that, opening more is refused while decoding instead of overrunning.
  const frame = { id: 'frame', tokens: before.length + after.length };
  const capacity = model.contextSize - 1;
  planContext({ fixed: [frame], capacity, reserve: leastRoom });
  const room = capacity - frame.tokens;
  const limits = {
    chars: card.windowChars,
    cost: Math.max(4, Math.floor((room - 8) / 2.5)),
    costOf: (char: string) => encode(char).length,
  };
  const wrapped = wrappedBreaks(source, options.borders ?? []);
  const windows = splitIntoWindows(source, limits, options.borders, wrapped);
  const copyOf = (window: Window): Copy =>
    new Copy(window, source, encode, { marks, eos: model.eos }, { ...options, wrapped });
  const framed = (copy: Copy): Token[] => [...before, ...copy.tokens, ...after];
  return {
    windows,
    promptOf: (window) => framed(copyOf(window)),
    annotate: async (window, sequence, signal, emit) => {
      const copy = copyOf(window);
      await sequence.prefill(framed(copy).slice(0, -1), signal);
      const last = (after.at(-1) ?? copy.tokens.at(-1)) as Token;
      return copy.decode(sequence, last, signal, emit);
    },
  };
}

/**
 * Tokenises one character at a time, whatever merges the tokenizer has: a mark may stand between
 * any two characters, so no token may hold two of them.
 */
function characterEncoder(model: LanguageModel): (char: string) => readonly Token[] {
  const cache = new Map<string, readonly Token[]>();
  return (char) => {
    let tokens = cache.get(char);
    if (!tokens) {
      tokens = model.tokenize(char, true);
      // A tokenizer that yields nothing (some do for a lone space) must not lose the character.
      if (tokens.length === 0) tokens = model.tokenize('?', true);
      cache.set(char, tokens);
    }
    return tokens;
  };
}

function readMarks(model: LanguageModel, card: MarkedCopyStrategy): Marks {
  const tokenOf = (mark: string): Token => {
    const tokens =
      card.marksAre === 'control-tokens'
        ? [model.controlToken(mark)].filter((token) => token !== null)
        : model.tokenize(mark, true);
    const [only] = tokens;
    if (tokens.length !== 1 || only === undefined) {
      throw new AppError('MODEL_CARD_INVALID', { params: { field: `mark ${mark}` } });
    }
    return only;
  };
  const types = Object.keys(card.open);
  return {
    types,
    open: types.map((type) => tokenOf(card.open[type] as string)),
    close: tokenOf(card.close),
    attributes: (card.attributes ?? []).map(({ attribute, mark }) => ({
      attribute,
      token: tokenOf(mark),
    })),
  };
}

/** One window being copied. */
class Copy {
  readonly #text: CopiedText;
  readonly #eos: Token;
  readonly #longestRun: number;
  readonly #draft: MarkDraft | null;

  constructor(
    window: Window,
    source: SourceText,
    encode: (char: string) => readonly Token[],
    { marks, eos }: { marks: Marks; eos: Token },
    options: MarkedCopyOptions & { readonly wrapped: ReadonlySet<number> },
  ) {
    const { acrossSentences = false, predictor } = options;
    const tokens: Token[] = [];
    const begins: number[] = [];
    for (let i = window.start; i < window.end; i++) {
      // A word that a page broke is one word to the model.
      if (options.wrapped.has(i)) continue;
      encode(source.chars[i] as string).forEach((token, part) => {
        tokens.push(token);
        begins.push(part === 0 ? i : -1);
      });
    }
    this.#text = { tokens, begins, end: window.end, source, marks, acrossSentences };
    this.#eos = eos;
    this.#longestRun = options.longestRun ?? longestRun;
    const isOfUse = predictor !== undefined && knowsMarks(predictor, marks.types);
    this.#draft = isOfUse ? new MarkDraft(this.#text, predictor) : null;
  }

  get tokens(): readonly Token[] {
    return this.#text.tokens;
  }

  async decode(
    sequence: Sequence,
    lastPromptToken: Token,
    signal: AbortSignal,
    emit: (mention: CharMention) => void,
  ): Promise<WindowOutcome> {
    const state = new CopyState(this.#text, sequence);
    let pending = lastPromptToken;
    let run = Math.min(firstRun, this.#longestRun);
    while (!state.isDone) {
      if (signal.aborted) throw new Cancelled();
      const steps = this.#foresee(state, run);
      const ahead = steps.slice(0, -1).map(({ token }) => token);
      const held = sequence.length + 1;
      const asks = steps.map(({ ask }) => ask);
      const answers = await sequence.evaluate([pending, ...ahead], asks);
      const accepted = accept(state, steps, answers, emit);
      if (accepted.asForeseen === steps.length) {
        run = Math.min(this.#longestRun, run * 2);
      } else {
        await sequence.truncate(held + accepted.asForeseen);
        run = Math.min(firstRun, this.#longestRun);
      }
      pending = accepted.last;
    }
    await this.#finish(state, sequence, pending, signal, emit);
    return { ended: 'complete' };
  }

  /** What will probably be chosen next, at most so many times, and only while it is probable. */
  #foresee(state: CopyState, most: number): Step[] {
    const ahead = state.clone();
    const steps: Step[] = [];
    let certainty = 1;
    while (steps.length < most && !ahead.isDone && certainty > leastCertainty) {
      const ask = ahead.ask();
      const expected = this.#expected(ahead, ask);
      certainty *= expected.certainty;
      const { best } = expected;
      const token = best === 0 ? ahead.sourceToken : (ask?.candidates[best] as Token);
      steps.push({ ask, expected: best, token });
      ahead.take(ask, best, 0);
    }
    return steps;
  }

  #expected(state: CopyState, ask: Ask | null): { best: number; certainty: number } {
    if (!ask) return { best: 0, certainty: 1 };
    if (state.mustClose) return { best: closing, certainty: 1 };
    return this.#draft?.expect(state, ask) ?? { best: 0, certainty: 1 };
  }

  /**
   * The text is consumed: an open mention can only be closed, which costs nothing unless the model is
   * to be heard about its attributes.
   */
  async #finish(
    state: CopyState,
    sequence: Sequence,
    last: Token,
    signal: AbortSignal,
    emit: (mention: CharMention) => void,
  ): Promise<void> {
    const fed = [last];
    if (state.open) {
      state.closeAtEnd();
      fed.push(this.#text.marks.close);
    }
    for (let marks = state.attributeMarks(); marks.length > 0; marks = state.attributeMarks()) {
      if (sequence.length + fed.length > sequence.capacity) break;
      if (signal.aborted) throw new Cancelled();
      const ask = { candidates: [this.#eos, ...marks] };
      const answers = await sequence.evaluate(fed, [...fed.slice(1).map(() => null), ask]);
      const { best } = argmax((answers.at(-1) as { logits: Float64Array }).logits);
      if (best === 0) break;
      const mark = marks[best - 1] as Token;
      state.qualify(mark);
      fed.splice(0, fed.length, mark);
    }
    give(state.release(), emit);
  }
}

/** A place in the copy, and what is expected there. */
interface Step {
  readonly ask: Ask | null;
  /** Its place among the candidates; 0 is the source token. */
  readonly expected: number;
  readonly token: Token;
}

/**
 * Takes what the model chose, up to the first choice that was not foreseen.
 * @returns how many choices were, and the token that was taken last
 */
function accept(
  state: CopyState,
  steps: readonly Step[],
  answers: readonly (Answer | null)[],
  emit: (mention: CharMention) => void,
): { readonly asForeseen: number; readonly last: Token } {
  let last = 0;
  for (const [k, { ask, expected }] of steps.entries()) {
    const logits = answers[k]?.logits;
    const { best, logP } =
      ask === null || !logits
        ? { best: 0, logP: 0 }
        : state.mustClose
          ? { best: closing, logP: logProbability(logits, closing) }
          : argmax(logits);
    last = ask === null || best === 0 ? state.sourceToken : (ask.candidates[best] as Token);
    give(state.take(ask, best, logP), emit);
    if (best !== expected) return { asForeseen: k, last };
  }
  return { asForeseen: steps.length, last };
}

function give(mention: CharMention | null, emit: (mention: CharMention) => void): void {
  if (mention) emit(mention);
}

/** Log-probability of one candidate, renormalised over all of them. */
function logProbability(logits: Float64Array, chosen: number): number {
  const { best, logP } = argmax(logits);
  return logP + (logits[chosen] as number) - (logits[best] as number);
}

/** Index of the largest logit, and its log-probability renormalised over the candidates. */
export function argmax(logits: Float64Array): { best: number; logP: number } {
  let best = 0;
  for (let i = 1; i < logits.length; i++) {
    if ((logits[i] as number) > (logits[best] as number)) best = i;
  }
  const max = logits[best] as number;
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - max);
  return { best, logP: -Math.log(sum) };
}

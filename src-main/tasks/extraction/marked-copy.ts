/**
 * Marked copy: the model copies the window and inserts marks around mentions.
 *
 * While decoding, the next token is the next source token or a mark, nothing else; so offsets are
 * exact and nothing can be invented. Nearly every token is known in advance: a run of source tokens
 * is evaluated in one batch, our own argmax over {source token, allowed marks} is taken at each
 * place, everything up to the first mark is kept, the mark is inserted, and so on. Mentions are
 * flat, because the one closing mark cannot nest. After a closed mention the model may add marks that
 * state attributes of it (negated, uncertain, ...), in a fixed order.
 */
import { AppError } from '../../domain/contract/errors';
import type { MarkedAttribute, MarkedCopyStrategy } from '../../domain/contract/model-card';
import type { PromptFormat } from '../../domain/contract/prompt-format';
import { Cancelled } from '../../domain/contract/rpc';
import type { Ask, LanguageModel, Sequence, Token } from '../../engine/language-model';
import { planContext } from '../context-policy';
import { promptAround } from '../prompt/prompt-around';
import type { SourceText } from './source-text';
import type { Annotator, CharMention, WindowOutcome } from './strategy';
import { splitIntoWindows, type Window } from './windows';
import { wrappedBreaks } from './wrapped-lines';

/** Source tokens evaluated at once: at first, and at most after unbroken success. */
const firstRun = 8;
const longestRun = 32;

/** Tokens that a window and its copy cannot do without. */
const leastRoom = 16;

/**
 * What no mention goes across. Of 15,042 mentions of cEHRNER's training part six do, and most of those
 * join what are two diagnoses; a mention that is left open swallows half a paragraph.
 */
const mentionBorders = new Set([
  ...['。', '；', ';', '！', '!', '｡'],
  ...['\n', '\r', '\v', '\f', '\u0085', '\u2028', '\u2029'],
]);

export interface MarkedCopyOptions {
  /** Schema that is asked for, where the prompt names it by a control token. */
  readonly schema?: string;
  /** Code points at which sections begin. Defaults to none. */
  readonly borders?: readonly number[];
  /** Source tokens a batch; 1 is plain token-by-token decoding (for measuring). */
  readonly longestRun?: number;
  /** Lets what is marked go on beyond a sentence: answers to questions do, entities do not. */
  readonly acrossSentences?: boolean;
}

interface Marks {
  readonly types: readonly string[];
  readonly open: readonly Token[];
  readonly close: Token;
  readonly attributes: readonly { readonly attribute: MarkedAttribute; readonly token: Token }[];
}

/** A mention that is complete but for its attributes. */
interface Closed {
  readonly mention: CharMention;
  readonly attributes: MarkedAttribute[];
  /** Attribute marks that may still follow, by place in `Marks.attributes`. */
  next: number;
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
    new Copy(window, source, encode, marks, model.eos, { ...options, wrapped });
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
  readonly tokens: Token[] = [];
  /** For each token: the code point it begins, or -1 inside a character. */
  readonly #begins: number[] = [];
  readonly #end: number;
  readonly #marks: Marks;
  readonly #source: SourceText;
  readonly #eos: Token;
  readonly #longestRun: number;
  readonly #acrossSentences: boolean;
  /** Next source token to copy. */
  #next = 0;
  /** The mention that is open. */
  #open: { type: string; start: number; logP: number } | null = null;
  /** The mention that was closed just now. */
  #closed: Closed | null = null;

  constructor(
    window: Window,
    source: SourceText,
    encode: (char: string) => readonly Token[],
    marks: Marks,
    eos: Token,
    options: MarkedCopyOptions & { readonly wrapped: ReadonlySet<number> },
  ) {
    this.#marks = marks;
    this.#source = source;
    this.#eos = eos;
    this.#end = window.end;
    this.#longestRun = options.longestRun ?? longestRun;
    this.#acrossSentences = options.acrossSentences ?? false;
    for (let i = window.start; i < window.end; i++) {
      // A word that a page broke is one word to the model.
      if (options.wrapped.has(i)) continue;
      encode(source.chars[i] as string).forEach((token, part) => {
        this.tokens.push(token);
        this.#begins.push(part === 0 ? i : -1);
      });
    }
  }

  async decode(
    sequence: Sequence,
    lastPromptToken: Token,
    signal: AbortSignal,
    emit: (mention: CharMention) => void,
  ): Promise<WindowOutcome> {
    let pending = lastPromptToken;
    let run = Math.min(firstRun, this.#longestRun);
    while (this.#next < this.tokens.length) {
      if (signal.aborted) throw new Cancelled();
      const count = Math.min(run, this.tokens.length - this.#next);
      const ahead = this.tokens.slice(this.#next, this.#next + count - 1);
      const asks = Array.from({ length: count }, (_, k) => this.#ask(sequence, this.#next + k));
      const fed = sequence.length + 1;
      const from = this.#next;
      const answers = await sequence.evaluate([pending, ...ahead], asks);
      const mark = this.#accept(asks, answers, emit);
      if (mark === null) {
        pending = this.tokens[this.#next - 1] as Token;
        run = Math.min(this.#longestRun, run * 2);
      } else {
        await sequence.truncate(fed + this.#next - from);
        pending = mark;
        run = Math.min(firstRun, this.#longestRun);
      }
    }
    await this.#finish(sequence, pending, signal, emit);
    return { ended: 'complete' };
  }

  /**
   * The text is consumed: an open mention can only be closed, which costs nothing unless the model is
   * to be heard about its attributes.
   */
  async #finish(
    sequence: Sequence,
    last: Token,
    signal: AbortSignal,
    emit: (mention: CharMention) => void,
  ): Promise<void> {
    let fed = [last];
    if (this.#open) {
      this.#close(this.#end);
      fed = [last, this.#marks.close];
    }
    while (this.#closed) {
      const marks = this.#attributeMarks();
      if (marks.length === 0 || sequence.length + fed.length > sequence.capacity) break;
      if (signal.aborted) throw new Cancelled();
      const ask = { candidates: [this.#eos, ...marks] };
      const answers = await sequence.evaluate(fed, [...fed.slice(1).map(() => null), ask]);
      const { best } = argmax((answers.at(-1) as { logits: Float64Array }).logits);
      if (best === 0) break;
      const mark = marks[best - 1] as Token;
      this.#state(mark);
      fed = [mark];
    }
    this.#release(emit);
  }

  /** What to ask before source token `at`, given whether a mention is open; null where it is forced. */
  #ask(sequence: Sequence, at: number): Ask | null {
    const char = this.#begins[at] as number;
    if (char < 0) return null;
    const token = this.tokens[at] as Token;
    if (this.#open) {
      // An empty mention is impossible: the first character inside is forced.
      if (char === this.#open.start || token === this.#marks.close) return null;
      return { candidates: [token, this.#marks.close] };
    }
    // Room for the rest of the copy with all the marks of one more mention must remain.
    const left = this.tokens.length - this.#next;
    if (sequence.length + left + 3 + this.#marks.attributes.length > sequence.capacity) return null;
    // No mention begins with white space or the end of a sentence.
    const opens = (this.#source.chars[char] as string).trim() !== '' && !this.#endsSentence(char);
    const marks = [
      ...(opens ? this.#marks.open : []),
      ...(at === this.#next ? this.#attributeMarks() : []),
    ];
    // A source character that is written like a mark is that character, not the mark.
    const candidates = [token, ...marks.filter((mark) => mark !== token)];
    return candidates.length > 1 ? { candidates, unlessLikeliest: token } : null;
  }

  /** Takes source tokens up to the first place where a mark wins; returns that mark. */
  #accept(
    asks: readonly (Ask | null)[],
    answers: readonly ({ logits: Float64Array } | null)[],
    emit: (mention: CharMention) => void,
  ): Token | null {
    for (let k = 0; k < asks.length; k++) {
      const ask = asks[k];
      const answer = answers[k];
      if (!ask || !answer) {
        this.#copyOne(emit);
        continue;
      }
      const place = this.#begins[this.#next] as number;
      const mustClose = this.#open !== null && !this.#acrossSentences && this.#endsSentence(place);
      const { best, logP } = mustClose
        ? { best: closing, logP: logProbability(answer.logits, closing) }
        : argmax(answer.logits);
      if (best === 0) {
        if (this.#open) this.#open.logP += logP;
        this.#copyOne(emit);
        continue;
      }
      const token = ask.candidates[best] as Token;
      const type = this.#marks.open.indexOf(token);
      if (this.#open) {
        this.#open.logP += logP;
        this.#close(place);
      } else if (type >= 0) {
        this.#release(emit);
        this.#open = { type: this.#marks.types[type] as string, start: place, logP };
      } else {
        this.#state(token);
      }
      return token;
    }
    return null;
  }

  #copyOne(emit: (mention: CharMention) => void): void {
    this.#release(emit);
    this.#next++;
  }

  /** In the original or as the model reads it: a half-width ｡ is 。 to the model. */
  #endsSentence(place: number): boolean {
    const { original, offsets, chars } = this.#source;
    return (
      mentionBorders.has(original[offsets[place] as number] as string) ||
      mentionBorders.has(chars[place] as string)
    );
  }

  #close(end: number): void {
    const open = this.#open as { type: string; start: number; logP: number };
    this.#open = null;
    const { chars } = this.#source;
    // It begins with a character, so something is left.
    while ((chars[end - 1] as string).trim() === '') end--;
    const { type, start, logP } = open;
    this.#closed = {
      mention: { type, start, end, confidence: Math.exp(logP) },
      attributes: [],
      next: 0,
    };
  }

  /** Attribute marks that may follow now. */
  #attributeMarks(): Token[] {
    if (!this.#closed) return [];
    return this.#marks.attributes.slice(this.#closed.next).map(({ token }) => token);
  }

  /** Takes an attribute mark of the mention that was closed just now. */
  #state(mark: Token): void {
    const closed = this.#closed as Closed;
    const place = this.#marks.attributes.findIndex(({ token }) => token === mark);
    closed.attributes.push(
      (this.#marks.attributes[place] as Marks['attributes'][number]).attribute,
    );
    closed.next = place + 1;
  }

  /** Gives out the mention that was closed just now; nothing more can be said of it. */
  #release(emit: (mention: CharMention) => void): void {
    const closed = this.#closed;
    this.#closed = null;
    if (closed) emit({ ...closed.mention, attributes: closed.attributes });
  }
}

/** The closing mark's place among the candidates inside a mention. */
const closing = 1;

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

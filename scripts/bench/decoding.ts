/** Decoding: the app's whole path, constrained and free, against a bare node-llama-cpp loop. */
import { LlamaLogLevel, getLlama, type Token as LlamaToken } from 'node-llama-cpp';
import type { ModelCard } from '../../src-main/domain/contract/model-card';
import type { Ask, LanguageModel, Sequence, Token } from '../../src-main/engine/language-model';
import { loadLlamaModel } from '../../src-main/engine/load-llama-model';
import { typedListInstruction } from '../../src-main/library/model-card';
import { extract } from '../../src-main/tasks/extraction/extract';
import { markedCopy } from '../../src-main/tasks/extraction/marked-copy';
import { sourceText } from '../../src-main/tasks/extraction/source-text';

const never = new AbortController().signal;

export interface LoadedForBench {
  readonly path: string;
  readonly card: ModelCard;
  readonly threads: number;
}

/** What one window of a run feeds to the model. */
interface Work {
  readonly prompt: readonly Token[];
  /** Tokens fed after the prompt, by any path. */
  readonly decoded: number;
}

/** Our engine in this process. */
export class EngineBench {
  private constructor(
    readonly model: LanguageModel,
    readonly loaded: LoadedForBench,
  ) {}

  static async load(loaded: LoadedForBench): Promise<EngineBench> {
    const model = await loadLlamaModel({
      path: loaded.path,
      contextSize: loaded.card.context,
      threads: loaded.threads,
      backend: 'cpu',
    });
    return new EngineBench(model, loaded);
  }

  /** Runs the extraction once and counts what it feeds, window by window. */
  async workOf(text: string, schema: string): Promise<Work[]> {
    const work: { prompt: readonly Token[]; decoded: number }[] = [];
    const counting: LanguageModel = {
      ...bound(this.model),
      openSequence: async (signal) => {
        const sequence = await this.model.openSequence(signal);
        const counted: Sequence = {
          get length() {
            return sequence.length;
          },
          capacity: sequence.capacity,
          prefill: (tokens, stop) => {
            work.push({ prompt: tokens, decoded: 0 });
            return sequence.prefill(tokens, stop);
          },
          evaluate: async (tokens, asks) => {
            const before = sequence.length;
            const answers = await sequence.evaluate(tokens, asks);
            const last = work.at(-1);
            if (last) last.decoded += sequence.length - before;
            return answers;
          },
          truncate: (length) => {
            const last = work.at(-1);
            if (last) last.decoded -= sequence.length - length;
            return sequence.truncate(length);
          },
          release: () => sequence.release(),
        };
        return counted;
      },
    };
    await extract({ text, schema }, { model: counting, card: this.loaded.card, signal: never });
    return work;
  }

  /**
   * Typed lists of one long window, each with another word behind it, so that the answers differ and the
   * window is evaluated once. Returns what they feed, for `free`.
   */
  async workOfLongWindow(text: string, schema: string): Promise<Work[]> {
    const work: Work[] = [];
    for (const bench of this.#longWindows(text)) work.push(...(await bench.workOf(text, schema)));
    return work;
  }

  async longWindow(text: string, schema: string): Promise<void> {
    for (const bench of this.#longWindows(text)) await bench.extract(text, schema);
  }

  #longWindows(text: string): EngineBench[] {
    const model = reluctant(this.model, tokensOfAnswer);
    return longWindowCards(this.loaded.card, text.length).map(
      (card) => new EngineBench(model, { ...this.loaded, card }),
    );
  }

  async extract(text: string, schema: string): Promise<void> {
    await extract({ text, schema }, { model: this.model, card: this.loaded.card, signal: never });
  }

  /** Greedy decoding through our engine without any constraint. */
  async free(work: readonly Work[]): Promise<void> {
    const sequence = await this.model.openSequence(never);
    for (const { prompt, decoded } of work) {
      await sequence.prefill(prompt, never);
      let token = prompt.at(-1) as Token;
      for (let i = 0; i < decoded; i++) {
        const [answer] = await sequence.evaluate([token], [{ candidates: [], top: 1 }]);
        token = answer?.top[0]?.[0] ?? token;
      }
    }
    sequence.release();
  }

  /** Marked copy of one text with this many source tokens a batch. */
  async markedCopy(text: string, longestRun: number): Promise<number> {
    const { card } = this.loaded;
    const strategy = card.strategies.find(({ kind }) => kind === 'marked-copy');
    if (strategy?.kind !== 'marked-copy') throw new Error('the model has no marked copy');
    const source = sourceText(text, strategy.normalisation);
    const annotator = markedCopy(this.model, strategy, card.promptFormat, source, {
      longestRun,
      schema: card.capabilities.schemas[0] as string,
    });
    const sequence = await this.model.openSequence(never);
    let mentions = 0;
    for (const window of annotator.windows) {
      await annotator.annotate(window, sequence, never, () => mentions++);
    }
    sequence.release();
    return mentions;
  }
}

/** Answers asked for of the same window. */
const answersOfWindow = 3;
/** Tokens that an answer has at least: a random model would end it at once. */
const tokensOfAnswer = 60;

/** A context in which a window of so many characters and its answer have room. */
export const contextOfLongWindow = (chars: number): number => 2 * chars + 1024;

function longWindowCards(card: ModelCard, chars: number): ModelCard[] {
  const strategy = { kind: 'typed-list', normalisation: 'none', windowChars: chars } as const;
  return Array.from({ length: answersOfWindow }, (_, i) => ({
    ...card,
    promptFormat: {
      ...card.promptFormat,
      parts: [...card.promptFormat.parts, { text: ` ${i + 1}` }],
    },
    strategies: [{ ...strategy, instruction: typedListInstruction }],
  }));
}

/** The same model, which never wants to end before so many tokens behind the prompt. */
function reluctant(model: LanguageModel, least: number): LanguageModel {
  return {
    ...bound(model),
    openSequence: async (signal) => {
      const sequence = await model.openSequence(signal);
      let prompt = 0;
      return {
        get length() {
          return sequence.length;
        },
        capacity: sequence.capacity,
        prefill: (tokens, stop) => {
          prompt = tokens.length;
          return sequence.prefill(tokens, stop);
        },
        evaluate: async (tokens, asks) => {
          if (sequence.length + tokens.length - prompt > least)
            return sequence.evaluate(tokens, asks);
          const answers = await sequence.evaluate(
            tokens,
            asks.map((ask) => ask && withoutEnd(ask, model.eos)),
          );
          return answers.map((answer, i) => {
            const { candidates = [] } = asks[i] ?? {};
            return (
              answer && {
                logits: answer.logits.map((logit, at) =>
                  candidates[at] === model.eos ? Math.min(logit, -100) : logit,
                ),
                top: answer.top.filter(([token]) => token !== model.eos),
                logZ: answer.logZ,
              }
            );
          });
        },
        truncate: (length) => sequence.truncate(length),
        release: () => sequence.release(),
      };
    },
  };
}

function withoutEnd(ask: Ask, eos: Token): Ask {
  const { allowed } = ask;
  if (!allowed) return ask;
  const has = (token: Token): boolean => token !== eos && allowed.has(token);
  return { ...ask, allowed: { has, list: () => allowed.list().filter((each) => each !== eos) } };
}

function bound(model: LanguageModel): Omit<LanguageModel, 'openSequence'> {
  return {
    device: model.device,
    contextSize: model.contextSize,
    sequences: 1,
    bos: model.bos,
    eos: model.eos,
    pieces: model.pieces,
    tokenize: (text, continues) => model.tokenize(text, continues),
    describe: (token) => model.describe(token),
    controlToken: (text) => model.controlToken(text),
    detokenize: (tokens, after) => model.detokenize(tokens, after),
    costOfMore: (held) => model.costOfMore(held),
    dispose: () => model.dispose(),
  };
}

/** The library alone, as its documentation shows it: evaluate, take the token, go on. */
export async function bareLoop(
  loaded: LoadedForBench,
): Promise<{ run(work: readonly Work[]): Promise<void>; dispose(): Promise<void> }> {
  const llama = await getLlama({
    gpu: false,
    build: 'never',
    maxThreads: loaded.threads,
    logLevel: LlamaLogLevel.error,
  });
  const model = await llama.loadModel({ modelPath: loaded.path, useMmap: false });
  const context = await model.createContext({
    contextSize: loaded.card.context,
    threads: loaded.threads,
  });
  const sequence = context.getSequence();
  return {
    run: async (work) => {
      for (const { prompt, decoded } of work) {
        // Like ours, it keeps what it already holds of the prompt.
        await sequence.adaptStateToTokens(prompt as LlamaToken[], false);
        const kept = Math.min(sequence.nextTokenIndex, prompt.length - 1);
        await sequence.eraseContextTokenRanges([{ start: kept, end: sequence.nextTokenIndex }]);
        const tokens = sequence.evaluate(prompt.slice(kept) as LlamaToken[], {
          temperature: 0,
          yieldEogToken: true,
        });
        for (let i = 0; i < decoded; i++) await tokens.next();
        await tokens.return();
      }
    },
    dispose: () => llama.dispose(),
  };
}

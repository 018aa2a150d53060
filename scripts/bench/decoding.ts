/** Decoding: the app's whole path, constrained and free, against a bare node-llama-cpp loop. */
import { LlamaLogLevel, getLlama, type Token as LlamaToken } from 'node-llama-cpp';
import type { ModelCard } from '../../src-main/domain/contract/model-card';
import type { LanguageModel, Sequence, Token } from '../../src-main/engine/language-model';
import { loadLlamaModel } from '../../src-main/engine/load-llama-model';
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
export interface Work {
  readonly prompt: readonly Token[];
  /** Tokens fed after the prompt, by any path. */
  readonly decoded: number;
}

/** Our engine in this process. */
export class EngineBench {
  constructor(
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

/** What a wrapped model shares with the one inside. */
export function bound(model: LanguageModel): Omit<LanguageModel, 'openSequence'> {
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

/** A model whose evaluations all take place, and whose answers are exchanged for those of one that recites. */
import type {
  Answer,
  Ask,
  LanguageModel,
  Sequence,
  Token,
} from '../../src-main/engine/language-model';

/** How much likelier than every other token the one that is to be recited is. */
const lead = 20;

/** @param script what is said behind any prompt, from its first token on */
export function recite(model: LanguageModel, script: readonly Token[]): LanguageModel {
  return {
    ...{ device: model.device, contextSize: model.contextSize, sequences: 1 },
    ...{ bos: model.bos, eos: model.eos, pieces: model.pieces },
    tokenize: (text, continues) => model.tokenize(text, continues),
    describe: (token) => model.describe(token),
    controlToken: (text) => model.controlToken(text),
    detokenize: (tokens, after) => model.detokenize(tokens, after),
    costOfMore: (held) => model.costOfMore(held),
    dispose: () => model.dispose(),
    openSequence: async (signal, options) =>
      reciting(await model.openSequence(signal, options), [...script]),
  };
}

function reciting(sequence: Sequence, script: readonly Token[]): Sequence {
  /** Tokens before the first one that is said; the last of the prompt is fed with the first question. */
  let prompt = 1;
  return {
    get length() {
      return sequence.length;
    },
    capacity: sequence.capacity,
    prefill: (tokens, signal) => {
      prompt = tokens.length + 1;
      return sequence.prefill(tokens, signal);
    },
    evaluate: async (tokens, asks) => {
      const first = sequence.length;
      const answers = await sequence.evaluate(tokens, asks);
      return answers.map((answer, i) => {
        const next = script[first + i + 1 - prompt];
        return answer && next !== undefined ? said(next, asks[i] as Ask) : answer;
      });
    },
    truncate: (length) => sequence.truncate(length),
    release: () => sequence.release(),
  };
}

function said(next: Token, { candidates, top }: Ask): Answer {
  return {
    logits: Float64Array.from(candidates, (each) => (each === next ? lead : 0)),
    top: top ? [[next, lead]] : [],
    logZ: lead,
  };
}

/**
 * Typed lists of one window, however long, against as many tokens of free decoding behind the same prompt. The
 * limit to stretches of the text must not cost more because the text is longer.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelCard } from '../../src-main/domain/contract/model-card';
import type { Ask, LanguageModel, Token } from '../../src-main/engine/language-model';
import { typedListInstruction } from '../../src-main/domain/rules/typed-list/instruction';
import { projectRoot } from '../project';
import { PlainError, say } from '../terminal';
import { bound, EngineBench, type LoadedForBench, type Work } from './decoding';
import { measurePairs, timed, type Ratio } from './pairs';

const schema = 'ccks2019';
/** Answers asked for of the same window. */
const answersOfWindow = 3;
/** After as many an answer ends where it may. */
const tokensOfAnswer = 60;

/** A context in which a window of so many characters has room, of which the text has a half at most. */
const contextOfLongWindow = (chars: number): number => 3 * chars + 1024;

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

/**
 * The same model, which never wants to end before so many tokens behind the prompt, and ends as soon as it may
 * after them: a random model ends at once, or never.
 */
function ofLength(model: LanguageModel, length: number): LanguageModel {
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
          const isLong = sequence.length + tokens.length - prompt > length;
          const answers = await sequence.evaluate(
            tokens,
            isLong ? asks : asks.map((ask) => ask && withoutEnd(ask, model.eos)),
          );
          return answers.map((answer, i) => {
            const { candidates = [], allowed } = asks[i] ?? {};
            if (!answer) return answer;
            const { logZ } = answer;
            const logits = answer.logits.map((logit, at) => {
              if (candidates[at] !== model.eos) return logit;
              return isLong ? logZ : Math.min(logit, -100);
            });
            const others = answer.top.filter(([token]) => token !== model.eos);
            const ends = isLong && allowed?.has(model.eos) === true;
            return { logits, top: ends ? [[model.eos, logZ] as const, ...others] : others, logZ };
          });
        },
        truncate: (to) => sequence.truncate(to),
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

/** A record of so many UTF-16 code units: a sample, again and again. */
async function recordOf(chars: number): Promise<string> {
  const path = join(projectRoot, 'resources/samples/03-progress-stroke.txt');
  const note = await readFile(path, 'utf8');
  return note.repeat(Math.ceil(chars / note.length)).slice(0, chars);
}

/** @param name of the model, for what is said */
export async function constrainedAgainstFree(
  loaded: LoadedForBench,
  name: string,
  chars: number,
  pairs?: number,
): Promise<Ratio> {
  const record = await recordOf(chars);
  const card = { ...loaded.card, context: contextOfLongWindow(chars) };
  const free = await EngineBench.load({ ...loaded, card });
  const model = ofLength(free.model, tokensOfAnswer);
  const lists = longWindowCards(card, chars).map(
    (each) => new EngineBench(model, { ...loaded, card: each }),
  );
  try {
    const work: Work[] = [];
    // Each answer differs from the others by the word behind the window, which is evaluated once.
    for (const list of lists) work.push(...(await list.workOf(record, schema)));
    if (work.length !== lists.length) throw new PlainError('The text was more than one window.');
    const tokens = work.reduce((sum, { decoded }) => sum + decoded, 0);
    say(
      `${name}, ${chars} characters: prompts of ${work.map(({ prompt }) => prompt.length).join(', ')} tokens, answers of ${work.map(({ decoded }) => decoded).join(', ')}`,
    );
    const ratio = await measurePairs(
      `constrained against free decoding, a window of ${chars} characters, ${name}`,
      { sense: '>=', value: 0.95 },
      () =>
        timed(async () => {
          for (const list of lists) await list.extract(record, schema);
        }),
      () => timed(() => free.free(work)),
      (ours, theirs) => theirs / ours,
      pairs,
    );
    const each = (ms: number): string => (ms / tokens).toFixed(2);
    say(
      `${chars} characters: ${tokens} tokens in ${lists.length} answers, ${each(ratio.ours)} ms a token against ${each(ratio.theirs)}`,
    );
    return ratio;
  } finally {
    await free.model.dispose();
  }
}

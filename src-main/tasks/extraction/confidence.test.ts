/** What a confidence is made of, with models whose every probability is known. */
import { describe, expect, it } from 'vitest';
import type { AnnotationSchema } from '../../domain/contract/annotation-schema';
import type { Answer, Ask, Sequence, Token } from '../../engine/language-model';
import { cardWith, markedCopyCard } from './card.fixture';
import { extract } from './extract';
import { HostileModel } from './hostile-model.fixture';
import { heardFrom, SpokenModel } from './spoken-model.fixture';

const never = new AbortController().signal;

/** Tokens that were fed, and an answer to each question. */
function sequenceOf(
  capacity: number,
  answer: (ask: Ask, saidSoFar: readonly Token[]) => Answer,
): Sequence {
  let tokens: Token[] = [];
  let prompt = 0;
  return {
    capacity,
    get length() {
      return tokens.length;
    },
    prefill: (given) => {
      tokens = [...given];
      // The last token of the prompt is fed with the first question.
      prompt = given.length + 1;
      return Promise.resolve();
    },
    evaluate: (fed, asks) =>
      Promise.resolve(
        fed.map((token, i) => {
          tokens.push(token);
          const ask = asks[i];
          return ask ? answer(ask, tokens.slice(prompt)) : null;
        }),
      ),
    truncate: (length) => {
      tokens.length = Math.min(length, tokens.length);
      return Promise.resolve();
    },
    release: () => undefined,
  };
}

/** Recites, each token with the probability that is given for its place in the answer, or with 1. */
class OddsSpoken extends SpokenModel {
  constructor(
    answer: string,
    readonly odds: ReadonlyMap<number, number>,
  ) {
    super(answer);
  }

  override openSequence(): Promise<Sequence> {
    const never = Math.log(1e-12);
    return Promise.resolve(
      sequenceOf(this.contextSize - 1, ({ candidates, top }, said) => {
        const next = this.script[said.length] ?? this.eos;
        const logit = 3 + Math.log(this.odds.get(said.length) ?? 1);
        return {
          logits: Float64Array.from(candidates, (one) => (one === next ? logit : 3 + never)),
          top: top ? [[next, logit]] : [],
          logZ: 3,
        };
      }),
    );
  }
}

describe('of a typed list', () => {
  const text = '患者病情危重，口服阿司匹林。';
  const schema: AnnotationSchema = {
    ...{ id: 'own', version: 1, chinese: '自定', english: '', attributes: [] },
    types: [{ id: '药物', english: '', hue: 1 }],
    fields: [{ kind: 'choice', id: '病情', english: '', options: ['轻', '重'] }],
  };
  const answer = '药物：阿司匹林\n病情：危重→重';
  const script = new SpokenModel(answer).script;
  /** Places in the answer at which a token of this text is, by the way the model splits it. */
  const placeOf = (before: string): number => new SpokenModel(answer).tokenize(before).length;
  const label = placeOf('药物：阿司匹林\n');
  const value = placeOf('药物：阿司匹林\n病情：');
  const option = placeOf('药物：阿司匹林\n病情：危重→');

  const confidences = async (odds: [number, number][]): Promise<(number | null | undefined)[]> => {
    const model = new OddsSpoken(answer, new Map(odds));
    const { facts } = await heardFrom(model, { text, definition: schema });
    expect(facts.map((fact) => fact.text)).toEqual(['危重', '阿司匹林']);
    return facts.map(({ confidence }) => confidence);
  };

  it('it is label times value times option, and of nothing else', async () => {
    expect(script.length).toBeGreaterThan(option);
    const [choice, drug] = await confidences([
      ...([
        [label, 0.8],
        [value, 0.5],
        [option, 0.25],
      ] as [number, number][]),
    ]);
    expect(choice).toBeCloseTo(0.8 * 0.5 * 0.25, 9);
    expect(drug).toBeCloseTo(1, 9);
  });

  it.each([
    ['label', label, 0.7],
    ['value', value, 0.6],
    ['option', option, 0.9],
  ])('a doubt of the %s alone is its own', async (_what, place, odds) => {
    expect((await confidences([[place, odds]]))[0]).toBeCloseTo(odds, 9);
  });

  it('a mention is as sure as its type and its words', async () => {
    const words = placeOf('药物：');
    const [choice, drug] = await confidences([
      [0, 0.9],
      [words, 0.4],
    ]);
    expect(drug).toBeCloseTo(0.36, 9);
    expect(choice).toBeCloseTo(1, 9);
  });
});

/** Gives each candidate a weight; the rest of the vocabulary is far likelier than all of them. */
class WeighedModel extends HostileModel {
  constructor(readonly weight: (token: Token, asked: readonly Token[]) => number) {
    super(1);
  }

  override openSequence(): Promise<Sequence> {
    return Promise.resolve(
      sequenceOf(this.contextSize - 1, ({ candidates }) => ({
        logits: Float64Array.from(candidates, (one) => Math.log(this.weight(one, candidates))),
        top: [],
        logZ: 50,
      })),
    );
  }
}

describe('of a marked copy', () => {
  const piece = (text: string): Token => new HostileModel(1).pieces.get(text) as Token;
  const [high, blood, pressure, history] = ['高', '血', '压', '史'].map(piece);
  const [open, close] = [piece('①'), piece('〕')];

  /** Of the one mention 高血压: opened, gone on with twice, closed before 史. */
  const confidenceWith = async (
    stay: number,
    leave: number,
  ): Promise<number | null | undefined> => {
    const model = new WeighedModel((token, asked) => {
      const [copied] = asked;
      if (asked.includes(close)) {
        if (copied === history) return token === close ? leave : 1;
        return token === close ? 1 : stay;
      }
      if (copied !== high) return token === copied ? 1 : 1e-9;
      // Six other marks share what is left of ten.
      return token === open ? 6 : token === high ? 2 : 2 / (asked.length - 2);
    });
    const { facts } = await extract(
      { text: '患者高血压史。', schema: 'ccks2019-symptom' },
      { model, card: cardWith(markedCopyCard), signal: never },
    );
    expect(facts.map((fact) => fact.text)).toEqual(['高血压']);
    return facts[0]?.confidence;
  };

  it('it is what the marks and the text have of each other, whatever else the model would have said', async () => {
    expect([blood, pressure].every((token) => token !== undefined)).toBe(true);
    expect(await confidenceWith(3, 4)).toBeCloseTo(0.6 * 0.75 * 0.75 * 0.8, 9);
    expect(await confidenceWith(9, 1.5)).toBeCloseTo(0.6 * 0.9 * 0.9 * 0.6, 9);
  });
});

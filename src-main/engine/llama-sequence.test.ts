/** Logical sequences over the real engine; the pool's own rules are in sequence-pool.test.ts. */
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { UsageMeter } from '../tasks/usage-meter';
import type { Answer, Ask, LanguageModel, Sequence, Token } from './language-model';
import { loadLlamaModel } from './load-llama-model';

const path = join(import.meta.dirname, '..', '..', 'models', 'default.gguf');
const never = new AbortController().signal;
let model: LanguageModel;
let text: Token[];
let other: Token[];

beforeAll(async () => {
  model = await loadLlamaModel({
    path,
    contextSize: 512,
    sequences: 1,
    threads: 1,
    backend: 'cpu',
  });
  const bos = model.bos as Token;
  text = [
    bos,
    ...model.tokenize('患者3年前因右上腹疼痛就诊，查腹部CT示胆囊结石。'.repeat(4), true),
  ];
  other = [
    bos,
    ...model.tokenize('否认高血压、糖尿病史，行头颅CT检查，未见异常。'.repeat(4), true),
  ];
});
afterAll(() => model.dispose());
// Nothing of an earlier test is held.
beforeEach(async () => {
  const sequence = await model.openSequence(never);
  await sequence.prefill([model.eos], never);
  sequence.release();
});

async function answers(sequence: Sequence, tokens: readonly Token[]): Promise<(Answer | null)[]> {
  return sequence.evaluate(
    tokens,
    tokens.map(() => ({ candidates: tokens, top: 3 })),
  );
}

function expectSame(a: readonly (Answer | null)[], b: readonly (Answer | null)[]): void {
  expect(a).toHaveLength(b.length);
  a.forEach((answer, i) => {
    expect(answer?.top.map(([token]) => token)).toEqual(b[i]?.top.map(([token]) => token));
    // Batches of another size add up in another order.
    expect(answer?.logZ).toBeCloseTo(b[i]?.logZ as number, 1);
    answer?.logits.forEach((logit, k) => expect(logit).toBeCloseTo(b[i]?.logits[k] as number, 1));
  });
}

describe('batch work that lends its only sequence', () => {
  it('goes on as if nothing had been, and what it evaluates again is counted apart', async () => {
    const meter = new UsageMeter();
    const batch = await model.openSequence(never, { priority: 'batch', meter });
    await batch.prefill(text.slice(0, 60), never);
    const undisturbed = await answers(batch, text.slice(60, 70));
    const next = await answers(batch, text.slice(70, 75));
    await batch.truncate(60);
    expectSame(await answers(batch, text.slice(60, 70)), undisturbed);

    const urgent = await model.openSequence(never);
    await urgent.prefill(other.slice(0, 50), never);
    await answers(urgent, other.slice(50, 55));
    expect([urgent.length, batch.length]).toEqual([55, 70]);
    urgent.release();

    expectSame(await answers(batch, text.slice(70, 75)), next);
    expect(batch.length).toBe(75);
    const { promptTokens, reusedTokens, restoredTokens, decodedTokens } = meter.usage;
    // Only the first token is common to both texts. Taken back: 15, so that 10 + 5 are kept.
    expect({ promptTokens, reusedTokens, restoredTokens, decodedTokens }).toEqual({
      promptTokens: 60,
      reusedTokens: 0,
      restoredTokens: 69,
      decodedTokens: 15,
    });
    batch.release();
  });

  it('pauses in the middle of its prompt, and of evaluating again', async () => {
    const batch = await model.openSequence(never, { priority: 'batch' });
    const filling = batch.prefill(text, never);
    const expected: Answer[] = [];
    for (let round = 0; round < 4; round++) {
      const urgent = await model.openSequence(never);
      await urgent.prefill(other, never);
      const [answer] = await answers(urgent, [300]);
      expected.push(answer as Answer);
      urgent.release();
      // One step of the batch, so that it has begun again and is taken away again.
      await new Promise((resolve) => setImmediate(resolve));
    }
    await filling;
    expect(batch.length).toBe(text.length);
    const disturbed = await answers(batch, [300]);
    await batch.truncate(0);
    await batch.prefill(text, never);
    expectSame(await answers(batch, [300]), disturbed);
    expectSame(expected.slice(1), expected.slice(0, -1));
    batch.release();
  });

  it('is cancelled at once while it is paused', async () => {
    const stop = new AbortController();
    const batch = await model.openSequence(stop.signal, { priority: 'batch' });
    await batch.prefill(text.slice(0, 10), never);
    const urgent = await model.openSequence(never);
    const paused = batch.evaluate([300], [null]);
    stop.abort();
    await expect(paused).rejects.toMatchObject({ name: 'Cancelled' });
    batch.release();
    await urgent.prefill(other, never);
    urgent.release();
  });
});

describe('a prompt that begins like an earlier one', () => {
  it('is evaluated from where they part, also by another request', async () => {
    for (const [prompt, reused] of [
      [text.slice(0, 50), 0],
      [[...text.slice(0, 40), ...other.slice(1)], 40],
      [text.slice(0, 40), 40],
    ] as const) {
      const meter = new UsageMeter();
      const sequence = await model.openSequence(never, { meter });
      await sequence.prefill(prompt, never);
      expect(meter.usage).toMatchObject({
        promptTokens: prompt.length,
        reusedTokens: reused,
        restoredTokens: 0,
        decodedTokens: 0,
      });
      sequence.release();
    }
  });

  it('finds the sequence that holds it, however many others were used since', async () => {
    const several = await loadLlamaModel({
      ...{ path, contextSize: 512, sequences: 3, threads: 1, backend: 'cpu' },
    });
    const reused = async (prompt: readonly Token[]): Promise<number> => {
      const meter = new UsageMeter();
      const sequence = await several.openSequence(never, { meter });
      await sequence.prefill(prompt, never);
      sequence.release();
      return meter.usage.reusedTokens;
    };
    expect(await reused(text.slice(0, 30))).toBe(0);
    expect(await reused(other.slice(0, 30))).toBe(0);
    expect(await reused(text.slice(30, 60))).toBe(0);
    expect(await reused(other.slice(0, 31))).toBe(30);
    expect(await reused(text.slice(0, 31))).toBe(30);
    expect(await reused(text.slice(30, 61))).toBe(30);
    await several.dispose();
  });
});

it('a sequence whose evaluation failed begins with nothing, and answers as ever', async () => {
  const meter = new UsageMeter();
  const sequence = await model.openSequence(never, { meter });
  await sequence.prefill(text.slice(0, 20), never);
  const before = await answers(sequence, text.slice(20, 22));
  await sequence.truncate(20);
  // No such token: the engine refuses the batch.
  await expect(sequence.evaluate([10_000_000], [null])).rejects.toThrow();
  expect(sequence.length).toBe(20);
  expectSame(await answers(sequence, text.slice(20, 22)), before);
  expect(meter.usage).toMatchObject({ restoredTokens: 20, decodedTokens: 2 });
  sequence.release();
});

describe('what is asked of a place', () => {
  const begin = async (): Promise<Sequence> => {
    const sequence = await model.openSequence(never);
    await sequence.prefill(text.slice(0, 40), never);
    return sequence;
  };
  const fed = (): Token[] => text.slice(40, 60);

  it('is the same at many places at once as at one after another', async () => {
    const sequence = await begin();
    const together = await answers(sequence, fed());
    await sequence.truncate(40);
    const oneByOne: (Answer | null)[] = [];
    for (const token of fed()) {
      const ask = { candidates: fed(), top: 3 };
      oneByOne.push(...(await sequence.evaluate([token], [ask])));
    }
    expectSame(together, oneByOne);
    sequence.release();
  });

  it('is answered with the likeliest tokens in their order, which have the logits that they have when named', async () => {
    const sequence = await begin();
    const asks = fed().map(() => ({ candidates: [], top: 100 }));
    const answered = await sequence.evaluate(fed(), asks);
    await sequence.truncate(40);
    const named = answered.map((answer) => ({
      candidates: (answer as Answer).top.map(([token]) => token),
    }));
    const logits = await sequence.evaluate(fed(), named);
    answered.forEach((answer, i) => {
      const { top, logZ } = answer as Answer;
      expect(top).toHaveLength(100);
      expect(top.map(([, logit]) => logit)).toEqual([...(logits[i] as Answer).logits]);
      expect([...(logits[i] as Answer).logits].sort((a, b) => b - a)).toEqual(
        top.map(([, logit]) => logit),
      );
      expect(logZ).toBeCloseTo((logits[i] as Answer).logZ, 5);
    });
    sequence.release();
  });

  it('is answered with the likeliest of the tokens that may come, whether it is among the likeliest of all or not', async () => {
    const sequence = await begin();
    const all = [...model.pieces.values()];
    const named = await sequence.evaluate(
      fed(),
      fed().map(() => ({ candidates: all })),
    );
    await sequence.truncate(40);
    const order = named.map((answer) => {
      const { logits } = answer as Answer;
      return all
        .map((token, i) => [token, logits[i] as number] as const)
        .sort(([, a], [, b]) => b - a);
    });
    // Those of the places are allowed from the first on, or only some that none of 20 likeliest is.
    const allowed = order.map((tokens, i) =>
      tokens.slice(i % 2 === 0 ? 0 : 100).map(([token]) => token),
    );
    const before = sequence.length;
    const answered = await sequence.evaluate(
      fed(),
      allowed.map((tokens) => ({
        ...{ candidates: [], top: 20 },
        allowed: { has: (token: Token) => tokens.includes(token), list: () => [...tokens].sort() },
      })),
    );
    expect(sequence.length - before).toBe(fed().length);
    answered.forEach((answer, i) => {
      const { top, logZ } = answer as Answer;
      const hit = top.find(([token]) => allowed[i]?.includes(token));
      expect(hit).toEqual(order[i]?.find(([token]) => allowed[i]?.includes(token)));
      expect(logZ).toBeCloseTo((named[i] as Answer).logZ, 5);
    });
    sequence.release();
  });

  it('is the same one, however often none of the likeliest was allowed before', async () => {
    const sequence = await begin();
    const all = [...model.pieces.values()];
    const [token] = fed();
    const next = async (ask: Ask): Promise<Answer> => {
      const [answer] = await sequence.evaluate([token as Token], [ask]);
      await sequence.truncate(40);
      return answer as Answer;
    };
    const { logits, logZ } = await next({ candidates: all });
    const order = all
      .map((each, i) => [each, logits[i] as number] as const)
      .sort(([, a], [, b]) => b - a);
    for (const first of [100, 100, 150, 0, 0, 100, 0, 15, 15]) {
      const allowed = order.slice(first).map(([each]) => each);
      const answer = await next({
        ...{ candidates: [], top: 20 },
        allowed: { has: (each) => allowed.includes(each), list: () => [...allowed].sort() },
      });
      const hit = answer.top.find(([each]) => allowed.includes(each));
      expect([first, hit]).toEqual([first, order[first]]);
      expect(answer.logZ).toBeCloseTo(logZ, 5);
    }
    sequence.release();
  });

  it('is the likeliest token alone, which is read with the rest, as the first of several', async () => {
    const sequence = await begin();
    const several = await sequence.evaluate(
      fed(),
      fed().map(() => ({ candidates: [], top: 2 })),
    );
    await sequence.truncate(40);
    const alone = await sequence.evaluate(
      fed(),
      fed().map(() => ({ candidates: fed(), top: 1 })),
    );
    alone.forEach((answer, i) => {
      expect((answer as Answer).top).toEqual([(several[i] as Answer).top[0]]);
    });
    sequence.release();
  });

  it('is not read further where the token that is expected is the likeliest of all', async () => {
    const sequence = await begin();
    const plain = await answers(sequence, fed());
    const likeliest = plain.map((answer) => (answer as Answer).top[0]?.[0] as Token);
    const rare = fed()[0] as Token;
    await sequence.truncate(40);
    const expected = await sequence.evaluate(
      fed(),
      likeliest.map((token) => ({ candidates: [rare, token], unlessLikeliest: token })),
    );
    await sequence.truncate(40);
    const unexpected = await sequence.evaluate(
      fed(),
      likeliest.map((token) => ({ candidates: [rare, token], unlessLikeliest: rare })),
    );
    fed().forEach((_, i) => {
      if (likeliest[i] === rare) return;
      expect([...(expected[i] as Answer).logits]).toEqual([-Infinity, 0]);
      const { logits } = unexpected[i] as Answer;
      expect(logits[0]).toBeCloseTo((plain[i] as Answer).logits[0] as number, 1);
      expect(logits[1]).toBeGreaterThan(logits[0] as number);
    });
    sequence.release();
  });
});

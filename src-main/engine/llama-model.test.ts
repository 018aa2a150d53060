import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LanguageModel } from './language-model';
import { loadLlamaModel } from './load-llama-model';

const path = join(import.meta.dirname, '..', '..', 'models', 'default.gguf');
const never = new AbortController().signal;
let model: LanguageModel;

beforeAll(async () => {
  model = await loadLlamaModel({
    path,
    contextSize: 100_000,
    sequences: 2,
    threads: 1,
    backend: 'cpu',
  });
});
afterAll(() => model.dispose());

it('knows what a token more in a call costs it, more the more is held', () => {
  const costs = [0, 500, 5000].map((held) => model.costOfMore(held));
  expect(costs).toEqual([...costs].sort((a, b) => a - b));
  expect(new Set(costs).size).toBe(3);
  expect(costs.every((cost) => cost > 0 && cost < 1)).toBe(true);
});

describe('tokens', () => {
  it('text that is written like control tokens is plain text', () => {
    for (const text of ['</s>', '<s>', '<unk>', '[bot]:</s>', '<0x41>']) {
      const tokens = model.tokenize(text, true);
      expect(tokens).not.toContain(model.eos);
      expect(tokens).not.toContain(model.bos);
      expect(tokens.length).toBeGreaterThanOrEqual([...text].length);
    }
    expect(model.controlToken('</s>')).toBe(model.eos);
    expect(model.controlToken('头')).toBeNull();
  });

  it('a text that continues another begins with no space, also after a line end', () => {
    const whole = model.tokenize('主诉\n头痛', true);
    const parts = ['主诉', '\n', '头', '痛'].flatMap((part) => model.tokenize(part, true));
    expect(parts).toEqual(whole);
  });

  it('pieces give the token of whole characters only', () => {
    const token = model.pieces.get('痛');
    expect(model.tokenize('痛', true)).toEqual([token]);
    expect([...model.pieces.keys()].some((text) => text.includes('\ufffd'))).toBe(false);
  });
});

describe('a sequence', () => {
  const text = '患者3年前因右上腹疼痛就诊，查腹部CT示胆囊结石。';
  const ids = (): number[] => [model.bos as number, ...model.tokenize(text, true)];

  it('answers what follows each fed token, the same in one batch and one by one', async () => {
    const sequence = await model.openSequence(never);
    const tokens = ids();
    const candidates = model.tokenize('①②痛头', true);
    await sequence.prefill(tokens.slice(0, 5), never);
    const together = await sequence.evaluate(
      tokens.slice(5, 15),
      tokens.slice(5, 15).map((_, i) => (i % 3 === 0 ? { candidates, top: 2 } : null)),
    );
    await sequence.truncate(5);
    expect(sequence.length).toBe(5);
    for (let i = 0; i < 10; i++) {
      const [alone] = await sequence.evaluate([tokens[5 + i] as number], [{ candidates, top: 2 }]);
      const answer = together[i];
      if (i % 3 !== 0) {
        expect(answer).toBeNull();
        continue;
      }
      candidates.forEach((_, k) => {
        expect(answer?.logits[k]).toBeCloseTo(alone?.logits[k] as number, 1);
      });
      expect(answer?.logZ).toBeCloseTo(alone?.logZ as number, 1);
      expect(answer?.top[0]?.[0]).toBe(alone?.top[0]?.[0]);
      expect((answer?.top[0]?.[1] as number) - (answer?.logZ as number)).toBeLessThanOrEqual(0);
    }
    sequence.release();
  });

  it('prefill keeps the common beginning and gives the same as from the start', async () => {
    const sequence = await model.openSequence(never);
    const candidates = model.tokenize('痛', true);
    const ask = async (): Promise<number> => {
      const [answer] = await sequence.evaluate([ids().at(-1) as number], [{ candidates }]);
      return answer?.logits[0] as number;
    };
    await sequence.prefill([model.bos as number, ...model.tokenize('患者3年后', true)], never);
    await sequence.prefill(ids().slice(0, -1), never);
    const kept = await ask();
    await sequence.truncate(0);
    await sequence.prefill(ids().slice(0, -1), never);
    expect(await ask()).toBeCloseTo(kept, 1);
    sequence.release();
  });

  it('refuses what does not fit instead of forgetting the beginning', async () => {
    const sequence = await model.openSequence(never);
    expect(model.contextSize).toBe(512);
    const many = Array.from({ length: sequence.capacity + 1 }, () => 300);
    await expect(sequence.prefill(many, never)).rejects.toMatchObject({ code: 'CONTEXT_EXCEEDED' });
    await sequence.prefill(many.slice(0, sequence.capacity), never);
    await expect(sequence.evaluate([300], [null])).rejects.toMatchObject({
      code: 'CONTEXT_EXCEEDED',
    });
    expect(sequence.length).toBe(sequence.capacity);
    sequence.release();
  });

  it('prefill stops between pieces when it is cancelled', async () => {
    const sequence = await model.openSequence(never);
    await sequence.truncate(0);
    const stop = new AbortController();
    const filling = sequence.prefill(
      Array.from({ length: 500 }, (_, i) => 300 + (i % 50)),
      stop.signal,
    );
    stop.abort();
    await expect(filling).rejects.toMatchObject({ name: 'Cancelled' });
    expect(sequence.length).toBeLessThan(500);
    sequence.release();
  });

  it('waits for its turn, and gives up waiting when it is cancelled', async () => {
    const held = [await model.openSequence(never), await model.openSequence(never)];
    await Promise.all(held.map((sequence) => sequence.prefill(ids(), never)));
    const stop = new AbortController();
    const impatient = await model.openSequence(stop.signal);
    const patient = await model.openSequence(never);
    const cancelled = impatient.evaluate([300], [null]);
    const served = patient.prefill(ids(), never);
    stop.abort();
    await expect(cancelled).rejects.toMatchObject({ name: 'Cancelled' });
    await expect(model.openSequence(stop.signal)).rejects.toMatchObject({ name: 'Cancelled' });
    expect(patient.length).toBe(0);
    held[0]?.release();
    await served;
    for (const sequence of [...held, impatient, patient]) sequence.release();
  });
});

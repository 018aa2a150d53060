import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeScriptedModel } from '../../../e2e/fixtures/scripted-model';
import { makeVocabulary } from '../../../e2e/fixtures/vocabulary';
import { Cancelled } from '../../domain/contract/rpc';
import type { LoadedLanguageModel } from '../../engine/language-model';
import { loadLlamaModel } from '../../engine/load-llama-model';
import { generate, type GenerationOptions } from './generate';
import { defaultSampling, Sampler } from './sampling';
import { StopWatcher, stopsOf } from './stop-watcher';

const greedy = { ...defaultSampling, temperature: 0 };
const answer = '您好，🩺请先量体温。\n[human]:还有吗';
let folder: string;
let model: LoadedLanguageModel;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-generate-'));
  const path = join(folder, 'model.gguf');
  const vocabulary = makeVocabulary(`发烧怎么办${answer.replace('🩺', '')}`, { merged: false });
  await writeScriptedModel(path, vocabulary, [{ after: '发烧怎么办', say: answer }], {
    seed: 1,
    context: 256,
  });
  model = await loadLlamaModel({ path, contextSize: 256, backend: 'cpu', threads: 1 });
});
afterAll(async () => {
  await model?.dispose();
  await rm(folder, { recursive: true, force: true });
});

async function said(options: Partial<GenerationOptions> = {}) {
  const signal = options.signal ?? new AbortController().signal;
  const sequence = await model.openSequence(signal);
  const pieces: string[] = [];
  try {
    const prompt = model.tokenize('发烧怎么办', false);
    const result = await generate(model, sequence, prompt, {
      sampling: greedy,
      maxTokens: 100,
      signal,
      onText: (piece) => pieces.push(piece),
      ...options,
    });
    return { ...result, pieces };
  } finally {
    sequence.release();
  }
}

describe('free text', () => {
  it('is what the model says, streamed in whole characters, though it writes them as bytes', async () => {
    const { text, ended, pieces, tokens } = await said();
    expect([text, ended]).toEqual([answer, 'end']);
    expect(pieces.join('')).toBe(answer);
    expect(pieces).toContain('🩺');
    expect(pieces.join('')).not.toContain('\uFFFD');
    expect(tokens).toBeGreaterThan(pieces.length);
  });

  it('ends where the model would go on in the patient’s name', async () => {
    const { text, ended, pieces } = await said({ stops: ['\n[human]:'] });
    expect([text, ended]).toEqual(['您好，🩺请先量体温。', 'stop']);
    expect(pieces.join('')).toBe(text);
  });

  it('ends at its budget and says so', async () => {
    const { text, ended, tokens } = await said({ maxTokens: 3 });
    expect([text, ended, tokens]).toEqual(['您好，', 'length', 3]);
  });

  it('of a character that was cut off at the budget nothing is shown', async () => {
    const { text } = await said({ maxTokens: 4 });
    expect(text).toBe('您好，');
  });

  it('stops when it is told to', async () => {
    const abort = new AbortController();
    const pieces: string[] = [];
    const onText = (piece: string): void => {
      pieces.push(piece);
      if (pieces.length === 2) abort.abort();
    };
    await expect(said({ signal: abort.signal, onText })).rejects.toBeInstanceOf(Cancelled);
    expect(pieces.join('')).toBe('您好');
  });
});

describe('sampling', () => {
  const top = [
    [5, Math.log(0.6)],
    [6, Math.log(0.3)],
    [7, Math.log(0.08)],
    [8, Math.log(0.02)],
  ] as const;
  const drawn = (settings: Partial<typeof greedy>, draws = 2_000): Map<number, number> => {
    const sampler = new Sampler({ ...defaultSampling, ...settings });
    const counts = new Map<number, number>();
    for (let i = 0; i < draws; i++) {
      const { token } = sampler.choose({ top, logZ: 0 });
      counts.set(token, (counts.get(token) ?? 0) + 1);
    }
    return counts;
  };

  it('takes only the nucleus, in proportion', () => {
    const counts = drawn({ topP: 0.9 });
    expect([...counts.keys()].sort()).toEqual([5, 6]);
    expect((counts.get(5) ?? 0) / 2_000).toBeCloseTo(2 / 3, 1);
  });

  it('without a limit takes all, and flatter when it is hotter', () => {
    expect(drawn({ topP: 1 }).size).toBe(4);
    const hot = drawn({ topP: 1, temperature: 3 });
    expect(hot.get(5) ?? 0).toBeLessThan(drawn({ topP: 1 }).get(5) ?? 0);
  });

  it('at zero always takes the likeliest, and tells its probability', () => {
    expect([...drawn({ temperature: 0 }).keys()]).toEqual([5]);
    const { logP } = new Sampler(greedy).choose({ top, logZ: 0 });
    expect(Math.exp(logP)).toBeCloseTo(0.6, 10);
  });

  it('says the same for the same seed, and something else for another', () => {
    const texts = [1, 1, 2].map((seed) => {
      const sampler = new Sampler({ temperature: 1, topP: 1, seed });
      return Array.from({ length: 40 }, () => sampler.choose({ top, logZ: 0 }).token).join();
    });
    expect(texts[0]).toBe(texts[1]);
    expect(texts[0]).not.toBe(texts[2]);
  });
});

describe('what ends an answer', () => {
  it('is found however the text is cut, and what only begins like it is text', () => {
    for (const size of [1, 2, 3, 5, 20]) {
      const watcher = new StopWatcher(['[human]:', '【完】']);
      const text = '看[human，不是[human]:后面';
      let shown = '';
      for (let at = 0; at < text.length; at += size)
        shown += watcher.push(text.slice(at, at + size));
      shown += watcher.end();
      expect([size, shown, watcher.stopped]).toEqual([size, '看[human，不是', true]);
    }
  });

  it('comes from the format', () => {
    expect(stopsOf([{ text: '\n[human]:' }])).toEqual(['[human]:']);
    expect(stopsOf([{ token: '<|im_end|>' }])).toEqual([]);
  });
});

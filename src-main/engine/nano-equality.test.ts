/** The shipped file against the training code: `models/nano/fixtures/windows.json` is what PyTorch says. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { LanguageModel, Sequence } from './language-model';
import { loadLlamaModel } from './load-llama-model';

const models = join(import.meta.dirname, '..', '..', 'models');
const { windows } = z
  .object({
    windows: z.array(
      z.object({
        task: z.string(),
        text: z.string(),
        prompt: z.array(z.int()),
        answer: z.array(z.int()),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(join(models, 'nano', 'fixtures', 'windows.json'), 'utf8')));

let model: LanguageModel;
let sequence: Sequence;
beforeAll(async () => {
  model = await loadLlamaModel({
    path: process.env['CHIMED_NANO'] ?? join(models, 'default.gguf'),
    contextSize: 512,
    backend: 'cpu',
    threads: 1,
  });
  sequence = await model.openSequence(new AbortController().signal);
});
afterAll(() => model?.dispose());

function promptOf(task: string, text: string): number[] {
  return [
    model.bos as number,
    model.controlToken(task) as number,
    ...model.tokenize(text, true),
    model.controlToken('<|answer|>') as number,
  ];
}

async function greedy(prompt: readonly number[], most: number): Promise<number[]> {
  await sequence.prefill(prompt.slice(0, -1), new AbortController().signal);
  const answer: number[] = [];
  for (let last = prompt.at(-1) as number; answer.length < most; last = answer.at(-1) as number) {
    const [said] = await sequence.evaluate([last], [{ candidates: [model.eos], top: 1 }]);
    answer.push(said?.top[0]?.[0] as number);
    if (answer.at(-1) === model.eos) break;
  }
  return answer;
}

describe('the built-in model is the one that was trained', () => {
  it('fifty windows are tokenised as in training', () => {
    expect(windows).toHaveLength(50);
    for (const { task, text, prompt } of windows) expect(promptOf(task, text)).toEqual(prompt);
  });

  it('its most likely tokens are those of PyTorch, window by window, without any constraint', async () => {
    const different: string[] = [];
    for (const { prompt, answer } of windows) {
      const said = await greedy(prompt, answer.length);
      if (said.join() !== answer.join()) different.push(`${said.join()}\n${answer.join()}`);
    }
    expect(different).toEqual([]);
  });

  it('no text is tokenised to a mark: records may hold anything', () => {
    const marks = ['<|/|>', '<|疾病和诊断|>', '<|answer|>', '<|否定|>', '<s>', '</s>'];
    for (const mark of marks) {
      const token = model.controlToken(mark);
      expect(token).not.toBeNull();
      expect(model.tokenize(`①〔${mark}〕②`, true)).not.toContain(token);
    }
  });
});

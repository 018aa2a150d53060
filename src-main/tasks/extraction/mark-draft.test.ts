import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { MarkedCopyStrategy, ModelCard } from '../../domain/contract/model-card';
import type { LoadedLanguageModel } from '../../engine/language-model';
import { loadLlamaModel } from '../../engine/load-llama-model';
import { verifyModel } from '../../library/verify';
import { markedCopy } from './marked-copy';
import { recordMarks } from './record-marks';
import { sourceText } from './source-text';
import type { CharMention } from './strategy';

const root = join(import.meta.dirname, '../../..');
const path = join(root, 'models/default.gguf');
let model: LoadedLanguageModel;
let card: ModelCard;

beforeAll(async () => {
  ({ card } = await verifyModel(path));
  model = await loadLlamaModel({
    ...{ path, contextSize: card.context, backend: 'cpu', threads: 1 },
    parameters: card.shape.parameters,
  });
});
afterAll(() => model.dispose());

async function copy(text: string, isForeseen: boolean): Promise<[CharMention[], cost: number]> {
  const strategy = card.strategies.find(({ kind }) => kind === 'marked-copy') as MarkedCopyStrategy;
  const source = sourceText(text, strategy.normalisation);
  const annotator = markedCopy(model, strategy, card.promptFormat, source, {
    schema: 'ccks2019-symptom',
    ...(isForeseen ? { predictor: recordMarks() } : {}),
  });
  const { signal } = new AbortController();
  const sequence = await model.openSequence(signal);
  let cost = 0;
  const counting = Object.create(sequence, {
    evaluate: {
      value: (...args: Parameters<typeof sequence.evaluate>) => {
        // A call takes as long as seven tokens.
        cost += 7 + args[0].length;
        return sequence.evaluate(...args);
      },
    },
    prefill: { value: sequence.prefill.bind(sequence) },
    truncate: { value: sequence.truncate.bind(sequence) },
    length: { get: () => sequence.length },
    capacity: { get: () => sequence.capacity },
  }) as typeof sequence;
  const found: CharMention[] = [];
  for (const window of annotator.windows) {
    await annotator.annotate(window, counting, signal, (mention) => found.push(mention));
  }
  sequence.release();
  return [found, cost];
}

it('marks that are foreseen save calls of the built-in model, and change no mention', async () => {
  const text = await readFile(join(root, 'resources/samples/03-progress-stroke.txt'), 'utf8');
  const [plain, before] = await copy(text, false);
  const [foreseen, after] = await copy(text, true);
  const placed = (mentions: readonly CharMention[]): unknown[] =>
    mentions.map(({ type, start, end, attributes }) => ({ type, start, end, attributes }));
  expect(placed(foreseen)).toEqual(placed(plain));
  // The same logits come out of calls of other lengths, which add up in another order.
  foreseen.forEach(({ confidence }, i) =>
    expect(Math.abs(confidence - (plain[i]?.confidence ?? 0))).toBeLessThan(0.02),
  );
  expect(foreseen.length).toBeGreaterThan(20);
  expect(after).toBeLessThan(before * 0.8);
});

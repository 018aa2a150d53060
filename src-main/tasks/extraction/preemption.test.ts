/** Batch extraction that is interrupted again and again, on models with a single sequence. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { testModel } from '../../../e2e/fixtures/test-models';
import type { Fact } from '../../domain/contract/fact';
import type { ModelCard } from '../../domain/contract/model-card';
import type { LanguageModel } from '../../engine/language-model';
import { loadLlamaModel } from '../../engine/load-llama-model';
import { verifyModel } from '../../library/verify';
import { UsageMeter } from '../usage-meter';
import { extract } from './extract';

const root = join(import.meta.dirname, '..', '..', '..');
const samples = join(root, 'resources', 'samples');
const never = new AbortController().signal;
const schema = 'ccks2019';

interface Loaded {
  readonly model: LanguageModel;
  readonly card: ModelCard;
}

async function load(path: string): Promise<Loaded> {
  const { card } = await verifyModel(path);
  const model = await loadLlamaModel({
    path,
    contextSize: card.context,
    threads: 1,
    backend: 'cpu',
  });
  return { model, card };
}

describe.each([
  ['the default model', () => Promise.resolve(join(root, 'models', 'default.gguf'))],
  ['the scripted model', () => testModel('scripted')],
])('%s', (_name, path) => {
  it('finds in an interrupted record exactly what it finds in one that is left alone', async () => {
    const loaded = await load(await path());
    const text = await readFile(join(samples, '01-admission-cardiology.txt'), 'utf8');
    const urgentText = (await readFile(join(samples, '03-progress-stroke.txt'), 'utf8')).slice(
      0,
      60,
    );
    const batch = { text, schema, priority: 'batch' } as const;
    const alone = await extract(batch, { ...loaded, signal: never });
    const urgentAlone = await extract({ text: urgentText, schema }, { ...loaded, signal: never });

    const meter = new UsageMeter();
    let found = 0;
    const urgent: Promise<readonly Fact[]>[] = [];
    const { facts, status } = await extract(batch, {
      ...loaded,
      meter,
      signal: never,
      onEvent: ({ kind }) => {
        // At the beginning, and after every third fact: between two steps of decoding.
        if (kind !== 'started' && (kind !== 'fact' || found++ % 3 > 0)) return;
        urgent.push(
          extract({ text: urgentText, schema }, { ...loaded, signal: never }).then(
            (result) => result.facts,
          ),
        );
      },
    });
    for (const one of await Promise.all(urgent)) expect(one).toEqual(urgentAlone.facts);
    expect([urgent.length, status]).toEqual([1 + Math.ceil(facts.length / 3), alone.status]);
    // The window with what was decided of it was evaluated again each time.
    expect(meter.usage.restoredTokens).toBeGreaterThan(20 * urgent.length);

    expect(alone.facts.length).toBeGreaterThan(5);
    // A batch of another size may add up in another order: on some processors that is the last digit
    // of a confidence, which is rounded away; everything else is the same.
    const rounded = (list: typeof facts) =>
      list.map((fact) => ({ ...fact, confidence: fact.confidence?.toFixed(4) }));
    expect(rounded(facts)).toEqual(rounded(alone.facts));
    await loaded.model.dispose();
  });
});

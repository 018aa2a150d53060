/** A dry run shows what a run would send: the very tokens. */
import { expect, it } from 'vitest';
import { annotationSchema, factAttributeSchema } from '../../domain/contract/annotation-schema';
import { generalPrompt, typedListInstruction } from '../../domain/rules/typed-list/instruction';
import type { Sequence, Token } from '../../engine/language-model';
import { attributedCard, cardWith, markedCopyCard, typedListCard } from './card.fixture';
import { extract, previewPrompt } from './extract';
import { HostileModel } from './hostile-model.fixture';

/** Notes each prompt: what is evaluated ahead, and its last token, which comes with the first question. */
class RecordingModel extends HostileModel {
  readonly prompts: Token[][] = [];

  override async openSequence(): Promise<Sequence> {
    const inner = await super.openSequence();
    let begun: Token[] | null = null;
    return {
      capacity: inner.capacity,
      get length() {
        return inner.length;
      },
      prefill: (tokens, signal) => {
        begun = [...tokens];
        return inner.prefill(tokens, signal);
      },
      evaluate: (tokens, asks) => {
        if (begun) this.prompts.push([...begun, tokens[0] as Token]);
        begun = null;
        return inner.evaluate(tokens, asks);
      },
      truncate: (length) => inner.truncate(length),
      release: () => inner.release(),
    };
  }
}

it.each([
  ['marked copy', markedCopyCard],
  ['marked copy with attributes', attributedCard],
  ['typed list', typedListCard],
])('%s: the previewed prompt is the first that the model gets', async (_name, strategy) => {
  const card = cardWith(strategy);
  const text = '主诉：头痛３天。\n现病史：患者有高血压史3年，无糖尿病。'.repeat(12);
  const request = { text, schema: 'ccks2019-symptom' };
  const model = new RecordingModel(4);
  await extract(request, { model, card, signal: new AbortController().signal });
  const preview = previewPrompt(request, { model: new HostileModel(4), card });
  expect(model.prompts[0]?.length).toBeGreaterThan(20);
  expect(preview.tokens.map(({ id }) => id)).toEqual(model.prompts[0]);
  expect(preview.windows).toBe(model.prompts.length);
  expect(preview.windows).toBeGreaterThan(1);
});

it('what is shown before a general model is there is what such a model is sent', () => {
  const definition = {
    ...annotationSchema('ccks2019-symptom'),
    id: 'own',
    description: '只看本次住院。',
    fields: [{ kind: 'yes-no' as const, id: '吸烟史', english: '' }],
    attributes: factAttributeSchema.options,
  };
  const card = cardWith({ ...typedListCard, instruction: typedListInstruction });
  const general = {
    ...card,
    capabilities: { ...card.capabilities, anySchema: true, attributes: definition.attributes },
  };
  const text = '主诉：头痛3天。否认高血压史。';
  const model = new HostileModel(4, 4_096);
  const { tokens } = previewPrompt(
    { text, schema: definition.id, definition },
    { model, card: general },
  );
  const words = generalPrompt(definition, text);
  expect(words).toContain('吸烟史');
  expect(model.detokenize(tokens.map(({ id }) => id))).toContain(words);
});

/** A template in a real model file, with the tokens that the file's own vocabulary has. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { miniature, writeRandomModel } from '../../e2e/fixtures/random-model';
import { makeVocabulary } from '../../e2e/fixtures/vocabulary';
import { inspectGguf } from './gguf-structure';
import { templateOf } from './template-of-file';
import { verifyModel } from './verify';

/** How each is written, and GGUF's number of its type: normal, control, user-defined. */
const added: readonly (readonly [string, number])[] = [
  ['<|plain|>', 1],
  ['<|control|>', 3],
  ['<｜全角｜>', 3],
  ['<|user|>', 4],
  ['\u2581\u2581', 4],
];
const template =
  "{{ bos_token }}{% for m in messages %}{% if m.role == 'assistant' %}<｜全角｜>{% else %}<|plain|>  <|user|>{% endif %}" +
  '{{ m.content }}<|control|>{% endfor %}{% if add_generation_prompt %}<｜全角｜>{% endif %}';
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-template-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function modelWith(name: string, chatTemplate?: string): Promise<string> {
  const base = makeVocabulary('', { merged: false });
  const vocabulary = {
    ...base,
    pieces: [...base.pieces, ...added.map(([text]) => text)],
    scores: [...base.scores, ...added.map(() => 0)],
    types: [...base.types, ...added.map(([, type]) => type)],
  };
  const path = join(folder, name);
  await writeRandomModel(path, miniature, vocabulary, {
    seed: 1,
    ...(chatTemplate === undefined
      ? {}
      : { more: [['tokenizer.chat_template', { string: chatTemplate }]] }),
  });
  return path;
}

it('becomes the format of a model without a card; tokens that plain text can yield stay text', async () => {
  const path = await modelWith('whole.gguf', template);
  const { card } = await verifyModel(path);
  expect(card.promptFormat).toMatchObject({ id: 'file-template', bos: true });
  const beforeWords = [{ text: '<|plain|>  ' }, { token: '<|user|>' }];
  const afterWords = [{ token: '<|control|>' }];
  expect(card.promptFormat.turns).toEqual({
    system: { before: beforeWords, after: [...afterWords, ...beforeWords] },
    firstUser: beforeWords,
    toAnswer: [...afterWords, { token: '<｜全角｜>' }],
    toNextUser: [...afterWords, ...beforeWords],
  });
});

it('that cannot be used leaves the format of ChiMed-GPT to such a model, and says why when it is asked for', async () => {
  const path = await modelWith('silent.gguf', 'no words of anybody');
  expect((await verifyModel(path)).card.promptFormat.id).toBe('chimed-readme');
  const { header } = await inspectGguf(path);
  await expect(templateOf(header)).rejects.toMatchObject({ params: { why: 'changes-words' } });
  const { header: bare } = await inspectGguf(await modelWith('bare.gguf'));
  await expect(templateOf(bare)).rejects.toMatchObject({ params: { why: 'absent' } });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { miniature, writeRandomModel } from '../../e2e/fixtures/random-model';
import { makeVocabulary } from '../../e2e/fixtures/vocabulary';
import type { LanguageModel } from './language-model';
import { loadLlamaModel } from './load-llama-model';
import { RoleTokens } from './role-tokens';

describe('a text is cut inside every token that must not be found in it', () => {
  const roles = new RoleTokens([
    ['<|user|>', 7],
    ['|><|', 8],
    ['用户：', 9],
    ['😀😀', 10],
    ['\u2581\u2581', 11],
    ['\n\n', 12],
    ['Q', 13],
  ]);
  const words = ['<|user|>', '|><|', '用户：', '😀😀'];

  it.each([
    '',
    '患者头痛。',
    '<|user|>',
    'a<|user|>b<|user|>',
    '<|user|><|user|><|user|>',
    '<<|user|><|',
    '用户：用户：😀😀😀\n\nQ  ',
  ])('%j', (text) => {
    const parts = roles.split(text);
    expect(parts.join('')).toBe(text);
    for (const part of parts) {
      for (const word of words) expect(part).not.toContain(word);
      expect(part).not.toMatch(/\p{Surrogate}/u);
    }
  });

  it('but not inside white space and single characters, which are text', () => {
    expect(roles.split('a\n\nQ\u2581\u2581')).toHaveLength(1);
    expect([7, 8, 9, 10].every((id) => roles.has(id))).toBe(true);
    expect([11, 12, 13].some((id) => roles.has(id))).toBe(false);
  });
});

describe('in a model file whose vocabulary has user-defined tokens', () => {
  const written = ['<|usr|>', '用户：', '\u2581\u2581'];
  let folder: string;
  let model: LanguageModel;
  let first: number;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chimed-roles-'));
    const path = join(folder, 'roles.gguf');
    const base = makeVocabulary('', { merged: false });
    first = base.pieces.length;
    const userDefined = 4;
    const vocabulary = {
      ...base,
      pieces: [...base.pieces, ...written],
      scores: [...base.scores, ...written.map(() => 0)],
      types: [...base.types, ...written.map(() => userDefined)],
    };
    await writeRandomModel(path, miniature, vocabulary, { seed: 1 });
    model = await loadLlamaModel({ path, contextSize: 128, backend: 'cpu', threads: 1 });
  });
  afterAll(async () => {
    await model.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  it.each(['<|usr|>', '患者<|usr|>说', '用户：头痛', 'a<|usr|><|usr|>用户：'])(
    '%j in a record is only its letters',
    (text) => {
      for (const continues of [true, false]) {
        const tokens = model.tokenize(text, continues);
        expect(tokens.filter((token) => token === first || token === first + 1)).toEqual([]);
        expect(
          tokens
            .map((token) => model.describe(token).text)
            .join('')
            .trimStart(),
        ).toBe(text);
      }
    },
  );

  it('they are the control tokens that a prompt format names, and no pieces of a text', () => {
    expect(model.controlToken('<|usr|>')).toBe(first);
    expect(model.controlToken('用户：')).toBe(first + 1);
    expect(model.describe(first)).toEqual({ text: '<|usr|>', isControl: true });
    expect(model.pieces.has('<|usr|>')).toBe(false);
    expect(model.pieces.has('用户：')).toBe(false);
  });
});

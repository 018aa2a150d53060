/** Evaluations of answers, on a real model that recites. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeScriptedModel } from '../../e2e/fixtures/scripted-model';
import { makeVocabulary } from '../../e2e/fixtures/vocabulary';
import { singleTurn } from '../domain/contract/prompt-format';
import type { ModelCard } from '../domain/contract/model-card';
import type { LoadedLanguageModel } from '../engine/language-model';
import { loadLlamaModel } from '../engine/load-llama-model';
import { chatFormat } from '../library/prompt-formats';
import { cardWith, typedListCard } from '../tasks/extraction/card.fixture';
import { accuracy, evaluateChoices, writtenLetter } from './choice-evaluation';
import { readChoiceQuestions } from './choice-questions';
import { evaluateGeneration } from './generation-evaluation';
import { referenceAnswers, type ReferenceAnswer } from './reference-answers';

const { signal } = new AbortController();
const card: ModelCard = {
  ...cardWith(typedListCard),
  promptFormat: singleTurn(chatFormat('chimed-readme')),
};
let folder: string;
let model: LoadedLanguageModel;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-answers-'));
  const path = join(folder, 'model.gguf');
  // It always answers C, and goes on in the other's name, as models of this format do.
  const say = 'C\n[human]:谢谢';
  const vocabulary = makeVocabulary(say, { merged: false });
  await writeScriptedModel(path, vocabulary, [{ after: '\n[bot]:', say }], {
    seed: 3,
    context: 512,
  });
  model = await loadLlamaModel({ path, contextSize: 512, backend: 'cpu', threads: 1 });
});
afterAll(async () => {
  await model?.dispose();
  await rm(folder, { recursive: true, force: true });
});

async function fileWith(name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

describe('questions with four options', () => {
  const csv = [
    'id,question,A,B,C,D,answer,explanation',
    '0,"降压药，下列哪种",甲,乙,丙,丁,C,略',
    '1,问二,甲,乙,"丙, 戊",丁,A,略',
  ].join('\n');

  it('are read from C-Eval’s tables', async () => {
    const questions = await readChoiceQuestions(await fileWith('a.csv', `\uFEFF${csv}\n`));
    expect(questions).toEqual([
      { number: 1, question: '降压药，下列哪种', options: ['甲', '乙', '丙', '丁'], answer: 'C' },
      { number: 2, question: '问二', options: ['甲', '乙', '丙, 戊', '丁'], answer: 'A' },
    ]);
  });

  it('are read from MedQA’s objects, whose answer is the option’s text', async () => {
    const item = { input: '问题：多少（　　）。\n选项：\n\t一\n\t二\n\t三\n\t四', output: '二' };
    const path = await fileWith('b.json', JSON.stringify([item]));
    expect(await readChoiceQuestions(path)).toEqual([
      { number: 1, question: '多少（　　）。', options: ['一', '二', '三', '四'], answer: 'B' },
    ]);
    const wrong = await fileWith('c.json', JSON.stringify([item, { ...item, output: '五' }]));
    await expect(readChoiceQuestions(wrong)).rejects.toMatchObject({
      code: 'DATASET_LINE_INVALID',
      params: { line: 2, field: 'output' },
    });
  });

  it('that are none are named by number, without their words', async () => {
    for (const [content, params] of [
      ['question,A,B,C,D,answer\n问,1,2,3,,A', { line: 1, field: 'D' }],
      ['question,A,B,C,D,answer\n问,1,2,3,4,E', { line: 1, field: 'answer' }],
      ['question,A,B,C,D,answer\n"问,1', { line: 0, field: 'CSV' }],
      ['[{', { line: 0, field: 'JSON' }],
    ] as const) {
      const path = await fileWith('wrong', content);
      await expect(readChoiceQuestions(path)).rejects.toMatchObject({
        code: 'DATASET_LINE_INVALID',
        params,
      });
    }
    const empty = await fileWith('empty', 'question,A,B,C,D,answer\n');
    await expect(readChoiceQuestions(empty)).rejects.toMatchObject({ code: 'FILE_EMPTY' });
    await expect(readChoiceQuestions(join(folder, 'gone'))).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
    });
  });

  it('are counted right by the letter’s probability and by what the model writes', async () => {
    const questions = await readChoiceQuestions(await fileWith('a.csv', csv));
    const report = await evaluateChoices(questions, { model, card, signal });
    expect(report).toMatchObject({
      byProbability: { right: 1, asked: 2, value: 0.5 },
      byGeneration: { right: 1, asked: 2, value: 0.5 },
      unanswered: 0,
      tooLong: 0,
    });
  });

  it('that do not fit the context count as wrong and are named', async () => {
    const long = { number: 1, question: '长'.repeat(600), answer: 'C' } as const;
    const report = await evaluateChoices([{ ...long, options: ['1', '2', '3', '4'] }], {
      model,
      card,
      signal,
    });
    expect(report).toMatchObject({ byProbability: { right: 0, asked: 1 }, tooLong: 1 });
  });

  it('a model that cannot be talked to is refused', async () => {
    const work = evaluateChoices([], { model, card: cardWith(typedListCard), signal });
    await expect(work).rejects.toMatchObject({ code: 'TASK_NOT_SUPPORTED' });
  });

  it('the letter is one that stands alone', () => {
    expect(writtenLetter('答案是Ｂ。')).toBe('B');
    expect(writtenLetter('AST升高，选D')).toBe('D');
    expect(writtenLetter('CT检查')).toBeNull();
    expect(writtenLetter('')).toBeNull();
  });

  it('the interval is Wilson’s', () => {
    // 178 of 400, by hand: (0.445 + 0.004802) / 1.009604 -/+ 1.959964 * sqrt(...) / 1.009604.
    const { value, low, high } = accuracy(178, 400);
    expect(value).toBeCloseTo(0.445, 10);
    expect(low).toBeCloseTo(0.3971, 3);
    expect(high).toBeCloseTo(0.494, 3);
    expect(accuracy(0, 0)).toMatchObject({ low: 0, high: 1 });
    expect(accuracy(10, 10).high).toBeCloseTo(1, 10);
  });
});

describe('free answers', () => {
  const read = async (...lines: unknown[]): Promise<ReferenceAnswer[]> => {
    const path = await fileWith('r.jsonl', lines.map((line) => JSON.stringify(line)).join('\n'));
    const all: ReferenceAnswer[] = [];
    for await (const one of referenceAnswers(path, { signal })) all.push(one);
    return all;
  };

  it('are read in each layout', async () => {
    const answers = await read(
      { question: '问', answer: '答' },
      { title: '题', ask: '', answer: '答' },
      { instruction: '甲', input: '乙', output: '答' },
    );
    expect(answers.map(({ exchanges }) => exchanges)).toEqual([
      [{ question: '问' }],
      [{ question: '题' }],
      [{ question: '甲\n乙' }],
    ]);
  });

  it('of a dialogue the doctor’s last turn is the reference, greetings and trailing questions aside', async () => {
    const turn = (role: string, text: string) => ({ role, text });
    const [answer] = await read(
      {
        turns: [
          ...[turn('doctor', '你好'), turn('patient', '发烧'), turn('patient', '两天了')],
          ...[turn('doctor', '多少度'), turn('patient', '39'), turn('doctor', '请就诊')],
          turn('patient', '谢谢'),
        ],
      },
      { turns: [turn('patient', '有人吗')] },
    );
    expect(answer).toMatchObject({
      exchanges: [{ question: '发烧\n两天了', answer: '多少度' }, { question: '39' }],
      reference: '请就诊',
    });
  });

  it('are scored as the model says them, up to where it goes on in the other’s name', async () => {
    async function* one(): AsyncGenerator<ReferenceAnswer> {
      yield await Promise.resolve({ line: 1, exchanges: [{ question: '问' }], reference: 'C' });
    }
    const report = await evaluateGeneration(one(), { model, card, signal, maxTokens: 50 });
    expect(report).toMatchObject({ answers: 1, bleu1: 1, rougeL: 1, cut: 0, tooLong: 0 });
  });
});

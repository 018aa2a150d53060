/** Questions and answers on screen, and a small model that writes answers. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator, Page } from '@playwright/test';
import { modelCardSchema } from '../src-main/domain/contract/model-card';
import { cardPathOf } from '../src-main/library/model-card';
import { writeScriptedModel } from './fixtures/scripted-model';
import { writeTestCard } from './fixtures/test-models';
import { makeVocabulary } from './fixtures/vocabulary';

export const exchanges = (page: Page): Locator => page.getByTestId('exchange');

/** The last exchange, once it is in this state. */
export const lastIn = (page: Page, state: string): Locator =>
  exchanges(page)
    .last()
    .and(page.locator(`[data-state="${state}"]`));

export async function ask(page: Page, question: string): Promise<void> {
  await page.getByTestId('question').fill(question);
  await page.getByTestId('question').press('Enter');
}

/** The words that are highlighted in the record. */
export const highlighted = (page: Page): Promise<string[]> =>
  page.evaluate(() => [...(CSS.highlights.get('found') ?? [])].map(String));

export const saved = (page: Page): Promise<void> =>
  page.locator('[data-testid="qa-saving"][data-saving="saved"]').waitFor({ state: 'attached' });

/**
 * A model that picks the third sentence it is shown and writes an answer from it, over and over the same.
 *
 * @param said.record whose characters it must know
 * @param said.free a question without a record, and its answer
 * @returns path of the model, its card beside it
 */
export async function writeAnsweringModel(
  folder: string,
  said: {
    readonly record: string;
    readonly answer: string;
    readonly free?: { readonly question: string; readonly answer: string };
  },
): Promise<string> {
  const path = join(folder, 'answering.gguf');
  const { record, answer, free = { question: '', answer: '' } } = said;
  const scripts = [
    { after: '只写“无。”。\n[bot]:', say: '3；完。' },
    { after: '不要写编号。\n[bot]:', say: answer },
    ...(said.free ? [{ after: `${free.question}\n[bot]:`, say: free.answer }] : []),
  ];
  const known = `${record}${answer}3；完${free.question}${free.answer}`;
  const vocabulary = makeVocabulary(known, { merged: false });
  await writeScriptedModel(path, vocabulary, scripts, { seed: 9, context: 2048 });
  const card = await writeTestCard(path, 240);
  const able = modelCardSchema.parse({
    ...card,
    context: 2048,
    capabilities: { ...card.capabilities, tasks: ['extraction', 'qa'] },
  });
  await writeFile(cardPathOf(path), JSON.stringify(able));
  return path;
}

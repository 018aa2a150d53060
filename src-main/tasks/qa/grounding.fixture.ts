/** Labelled questions to records of ours, and how quotations by search answer them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findSections } from '../../domain/rules/sections';
import { quotationsOf, type Quotations } from './quotations';
import { sentencesOf } from './sentences';

export interface GroundingQuestion {
  readonly record: string;
  readonly text: string;
  readonly question: string;
  /** Words one of which a right quotation holds; none where the record does not answer. */
  readonly gold: readonly string[];
}

const samples = join(import.meta.dirname, '../../../resources/samples');

export async function groundingQuestions(): Promise<GroundingQuestion[]> {
  const source = await readFile(join(import.meta.dirname, 'grounding.txt'), 'utf8');
  const all: GroundingQuestion[] = [];
  for (const part of source.split(/^== /mu).slice(1)) {
    const [name = '', ...lines] = part.trimEnd().split('\n');
    const own = lines.filter((line) => !line.startsWith('? ')).join('\n');
    const text = own === '' ? await readFile(join(samples, `${name}.txt`), 'utf8') : own;
    for (const line of lines) {
      if (!line.startsWith('? ')) continue;
      const [question = '', answer = ''] = line.slice(2).split(' => ');
      const gold = answer === '-' ? [] : answer.split(' | ');
      for (const words of gold)
        if (!text.includes(words)) throw new Error(`${name}: the record does not say ${words}`);
      all.push({ record: name, text, question, gold });
    }
  }
  return all;
}

export function quotationsFor({ text, question }: GroundingQuestion): Quotations {
  return quotationsOf(text, sentencesOf(text, findSections(text)), question);
}

export function scoreGrounding(questions: readonly GroundingQuestion[], threshold: number) {
  const wrong: string[] = [];
  const tally = { supported: 0, silent: 0, silentRight: 0 };
  for (const each of questions) {
    const { quotes, confidence } = quotationsFor(each);
    const isSilent = confidence < threshold || quotes.length === 0;
    const holds = quotes.some(({ text }) => each.gold.some((words) => text.includes(words)));
    if (isSilent) tally.silent += 1;
    if (isSilent && each.gold.length === 0) tally.silentRight += 1;
    if (!isSilent && holds) tally.supported += 1;
    if (each.gold.length > 0 ? isSilent || !holds : !isSilent) {
      const said = isSilent ? '-' : quotes.map(({ text }) => text).join(' / ');
      wrong.push(
        `${each.record} ${each.question} ${confidence.toFixed(2)} wanted ${each.gold.join(' | ') || '-'} said ${said}`,
      );
    }
  }
  const answerable = questions.filter(({ gold }) => gold.length > 0).length;
  const unanswerable = questions.length - answerable;
  return {
    support: tally.supported / answerable,
    abstention: {
      precision: tally.silent === 0 ? 1 : tally.silentRight / tally.silent,
      recall: tally.silentRight / unanswerable,
    },
    right: (tally.supported + tally.silentRight) / questions.length,
    wrong,
  };
}

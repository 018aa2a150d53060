/**
 * Fits what the search in records and 'there is an answer' are computed with, on the records of `dev` in
 * resources/evaluation/record-qa.json, and writes them to resources/lexicons/qa-search.json.
 * `npx tsx scripts/fit-qa.ts`, seconds. Without a model: only for answers that are quotations.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findSections } from '../src-main/domain/rules/sections';
import { isSupported } from '../src-main/evaluation/grounding-evaluation';
import { readRecordQuestions, type RecordQuestion } from '../src-main/evaluation/record-questions';
import { defaultThreshold } from '../src-main/domain/contract/qa';
import { quotationsOf, type Quotations } from '../src-main/tasks/qa/quotations';
import type { Feature, SearchSettings } from '../src-main/tasks/qa/search-settings';
import { sentencesOf, type Sentence } from '../src-main/tasks/qa/sentences';

const root = join(import.meta.dirname, '..');
const questions = await readRecordQuestions(
  join(root, 'resources', 'evaluation', 'record-qa.json'),
  'dev',
);
const sentences = new Map<string, Sentence[]>(
  questions.map(({ record, text }) => [record, sentencesOf(text, findSections(text))]),
);
const features: readonly Feature[] = [
  'coverage',
  'characters',
  'recordCoverage',
  'fits',
  'asked',
  'value',
];
const noConfidence = Object.fromEntries(
  ['bias', ...features].map((name) => [name, 0]),
) as SearchSettings['confidence'];
/** A further quotation on average must bring this much support, or it only costs reading. */
const priceOfQuote = 0.03;
/** On the squares of the weights: a hundred questions are few for six of them. */
const ridge = 0.02;

function quotedWith(settings: SearchSettings, question: RecordQuestion): Quotations {
  const { text, record } = question;
  return quotationsOf(text, sentences.get(record) ?? [], question.question, settings);
}

/** The grid's best: support of the questions that have an answer, less what reading costs. */
function fittedSearch(): SearchSettings {
  const answerable = questions.filter(({ answer }) => answer.length > 0);
  let best: SearchSettings | undefined;
  let bestWorth = -Infinity;
  for (const k1 of [0.4, 0.6, 0.9, 1.2])
    for (const b of [0, 0.1, 0.3, 0.75])
      for (const topicWeight of [0.2, 0.4, 0.6])
        for (const sectionBonus of [0, 0.5, 1.5])
          for (const near of [0.55, 0.7])
            for (const most of [3, 5]) {
              const settings: SearchSettings = {
                search: { k1, b, topicWeight, sectionBonus },
                quotations: { most, near },
                confidence: noConfidence,
              };
              const quoted = answerable.map((one) => quotedWith(settings, one).quotes);
              const right = answerable.filter((one, at) => isSupported(one, quoted[at] ?? []));
              const length = quoted.reduce((sum, { length: count }) => sum + count, 0);
              const worth = (right.length - priceOfQuote * length) / answerable.length;
              if (worth > bestWorth) [best, bestWorth] = [settings, worth];
            }
  if (!best) throw new Error('no settings were tried');
  return best;
}

/** Logistic regression by gradient descent: whether what is quoted holds the answer. */
function fittedConfidence(settings: SearchSettings): SearchSettings['confidence'] {
  const rows = questions.flatMap((question) => {
    const { features: of, quotes } = quotedWith(settings, question);
    return of
      ? [
          {
            values: [1, ...features.map((name) => of[name])],
            label: isSupported(question, quotes) ? 1 : 0,
          },
        ]
      : [];
  });
  const weights = [0, ...features.map(() => 0)];
  for (let step = 0; step < 40_000; step++) {
    const slope = weights.map((weight, at) => (at === 0 ? 0 : ridge * weight));
    for (const { values, label } of rows) {
      const logit = values.reduce((sum, value, at) => sum + value * (weights[at] ?? 0), 0);
      const error = 1 / (1 + Math.exp(-logit)) - label;
      values.forEach((value, at) => (slope[at] = (slope[at] ?? 0) + (error * value) / rows.length));
    }
    slope.forEach((of, at) => (weights[at] = (weights[at] ?? 0) - 0.5 * of));
  }
  return Object.fromEntries(
    ['bias', ...features].map((name, at) => [name, Number((weights[at] ?? 0).toFixed(3))]),
  ) as SearchSettings['confidence'];
}

const search = fittedSearch();
const fitted: SearchSettings = { ...search, confidence: fittedConfidence(search) };
/** Right: an answer whose quotations hold it, or none where the record does not say. */
function rightAt(threshold: number): number {
  return questions.filter((question) => {
    const { quotes, confidence } = quotedWith(fitted, question);
    return confidence >= threshold ? isSupported(question, quotes) : question.answer.length === 0;
  }).length;
}
const thresholds = Array.from({ length: 17 }, (_, at) => 0.1 + at * 0.05);
const [bestThreshold = defaultThreshold] = [defaultThreshold, ...thresholds].sort(
  (one, other) => rightAt(other) - rightAt(one),
);
const source = [
  'fitted by scripts/fit-qa.ts on the questions of `dev` in resources/evaluation/record-qa.json:',
  `${questions.length} questions, ${new Set(questions.map(({ record }) => record)).size} records;`,
  `search by a grid (support less ${priceOfQuote} a quotation),`,
  `confidence by logistic regression (ridge ${ridge}) of whether the quotations hold the answer;`,
  `at the threshold ${defaultThreshold} ${rightAt(defaultThreshold)} are right, at the best one (${bestThreshold.toFixed(2)}) ${rightAt(bestThreshold)}`,
].join(' ');
await writeFile(
  join(root, 'resources', 'lexicons', 'qa-search.json'),
  `${JSON.stringify({ source, ...fitted }, null, 2)}\n`,
);
console.log(JSON.stringify(fitted));

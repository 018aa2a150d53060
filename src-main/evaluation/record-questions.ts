/**
 * Records with questions that they answer or do not, as `resources/evaluation/record-qa.json` has them: the
 * answer is given as the words of the record that a right quotation contains.
 */
import { basename } from 'node:path';
import * as z from 'zod';
import { AppError } from '../domain/contract/errors';
import { maxRecordChars } from '../domain/contract/extraction';
import { maxQuestionChars } from '../domain/contract/qa';
import { readUtf8 } from '../documents/read-utf8';

const maxFileBytes = 20_000_000;

export const splits = ['dev', 'test', 'all'] as const;
export type Split = (typeof splits)[number];

const saysSomething = (text: string): boolean => text.trim() !== '';

const dataSchema = z.object({
  version: z.literal(1),
  source: z.string(),
  records: z.array(
    z.object({
      id: z.string().min(1),
      kind: z.string().min(1),
      split: z.enum(['dev', 'test']),
      text: z.string().max(maxRecordChars).refine(saysSomething),
    }),
  ),
  questions: z.array(
    z.object({
      record: z.string(),
      /** What is asked about: laboratory, medication and so on. */
      kind: z.string().min(1),
      question: z.string().max(maxQuestionChars).refine(saysSomething),
      /** Words of the record, all of which an answer needs; none where it does not say. */
      answer: z.array(z.string().min(1)),
      /** The record does not say, and holds what looks as if it did. */
      nearMiss: z.boolean().optional(),
    }),
  ),
});

export interface RecordQuestion {
  /** From 1, in the file. */
  readonly number: number;
  /** The record's text. */
  readonly text: string;
  readonly record: string;
  readonly kind: string;
  readonly question: string;
  readonly answer: readonly string[];
  readonly nearMiss: boolean;
}

/**
 * @throws AppError of `readUtf8`; `FILE_EMPTY` where none is of the split;
 *   `DATASET_LINE_INVALID` with the question's number and the field that is wrong, never its words
 */
export async function readRecordQuestions(path: string, split: Split): Promise<RecordQuestion[]> {
  const file = basename(path);
  const json = await readUtf8(path, maxFileBytes);
  if (json === null) throw invalid(0, 'UTF-8');
  let content: unknown;
  try {
    content = JSON.parse(json);
  } catch {
    // Not kept as the cause: a parser's message quotes the file.
    throw invalid(0, 'JSON');
  }
  const parsed = dataSchema.safeParse(content);
  if (!parsed.success) {
    const path = parsed.error.issues[0]?.path ?? [];
    const at = path[0] === 'questions' && typeof path[1] === 'number' ? path[1] + 1 : 0;
    throw invalid(at, path.filter((part) => typeof part === 'string').join('.'));
  }
  const { records, questions } = parsed.data;
  const byId = new Map(records.map((record) => [record.id, record]));
  if (byId.size < records.length) throw invalid(0, 'records.id');
  const chosen = questions.flatMap(({ nearMiss = false, ...question }, at) => {
    const record = byId.get(question.record);
    if (!record) throw invalid(at + 1, 'record');
    if (question.answer.some((words) => !record.text.includes(words)))
      throw invalid(at + 1, 'answer');
    if (nearMiss && question.answer.length > 0) throw invalid(at + 1, 'nearMiss');
    if (split !== 'all' && record.split !== split) return [];
    return [{ ...question, number: at + 1, text: record.text, nearMiss }];
  });
  if (chosen.length === 0) throw new AppError('FILE_EMPTY', { params: { file } });
  return chosen;
}

function invalid(line: number, field: string): AppError {
  return new AppError('DATASET_LINE_INVALID', { params: { line, field } });
}

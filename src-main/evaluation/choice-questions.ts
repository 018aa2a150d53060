/**
 * Questions with four options of which one is right, out of public sets:
 * - C-Eval's CSV: `question,A,B,C,D,answer` with the answer's letter, other columns ignored;
 * - MedQA (mainland) as JSON: an array of `{input, output}`, the input holding `问题：…` and `选项：` with
 *   four lines, the output the right option's text.
 */
import { basename } from 'node:path';
import { parse } from 'csv-parse/sync';
import * as z from 'zod';
import { AppError } from '../domain/contract/errors';
import { readUtf8 } from '../documents/read-utf8';

const maxFileBytes = 100_000_000;
export const letters = ['A', 'B', 'C', 'D'] as const;
export type Letter = (typeof letters)[number];

export interface ChoiceQuestion {
  /** From 1. */
  readonly number: number;
  readonly question: string;
  readonly options: readonly [string, string, string, string];
  readonly answer: Letter;
}

/**
 * @throws AppError of `readUtf8`; `FILE_EMPTY`; `DATASET_LINE_INVALID` with the
 *   number of the question and the field that is wrong, never its words
 */
export async function readChoiceQuestions(path: string): Promise<ChoiceQuestion[]> {
  const file = basename(path);
  const text = await readUtf8(path, maxFileBytes);
  if (text === null) throw invalid(0, 'UTF-8');
  const questions = /^\s*\[/.test(text) ? fromJson(text) : fromCsv(text);
  if (questions.length === 0) throw new AppError('FILE_EMPTY', { params: { file } });
  return questions;
}

const csvRow = z.object({
  question: z.string().min(1),
  A: z.string().min(1),
  B: z.string().min(1),
  C: z.string().min(1),
  D: z.string().min(1),
  answer: z.string().trim().pipe(z.enum(letters)),
});

function fromCsv(text: string): ChoiceQuestion[] {
  let rows: unknown[];
  try {
    rows = parse(text, { columns: true, skip_empty_lines: true });
  } catch {
    // Not kept as the cause: the parser's message quotes the line.
    throw invalid(0, 'CSV');
  }
  return rows.map((row, at) => {
    const { question, A, B, C, D, answer } = checked(csvRow, row, at + 1);
    return { number: at + 1, question, options: [A, B, C, D], answer };
  });
}

const medqaItem = z.object({ input: z.string(), output: z.string() });

function fromJson(text: string): ChoiceQuestion[] {
  let items: unknown;
  try {
    items = JSON.parse(text);
  } catch {
    throw invalid(0, 'JSON');
  }
  return (Array.isArray(items) ? items : []).map((item: unknown, at) => {
    const { input, output } = checked(medqaItem, item, at + 1);
    const match = /^问题：([\s\S]*?)\n选项：\n([\s\S]*)$/.exec(input.trimEnd());
    const options = (match?.[2] ?? '').split('\n').map((option) => option.trim());
    const [a, b, c, d] = options;
    if (!match?.[1] || !a || !b || !c || !d || options.length !== 4) throw invalid(at + 1, 'input');
    const right = options.indexOf(output.trim());
    const answer = letters[right];
    if (answer === undefined) throw invalid(at + 1, 'output');
    return { number: at + 1, question: match[1].trim(), options: [a, b, c, d], answer };
  });
}

function checked<T>(schema: z.ZodType<T>, value: unknown, number: number): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw invalid(number, result.error.issues[0]?.path.join('.') || 'question');
}

function invalid(line: number, field: string): AppError {
  return new AppError('DATASET_LINE_INVALID', { params: { line, field } });
}

/**
 * Questions with a reference answer, one JSON object a line, in one of three layouts:
 * - `{"question", "answer"}`, or `{"ask", "answer"}` with an optional `title`;
 * - `{"instruction", "input"?, "output"}`;
 * - `{"turns":[{"role":"patient"|"doctor","text"}]}`: several turns; the doctor's last one is the
 *   reference, what stands before it the conversation.
 */
import { isUtf8 } from 'node:buffer';
import { basename } from 'node:path';
import * as z from 'zod';
import { AppError } from '../domain/contract/errors';
import { Cancelled } from '../domain/contract/rpc';
import type { Exchange } from '../tasks/prompt/conversation';
import { readLines } from './lines';

const maxLineBytes = 16_000_000;

export interface ReferenceAnswer {
  /** Number of its line, from 1. */
  readonly line: number;
  /** The last one has no answer. */
  readonly exchanges: readonly Exchange[];
  readonly reference: string;
}

const question = z.object({ question: z.string().min(1), answer: z.string().min(1) });
const ask = z.object({ title: z.string().optional(), ask: z.string(), answer: z.string().min(1) });
const instruction = z.object({
  instruction: z.string().min(1),
  input: z.string().optional(),
  output: z.string().min(1),
});
const dialogue = z.object({
  turns: z.array(z.object({ role: z.enum(['patient', 'doctor']), text: z.string() })),
});

/**
 * A dialogue without a doctor's turn behind a patient's is left out: there is nothing to compare with.
 * @throws AppError `FILE_UNREADABLE`; `FILE_EMPTY`; `DATASET_LINE_INVALID` with the line's number, never
 *   its words
 * @throws Cancelled
 */
export async function* referenceAnswers(
  path: string,
  {
    limit = Infinity,
    signal,
  }: { readonly limit?: number | undefined; readonly signal: AbortSignal },
): AsyncGenerator<ReferenceAnswer> {
  let count = 0;
  for await (const { number: line, bytes } of readLines(path, maxLineBytes)) {
    if (signal.aborted) throw new Cancelled();
    if (!isUtf8(bytes)) throw invalid(line, 'UTF-8');
    const text = bytes.toString('utf8').trim();
    if (text === '') continue;
    const answer = answerOf(text, line);
    if (!answer) continue;
    yield answer;
    if (++count >= limit) break;
  }
  if (count === 0) throw new AppError('FILE_EMPTY', { params: { file: basename(path) } });
}

function answerOf(json: string, line: number): ReferenceAnswer | null {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw invalid(line, 'JSON');
  }
  const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  if (keys.includes('turns')) return ofDialogue(checked(dialogue, value, line).turns, line);
  if (keys.includes('instruction')) {
    const one = checked(instruction, value, line);
    const asked = one.input ? `${one.instruction}\n${one.input}` : one.instruction;
    return { line, exchanges: [{ question: asked }], reference: one.output };
  }
  if (keys.includes('ask')) {
    const one = checked(ask, value, line);
    const asked = one.ask.trim() || (one.title ?? '');
    return { line, exchanges: [{ question: asked }], reference: one.answer };
  }
  const one = checked(question, value, line);
  return { line, exchanges: [{ question: one.question }], reference: one.answer };
}

function ofDialogue(
  turns: readonly { readonly role: 'patient' | 'doctor'; readonly text: string }[],
  line: number,
): ReferenceAnswer | null {
  // What one says in several messages is one turn; a greeting before any question answers nothing.
  const joined: { role: 'patient' | 'doctor'; text: string }[] = [];
  for (const { role, text } of turns) {
    const last = joined.at(-1);
    if (last?.role === role) last.text += `\n${text}`;
    else if (last || role === 'patient') joined.push({ role, text });
  }
  if (joined.at(-1)?.role === 'patient') joined.pop();
  const reference = joined.pop()?.text;
  if (reference === undefined) return null;
  const exchanges: Exchange[] = [];
  for (let at = 0; at < joined.length; at += 2) {
    const asked = joined[at]?.text ?? '';
    const answered = joined[at + 1]?.text;
    exchanges.push(
      answered === undefined ? { question: asked } : { question: asked, answer: answered },
    );
  }
  return { line, exchanges, reference };
}

function checked<T>(schema: z.ZodType<T>, value: unknown, line: number): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw invalid(line, result.error.issues[0]?.path.join('.') || 'record');
}

function invalid(line: number, field: string): AppError {
  return new AppError('DATASET_LINE_INVALID', { params: { line, field } });
}

/** Questions about a model file, asked of a process that may die of it. */
import { AppError } from '../domain/contract/errors';
import type { Answer, Question } from './probe-messages';

export interface AskOptions {
  readonly signal?: AbortSignal | undefined;
  /** Bytes. */
  onProgress?(done: number, total: number): void;
  /** Called with the way to hold the work and let it go on. */
  onControl?(control: (action: 'pause' | 'resume') => void): void;
}

/** Rejects with `Cancelled`, or an AppError where the process died. */
export type Ask = (question: Question, options: AskOptions) => Promise<Answer>;

/** @throws AppError of the answer, or `BAD_REPLY` where it answers another question */
export function expecting<T extends Answer['type']>(
  answer: Answer,
  type: T,
): Extract<Answer, { type: T }> {
  if (answer.type === 'problem') throw new AppError(answer.problem.code, answer.problem);
  if (answer.type !== type) throw new AppError('BAD_REPLY');
  return answer as Extract<Answer, { type: T }>;
}

/** `chimed ask`: a question, to a record or without one. */
import { AppError } from '../domain/contract/errors';
import type { QaAnswer } from '../domain/contract/qa';
import { Cancelled } from '../domain/contract/rpc';
import { messagesFor } from '../domain/messages';
import { findSections } from '../domain/rules/sections';
import { answerQuestion } from '../tasks/qa/answer';
import { Interruption } from './interruption';
import { openModel, type ModelChoice } from './open-model';
import { standardOutput } from './output';
import { readRecordText } from './record-text';
import { exitCodes, locale } from './terminal';

export interface AskOptions extends ModelChoice {
  readonly record?: string;
  readonly format: 'text' | 'json';
  readonly threshold?: number;
}

/**
 * @returns the exit code: 0 answered, also with 未找到依据; 1 an answer that was cut; 130 or 143 interrupted
 * @throws AppError of reading the record, of the model, of `answerQuestion`
 */
export async function askCommand(
  question: string,
  options: AskOptions,
  modelsDir: string,
): Promise<number> {
  if (question.trim() === '') throw new AppError('EMPTY_QUESTION');
  const record =
    options.record === undefined ? undefined : { text: await readRecordText(options.record) };
  const interruption = new Interruption();
  const { signal } = interruption;
  try {
    const { model, card } = await openModel(options, modelsDir, signal);
    const answer = await answerQuestion(
      { question, ...(record ? { record } : {}), threshold: options.threshold },
      { model, card, signal, findSections },
    );
    const text = options.format === 'json' ? `${JSON.stringify(answer)}\n` : shown(answer);
    await standardOutput().write(text);
    return answer.problem ? exitCodes.failed : exitCodes.ok;
  } catch (error) {
    if (!(error instanceof Cancelled) || interruption.exitCode === null) throw error;
    return interruption.exitCode;
  }
}

function shown(given: QaAnswer): string {
  const { answer, basis, form, quotes, confidence, more = 0, guards = [], problem } = given;
  const messages = messagesFor(locale);
  const texts = messages.ask;
  const head = {
    record: form === 'written' ? texts.written : texts.quotations,
    'record-no-evidence': texts.noEvidence,
    'no-record': texts.noRecord,
  }[basis];
  const share = confidence === null ? [] : [texts.confidence(confidence.toFixed(2))];
  const listed = quotes.map(({ text, start, end }, at) => `[${at + 1}] ${text}  (${start}-${end})`);
  const warned = [...new Set(guards.map(({ kind }) => messages.dialogue.guard[kind]))];
  return `${[
    `${head}${share.length > 0 ? `  ${share.join('')}` : ''}`,
    ...(answer !== '' && form === 'written' ? ['', answer] : []),
    ...(listed.length > 0 ? ['', ...listed] : []),
    ...(more > 0 ? [messages.qa.moreQuotes(String(more))] : []),
    ...(warned.length > 0 ? ['', texts.guards(warned.join(locale === 'zh-CN' ? '、' : ', '))] : []),
    ...(problem ? ['', texts.cut] : []),
  ].join('\n')}\n`;
}

/** Every text a person can read, in each language; typed by the Chinese source. */
import type { Problem } from '../contract/errors';
import type { Locale } from '../contract/ipc';
import { isBuiltInModel, type ModelCard } from '../contract/model-card';
import { en } from './en';
import { zhCN } from './zh-CN';

export type { ErrorText } from './errors.zh-CN';
export { formatterFor, type Formatter } from './format';
export type Messages = typeof zhCN;

const byLocale: Record<Locale, Messages> = { 'zh-CN': zhCN, en };

export function messagesFor(locale: Locale): Messages {
  return byLocale[locale];
}

/** What kind of model this is, beside its name. */
export function standingText(locale: Locale, model: Pick<ModelCard, 'id' | 'standing'>): string {
  const { status } = messagesFor(locale);
  return isBuiltInModel(model) ? status.builtIn : status.standing[model.standing];
}

/**
 * One line for a terminal or a screen reader: what happened, what to do, and the code.
 * Holds nothing of the record.
 */
export function describeProblem(locale: Locale, problem: Problem): string {
  const messages = messagesFor(locale);
  const { title, remedy } = messages.errors[problem.code];
  const stop = locale === 'en' ? '. ' : '。';
  const incident = problem.incident ? ` ${problem.incident}` : '';
  return `${title}${stop}${remedy} [${problem.code}${incident}]`;
}

/** What the command says to a person: on standard error, in their language. */
import type { Problem } from '../domain/contract/errors';
import type { Locale } from '../domain/contract/ipc';
import { describeProblem, messagesFor } from '../domain/messages';

/** 128 + signal number for an interruption, as shells do. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, interrupted: 130, terminated: 143 } as const;

const language = process.env['LC_ALL'] || process.env['LC_MESSAGES'] || process.env['LANG'] || '';
export const locale: Locale = language.startsWith('zh') ? 'zh-CN' : 'en';

/**
 * A reader that went away, or a full disk behind standard output, is told to whoever writes; a stream without a
 * listener would end the process with a stack besides.
 */
export function bearBrokenStreams(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

/** Names what went wrong; `about` is a file's path, never its content. */
export function report(problem: Problem, about?: string): void {
  const detail = Object.entries(problem.params ?? {})
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
  note([about, describeProblem(locale, problem), detail].filter(Boolean).join(': '));
}

/** A problem as results hold it: with its sentence in the person's language. */
export function withMessage(problem: Problem | undefined): {
  problem?: Problem & { message: string };
} {
  if (!problem) return {};
  return { problem: { ...problem, message: messagesFor(locale).errors[problem.code].title } };
}

/** A line beside the results; names of files in it may hold anything. */
export function note(text: string): void {
  process.stderr.write(`chimed: ${oneLine(text)}\n`);
}

/**
 * Without characters that a terminal would obey: a name must not move the cursor, clear the screen or turn
 * the direction of what follows it.
 */
export function oneLine(text: string): string {
  return text.replace(/(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, (char) => {
    const point = char.codePointAt(0) ?? 0;
    return `<U+${point.toString(16).toUpperCase().padStart(4, '0')}>`;
  });
}

/** A line that overwrites itself, only on a terminal. */
export class ProgressLine {
  readonly #enabled = process.stderr.isTTY;
  #shown = false;

  show(text: string): void {
    if (!this.#enabled) return;
    process.stderr.write(`\r\u001b[K${oneLine(text)}`);
    this.#shown = true;
  }

  clear(): void {
    if (this.#shown) process.stderr.write('\r\u001b[K');
    this.#shown = false;
  }
}

/** `chimed eval mcq` and `chimed eval generate`: how well a model answers. */
import { Cancelled } from '../domain/contract/rpc';
import { formatterFor, messagesFor } from '../domain/messages';
import { evaluateChoices, type Accuracy } from '../evaluation/choice-evaluation';
import { readChoiceQuestions } from '../evaluation/choice-questions';
import { evaluateGeneration } from '../evaluation/generation-evaluation';
import { referenceAnswers } from '../evaluation/reference-answers';
import { Interruption } from './interruption';
import { openModel, type ModelChoice } from './open-model';
import { standardOutput } from './output';
import { exitCodes, locale, note, ProgressLine } from './terminal';

export interface EvalAnswersOptions extends ModelChoice {
  readonly data: string;
  readonly limit?: number;
  readonly format: 'text' | 'json';
}

export interface EvalGenerateOptions extends EvalAnswersOptions {
  /** Tokens of one answer, at most. */
  readonly maxTokens: number;
}

/**
 * @returns the exit code: 0, 130 or 143 interrupted (there are no scores then)
 * @throws AppError for what stops everything: the data, the model
 */
export function evalMcqCommand(options: EvalAnswersOptions, modelsDir: string): Promise<number> {
  return measured(options, modelsDir, async ({ model, card, signal, progress }) => {
    const questions = (await readChoiceQuestions(options.data)).slice(0, options.limit);
    const total = questions.length;
    const report = await evaluateChoices(questions, {
      model,
      card,
      signal,
      onProgress: (done) => progress(done, total),
    });
    const texts = messagesFor(locale).evaluation;
    const share = ({ value, low, high, right, asked }: Accuracy): string =>
      texts.accuracy(
        ...([value, low, high].map((one) => (one * 100).toFixed(1)) as [string, string, string]),
        `${right} / ${asked}`,
      );
    return {
      report,
      lines: [
        texts.byProbability(share(report.byProbability)),
        texts.byGeneration(share(report.byGeneration)),
        texts.unanswered(String(report.unanswered), String(report.tooLong)),
      ],
    };
  });
}

/** @returns and throws as `evalMcqCommand` */
export function evalGenerateCommand(
  options: EvalGenerateOptions,
  modelsDir: string,
): Promise<number> {
  const { data, limit, maxTokens } = options;
  return measured(options, modelsDir, async ({ model, card, signal, progress }) => {
    // Read once before, so that a fault in the last line does not cost hours of running.
    let total = 0;
    for await (const { line } of referenceAnswers(data, { limit, signal }))
      total += line > 0 ? 1 : 0;
    const report = await evaluateGeneration(referenceAnswers(data, { limit, signal }), {
      model,
      card,
      signal,
      maxTokens,
      onProgress: (done) => progress(done, total),
    });
    const texts = messagesFor(locale).evaluation;
    const rows = [
      ['BLEU-1', report.bleu1],
      ['BLEU-2', report.bleu2],
      ['ROUGE-1', report.rouge1],
      ['ROUGE-2', report.rouge2],
      ['ROUGE-L', report.rougeL],
    ] as const;
    return {
      report,
      lines: [
        ...rows.map(([name, value]) => `${name.padEnd(8)}${(value * 100).toFixed(2).padStart(7)}`),
        texts.answers(String(report.answers), String(report.cut), String(report.tooLong)),
      ],
    };
  });
}

interface Work extends Awaited<ReturnType<typeof openModel>> {
  readonly signal: AbortSignal;
  progress(done: number, total: number): void;
}

/**
 * Opens the model, shows what `work` says of it, and ends in an exit code.
 * @returns and throws as `evalMcqCommand`
 */
export async function measured(
  options: EvalAnswersOptions,
  modelsDir: string,
  work: (work: Work) => Promise<{ readonly report: unknown; readonly lines: readonly string[] }>,
): Promise<number> {
  const interruption = new Interruption();
  const { signal } = interruption;
  const texts = messagesFor(locale).evaluation;
  const { integer } = formatterFor(locale);
  const line = new ProgressLine();
  try {
    const { model, card } = await openModel(options, modelsDir, signal);
    const progress = (done: number, total: number): void =>
      line.show(texts.answered(integer(done), integer(total)));
    const { report, lines } = await work({ model, card, signal, progress });
    if (signal.aborted) throw new Cancelled();
    line.clear();
    const head = texts.model(card.name, card.sha256.slice(0, 12));
    const text =
      options.format === 'json' ? JSON.stringify(report) : [head, '', ...lines].join('\n');
    await standardOutput().write(`${text}\n`);
    return exitCodes.ok;
  } catch (error) {
    if (!(error instanceof Cancelled) || interruption.exitCode === null) throw error;
    note(texts.interrupted);
    return interruption.exitCode;
  } finally {
    line.clear();
  }
}

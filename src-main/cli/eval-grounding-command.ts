/** `chimed eval qa-grounding`: whether answers to questions about records rest on those records. */
import { Cancelled } from '../domain/contract/rpc';
import { formatterFor, messagesFor } from '../domain/messages';
import { findSections } from '../domain/rules/sections';
import type { Accuracy } from '../evaluation/choice-evaluation';
import { evaluateGrounding, type GroundingReport } from '../evaluation/grounding-evaluation';
import { readRecordQuestions, type Split } from '../evaluation/record-questions';
import { defaultThreshold } from '../domain/contract/qa';
import { measured, type EvalAnswersOptions } from './eval-answers-command';
import { locale } from './terminal';

export interface EvalGroundingOptions extends EvalAnswersOptions {
  readonly split: Split;
  readonly threshold?: number;
}

/** @returns and throws as `evalMcqCommand` */
export function evalGroundingCommand(
  options: EvalGroundingOptions,
  modelsDir: string,
): Promise<number> {
  return measured(options, modelsDir, async ({ model, card, signal, progress }) => {
    const { data, split, limit, threshold = defaultThreshold } = options;
    const questions = (await readRecordQuestions(data, split)).slice(0, limit);
    const report = await evaluateGrounding(questions, {
      model,
      card,
      signal,
      threshold,
      findSections,
      onProgress: (done) => progress(done, questions.length),
    });
    if (signal.aborted) throw new Cancelled();
    return { report, lines: linesOf(report) };
  });
}

function linesOf(report: GroundingReport): string[] {
  const texts = messagesFor(locale).evaluation;
  const { integer } = formatterFor(locale);
  const share = ({ value, low, high, right, asked }: Accuracy): string =>
    texts.accuracy(
      (value * 100).toFixed(1),
      (low * 100).toFixed(1),
      (high * 100).toFixed(1),
      `${right} / ${asked}`,
    );
  const short = ({ right, asked }: Accuracy): string => `${right}/${asked}`.padStart(9);
  return [
    texts.grounding.asked(integer(report.questions), report.threshold.toFixed(2)),
    texts.grounding.support(share(report.support)),
    texts.grounding.supportOfAnswered(share(report.supportOfAnswered)),
    texts.grounding.citations(share(report.citationExactness)),
    texts.grounding.abstentionPrecision(share(report.abstentionPrecision)),
    texts.grounding.abstentionRecall(share(report.abstentionRecall)),
    texts.grounding.nearMisses(share(report.nearMissRecall)),
    texts.grounding.quotes(report.meanQuotes.toFixed(2), integer(report.tooLong)),
    '',
    texts.grounding.kinds,
    ...Object.entries(report.kinds).map(
      ([kind, of]) =>
        `${kind.padEnd(12)}${short(of.support)}${short(of.abstentionPrecision)}${short(of.abstentionRecall)}`,
    ),
  ];
}

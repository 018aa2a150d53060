/** Scores as a table for a terminal. */
import { annotationSchema } from '../domain/contract/annotation-schema';
import type { Locale } from '../domain/contract/ipc';
import { formatterFor, messagesFor } from '../domain/messages';
import type { NerReport } from '../evaluation/ner-evaluation';
import type { Score, SpanScores } from '../evaluation/span-scores';
import { alignedColumns } from './table';

/** Digits that tell two models apart without filling the line. */
const hashDigits = 12;

/** The whole report in a language, ending with a line feed. */
export function nerTable(report: NerReport, locale: Locale): string {
  const texts = messagesFor(locale).evaluation;
  const { integer } = formatterFor(locale);
  const schema = annotationSchema(report.schema);
  const inLocale = (named: { chinese: string; english: string }): string =>
    locale === 'zh-CN' ? named.chinese : named.english;
  const names = new Map(
    schema.types.map(({ id, english }) => [id, inLocale({ chinese: id, english })]),
  );
  // F1 is the measure's symbol, the same in every language.
  const head = [texts.type, texts.precision, texts.recall, 'F1', texts.support];
  const block = (heading: string, { types, micro }: SpanScores): string[] => {
    const all = Object.entries(types);
    const support = all.reduce((sum, [, score]) => sum + score.support, 0);
    return [
      '',
      heading,
      ...alignedColumns(
        [
          head,
          ...all.map(([id, score]) => [
            names.get(id) ?? id,
            ...numbers(score),
            integer(score.support),
          ]),
          [texts.micro, ...numbers(micro), integer(support)],
        ],
        { right: true },
      ),
    ];
  };
  const lines = [
    texts.model(report.model.name, report.model.sha256.slice(0, hashDigits)),
    texts.scope(inLocale(schema), report.labels),
    ...(report.unscored.length === 0
      ? []
      : [
          texts.unscored(
            report.unscored.map((id) => names.get(id) ?? id).join(locale === 'zh-CN' ? '、' : ', '),
          ),
        ]),
    texts.records(integer(report.records), integer(report.incomplete)),
    texts.pace(report.seconds.toFixed(1), integer(report.recordsPerMinute)),
    ...block(texts.strict, report.strict),
    ...block(texts.relaxed, report.relaxed),
    '',
    texts.checks(integer(report.ungrounded), integer(report.offsetErrors)),
    texts.defects(integer(report.defects)),
  ];
  return `${lines.join('\n')}\n`;
}

function numbers({ precision, recall, f1 }: Score): string[] {
  return [precision, recall, f1].map((value) => value.toFixed(4));
}

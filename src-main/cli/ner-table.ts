/** Scores as a table for a terminal. */
import { annotationSchema } from '../domain/contract/annotation-schema';
import type {
  Calibration,
  Confusion,
  NerReport,
  Score,
  SpanScores,
} from '../domain/contract/evaluation';
import type { Locale } from '../domain/contract/ipc';
import { formatterFor, messagesFor } from '../domain/messages';
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
    ...confusionTable(report.confusion, names, texts, integer),
    ...reliabilityTable(report.calibration, texts, integer),
    '',
    ...(report.latency
      ? [
          texts.latency(
            integer(report.latency.median),
            integer(report.latency.p95),
            integer(report.latency.max),
          ),
        ]
      : []),
    texts.tokens(
      integer(report.tokens.prompt),
      integer(report.tokens.reused),
      integer(report.tokens.decoded),
    ),
    texts.checks(integer(report.ungrounded), integer(report.offsetErrors)),
    texts.defects(integer(report.defects)),
  ];
  return `${lines.join('\n')}\n`;
}

type Texts = ReturnType<typeof messagesFor>['evaluation'];

/** Rows are annotated, columns found. */
function confusionTable(
  { types, matrix, missed, spurious }: Confusion,
  names: ReadonlyMap<string, string>,
  texts: Texts,
  integer: (count: number) => string,
): string[] {
  if (types.length === 0) return [];
  const nameOf = (id: string): string => names.get(id) ?? id;
  return [
    '',
    texts.confusion,
    ...alignedColumns(
      [
        [texts.annotatedFound, ...types.map(nameOf), texts.missed],
        ...types.map((type, row) => [
          nameOf(type),
          ...(matrix[row] ?? []).map(integer),
          integer(missed[row] ?? 0),
        ]),
        [texts.spurious, ...spurious.map(integer), ''],
      ],
      { right: true },
    ),
  ];
}

function reliabilityTable(
  { bins, brier, ece }: Calibration,
  texts: Texts,
  integer: (count: number) => string,
): string[] {
  if (brier === null || ece === null) return [];
  const shown = (share: number | null): string => (share === null ? '-' : share.toFixed(3));
  return [
    '',
    texts.calibration(brier.toFixed(4), ece.toFixed(4)),
    ...alignedColumns(
      [
        [texts.confidence, texts.facts, texts.meanConfidence, texts.rightShare],
        ...bins.map((bin) => [
          `${bin.from.toFixed(1)}-${bin.to.toFixed(1)}`,
          integer(bin.facts),
          shown(bin.confidence),
          shown(bin.right),
        ]),
      ],
      { right: true },
    ),
  ];
}

function numbers({ precision, recall, f1 }: Score): string[] {
  return [precision, recall, f1].map((value) => value.toFixed(4));
}

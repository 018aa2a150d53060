/** The methods paragraph of a sample, ready for a paper. What was not measured is said to be so. */
import type { Locale } from '../contract/ipc';
import type { MethodsData, StoredStudy } from '../contract/study';
import { schemaName } from '../rules/schema-name';
import { f1Of, type PairCounts } from '../rules/agreement';
import { formatterFor, messagesFor } from './index';

export interface MethodsSource {
  readonly study: StoredStudy;
  readonly methods: MethodsData;
  /** Of the program. */
  readonly version: string;
  /** What a type or a field is called in the language of the text. */
  typeName(type: string): string;
}

/** Lines of text in the language of `locale`; holds counts, and no name of a person. */
export function methodsText(
  locale: Locale,
  { study, methods, version, typeName }: MethodsSource,
): string {
  const messages = messagesFor(locale);
  const { text: m, notMeasured } = messages.research;
  const { integer, measure } = formatterFor(locale);
  const join = (parts: readonly string[]): string =>
    parts.length === 0 ? m.unknown : parts.join(messages.common.listSeparator);
  const number = (value: number | null): string => (value === null ? notMeasured : measure(value));
  const counts = ({ both, onlyFirst, onlySecond }: PairCounts): string =>
    m.counts(integer(both), integer(onlyFirst), integer(onlySecond));
  const ways: Readonly<Record<string, string>> = messages.evaluating.strategies;
  const strategy = (id: string): string => {
    const name = ways[id];
    return name === undefined ? id : m.strategy(name, id);
  };
  /** With how many records it was, where not all were alike. */
  const each = <T extends { readonly records: number }>(
    all: readonly T[],
    say: (one: T) => string,
  ) =>
    join(
      all.map((one) => (all.length > 1 ? m.ofRecords(say(one), integer(one.records)) : say(one))),
    );
  const { first, second, disputes, adjudicators } = methods;
  const schemas = each(methods.schemas, ({ chinese, english, version: of }) => {
    const name = schemaName({ chinese, english }, locale);
    return of === null ? m.schemaNoVersion(name) : m.schema(name, integer(of));
  });
  const lines = [
    m.sample(schemas, integer(study.population), integer(study.records.length), study.seed),
    m.extraction(
      each(methods.models, ({ name, sha256 }) => m.model(name, sha256)),
      join(methods.promptFormats),
      join(methods.strategies.map(strategy)),
      integer(methods.machineFacts),
    ),
    m.prompts(
      methods.instructions.length === 0
        ? m.unknown
        : methods.instructions.map(oneLine).join(' // '),
    ),
    m.review(
      ...([integer(first.reviewers), integer(first.facts), integer(first.bulk)] as const),
      ...([integer(second.facts), integer(second.bulk)] as const),
    ),
  ];
  const agreement = study.result?.agreement;
  if (!agreement) {
    lines.push(m.agreement(integer(0), notMeasured));
  } else {
    const missing = study.records.length - agreement.records;
    if (missing > 0) lines.push(m.missing(integer(missing)));
    const { strict, relaxed } = agreement;
    lines.push(m.agreement(integer(agreement.records), number(agreement.kappa)));
    lines.push(
      m.f1(number(f1Of(strict)), counts(strict), number(f1Of(relaxed)), counts(relaxed)),
      ...agreement.byType.map((of) =>
        m.type(
          ...([typeName(of.type), number(f1Of(of.strict)), number(f1Of(of.relaxed))] as const),
          ...([number(of.kappa), counts(of.strict)] as const),
        ),
      ),
    );
  }
  if (disputes.total === 0) {
    lines.push(m.noDisputes);
  } else {
    lines.push(
      m.adjudication(
        ...([integer(disputes.total), integer(disputes.records), integer(disputes.first)] as const),
        ...([integer(disputes.second), integer(disputes.own), integer(disputes.open)] as const),
      ),
      adjudicators.total === 0
        ? m.notAdjudicated
        : m.adjudicators(integer(adjudicators.total), integer(adjudicators.reviewed)),
    );
    if (adjudicators.total > 0) {
      lines.push(
        adjudicators.own === 0 ? m.thirdAdjudication : m.ownAdjudication(integer(adjudicators.own)),
      );
    }
  }
  lines.push(m.program(messages.app.name, version));
  return `${lines.join('\n')}\n`;
}

/** A wording of several lines stays a part of its paragraph. */
function oneLine(instruction: string): string {
  return instruction.replace(/\s*\n\s*/g, ' / ').trim();
}

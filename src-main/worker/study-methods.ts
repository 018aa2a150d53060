/** What a methods section can report of a sample: counts of what is stored, and nothing else. */
import type { ReviewItem } from '../domain/contract/review';
import type { MethodsData } from '../domain/contract/study';
import { disputesOf, outcomeOf } from '../domain/review/adjudication';
import { progressOf } from '../domain/review/progress';
import { schemaOfRun } from '../domain/rules/export/schema-of-run';
import type { StudiedRecord } from './study-records';

export function methodsOf(records: readonly StudiedRecord[]): MethodsData {
  const compared = records.filter(({ second }) => second?.confirmation != null);
  const seconds = compared.flatMap(({ second }) => (second ? [second] : []));
  const adjudications = compared.flatMap(({ adjudication }) =>
    adjudication?.confirmation ? [adjudication.confirmation.by] : [],
  );
  const reviewers = new Set([
    ...compared.map(({ first }) => first.confirmation?.by),
    ...seconds.map(({ confirmation }) => confirmation?.by),
  ]);
  const adjudicators = new Set(adjudications);
  const factsOf = (reviews: readonly { readonly items: readonly ReviewItem[] }[]) => {
    const progress = reviews.map(({ items }) => progressOf(items));
    return {
      records: reviews.length,
      facts: progress.reduce((sum, { accepted }) => sum + accepted, 0),
      bulk: progress.reduce((sum, { bulk }) => sum + bulk, 0),
    };
  };
  return {
    schemas: counted(compared, ({ run }) => {
      const schema = schemaOfRun(run.run);
      const { chinese, english, version } = schema ?? {
        ...{ chinese: run.run.schema, english: run.run.schema, version: null },
      };
      return { chinese, english, version };
    }),
    models: counted(compared, ({ run }) => run.run.model),
    promptFormats: named(compared.map(({ run }) => run.run.settings['promptFormat'])),
    instructions: named(compared.map(({ run }) => run.run.settings['instruction'])),
    strategies: named(compared.map(({ run }) => run.run.strategy)),
    machineFacts: compared.reduce((sum, { run }) => sum + run.facts.length, 0),
    first: {
      reviewers: new Set(compared.map(({ first }) => first.confirmation?.by)).size,
      ...factsOf(compared.map(({ first }) => first)),
    },
    second: factsOf(seconds),
    disputes: disputeCounts(compared),
    adjudicators: {
      total: adjudicators.size,
      reviewed: [...adjudicators].filter((by) => reviewers.has(by)).length,
      own: compared.filter(isOwn).length,
    },
  };
}

/** Whether one of its two reviewers decided something in the signed adjudication, or signed it. */
function isOwn({ first, second, adjudication }: StudiedRecord): boolean {
  const { confirmation, items = [] } = adjudication ?? {};
  if (!confirmation) return false;
  const reviewers = new Set([first.confirmation?.by, second?.confirmation?.by]);
  return [confirmation.by, ...items.flatMap(({ by }) => by ?? [])].some((by) => reviewers.has(by));
}

function disputeCounts(records: readonly StudiedRecord[]): MethodsData['disputes'] {
  const counts = { records: 0, total: 0, first: 0, second: 0, own: 0, open: 0 };
  for (const { first, second, adjudication } of records) {
    const disputes = disputesOf(first.items, second?.items ?? []);
    if (disputes.length > 0) counts.records += 1;
    counts.total += disputes.length;
    for (const dispute of disputes) {
      const signed = adjudication?.confirmation ? adjudication.items : null;
      counts[(signed && outcomeOf(dispute, signed)) ?? 'open'] += 1;
    }
  }
  return counts;
}

/** Each different value with how many records have it, in the order in which they came. */
function counted<T extends object>(
  records: readonly StudiedRecord[],
  of: (record: StudiedRecord) => T,
): (T & { readonly records: number })[] {
  const counts = new Map<string, T & { records: number }>();
  for (const record of records) {
    const value = of(record);
    const key = JSON.stringify(value);
    const known = counts.get(key);
    if (known) known.records += 1;
    else counts.set(key, { ...value, records: 1 });
  }
  return [...counts.values()];
}

function named(values: readonly unknown[]): string[] {
  return [...new Set(values.filter((value) => typeof value === 'string'))];
}

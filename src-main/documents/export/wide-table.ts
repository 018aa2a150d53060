/** One row a record or a case, one column a type or field of the schemas. */
import type { AnnotationSchema } from '../../domain/contract/annotation-schema';
import type { ExportedFact, ExportedRecord, ExportOptions } from '../../domain/contract/export';
import type { Locale } from '../../domain/contract/ipc';
import { exportColumns, wideColumnIds, wideTexts } from '../../domain/messages/export-columns';
import {
  countRecord,
  isPartial,
  machineLabel,
  confirmedLabel,
  noCounts,
} from '../../domain/rules/export/export-label';
import { distinct } from './headings';
import { isPlain, schemaColumns, type SchemaColumn } from './schema-columns';
import { confirmer, isoTime, joined, type Cell, type Column, type Table } from './table';

type Id = (typeof wideColumnIds)[number];

/** @param schemas of all records that will come; a fact of no column is in the last one */
export function wideTable(options: ExportOptions, schemas: readonly AnnotationSchema[]): Table {
  const { locale } = options;
  const texts = exportColumns[locale];
  const ofSchemas = schemaColumns(schemas, options);
  const all: Column[] = [
    ...wideColumnIds.map((id): Column => {
      const { heading, meaning } = texts[id];
      const more = options.rows === 'case' ? ` ${wideTexts[locale].repeats}` : '';
      return { heading, meaning: `${meaning}${more}`, type: typeOf(id) };
    }),
    ...ofSchemas.map(({ column }) => column),
    {
      ...texts.other,
      meaning: `${texts.other.meaning} ${wideTexts[locale].repeats}`,
      type: 'text',
    },
  ];
  // Of CSV the last heading is another one.
  const [, ...headings] = distinct(
    [texts.guarded.heading, ...all.map(({ heading }) => heading)],
    locale,
  );
  const columns = all.map((column, at) => ({ ...column, heading: headings[at] ?? '' }));
  const rowOf = (records: readonly ExportedRecord[]): Cell[] => {
    const shared = sharedCells(records);
    return [...wideColumnIds.map((id) => shared[id]), ...schemaCells(records, ofSchemas, locale)];
  };
  let waiting: ExportedRecord[] = [];
  const rest = (): Cell[][] => {
    const rows = waiting.length === 0 ? [] : [rowOf(waiting)];
    waiting = [];
    return rows;
  };
  return {
    columns,
    rest,
    rowsOf: (record) => {
      if (options.rows !== 'case' || record.caseId === undefined)
        return [...rest(), rowOf([record])];
      const done = waiting[0]?.caseId === record.caseId ? [] : rest();
      waiting.push(withoutText(record));
      return done;
    },
  };
}

function typeOf(id: Id): Column['type'] {
  if (id === 'deidentified') return 'yes-no';
  return id === 'records' || id === 'facts' || id === 'unconfirmed_facts' ? 'number' : 'text';
}

/** A case of many long notes is not held with their texts. */
function withoutText(record: ExportedRecord): ExportedRecord {
  const rest = { ...record };
  delete rest.text;
  return rest;
}

function sharedCells(records: readonly ExportedRecord[]): Record<Id, Cell> {
  const counts = noCounts();
  for (const record of records) countRecord(counts, record);
  const all = (value: (record: ExportedRecord) => string | null | undefined): string | null => {
    const values = new Set(records.flatMap((record) => value(record) ?? []));
    if (values.size === 0) return null;
    return values.size === 1 && records.length === 1
      ? ([...values][0] ?? null)
      : joined([...values]);
  };
  return {
    record_id: all(({ id }) => id),
    source: all(({ source }) => source),
    case_id: records[0]?.caseId ?? null,
    records: records.length,
    facts: counts.facts,
    unconfirmed_facts: counts.unconfirmedFacts,
    label: counts.unconfirmedRecords > 0 ? machineLabel : confirmedLabel,
    confirmed_by: all(confirmer),
    confirmed_title: all(({ confirmation }) => confirmation?.title),
    confirmed_at: all(({ confirmation }) => isoTime(confirmation?.at)),
    schema: all(({ run }) => run.schema),
    model: all(({ run }) => run.model.name),
    // One record that is partial makes the row partial.
    status: (records.find(isPartial) ?? records[0])?.status ?? null,
    problem: all(({ problem }) => problem?.code),
    text_sha256: all(({ textSha256 }) => textSha256),
    deidentified: records.every(({ deidentified }) => deidentified),
  };
}

function schemaCells(
  records: readonly ExportedRecord[],
  columns: readonly SchemaColumn[],
  locale: Locale,
): Cell[] {
  const taken = new Set<ExportedFact>();
  const cells = columns.map((column): Cell => {
    const facts = records.flatMap((record, order) =>
      record.facts
        .filter((fact) => column.takes(fact, record.run.schema))
        .map((fact) => ({ fact, order })),
    );
    for (const { fact } of facts) taken.add(fact);
    return column.cell(facts, records);
  });
  const others = records.flatMap(({ facts }) => facts.filter((fact) => !taken.has(fact)));
  const words = others.map((fact) => {
    const value = fact.value ?? fact.text ?? wideTexts[locale].notMentioned;
    return `${fact.type}=${value}${isPlain(fact) ? '' : '[!]'}`;
  });
  return [...cells, words.length === 0 ? null : joined(words)];
}

/** One row a fact; a record without facts has one row, so that it is not lost. */
import type { ExportedFact, ExportedRecord, ExportOptions } from '../../domain/contract/export';
import { exportColumns, longColumnIds } from '../../domain/messages/export-columns';
import { factLabel, recordLabel } from '../../domain/rules/export/export-label';
import { schemaOfRun, states } from '../../domain/rules/export/schema-of-run';
import { confirmer, evidenceOf, isoTime, type Cell, type Column, type Table } from './table';

type Id = (typeof longColumnIds)[number];

const types: Partial<Record<Id, Column['type']>> = {
  mentioned: 'yes-no',
  start: 'number',
  end: 'number',
  negated: 'yes-no',
  uncertain: 'yes-no',
  historical: 'yes-no',
  group_index: 'number',
  confidence: 'number',
  deidentified: 'yes-no',
};

export function longTable({ locale, withEvidence }: ExportOptions): Table {
  const texts = exportColumns[locale];
  const ids = longColumnIds.filter((id) => withEvidence || id !== 'evidence');
  return {
    columns: ids.map((id) => ({ ...texts[id], type: types[id] ?? 'text' })),
    rowsOf: (record) => {
      const shared = cellsOfRecord(record);
      const rows = record.facts.map((fact) => ({ ...shared, ...cellsOfFact(fact, record) }));
      return (rows.length === 0 ? [shared] : rows).map((row: Partial<Record<Id, Cell>>) =>
        ids.map((id) => row[id] ?? null),
      );
    },
    rest: () => [],
  };
}

function cellsOfRecord(record: ExportedRecord): Partial<Record<Id, Cell>> {
  const { run, confirmation } = record;
  return {
    record_id: record.id,
    source: record.source ?? null,
    case_id: record.caseId ?? null,
    label: recordLabel(record),
    confirmed_by: confirmer(record),
    confirmed_title: confirmation?.title ?? null,
    confirmed_at: isoTime(confirmation?.at),
    schema: run.schema,
    schema_version: versionText(record),
    model: run.model.name,
    model_sha256: run.model.sha256,
    status: record.status,
    problem: record.problem?.code ?? null,
    text_sha256: record.textSha256,
    deidentified: record.deidentified,
  };
}

function versionText({ run }: ExportedRecord): string | null {
  const version = schemaOfRun(run)?.version;
  return version === undefined ? null : String(version);
}

function cellsOfFact(fact: ExportedFact, record: ExportedRecord): Partial<Record<Id, Cell>> {
  const schema = schemaOfRun(record.run);
  const { attributes } = fact;
  const stated = (name: 'negated' | 'uncertain' | 'historical'): Cell =>
    attributes[name] ?? (states(record.run, schema, name, fact.type) ? false : null);
  return {
    fact_id: fact.id,
    section: fact.section ?? null,
    kind: fact.kind,
    type: fact.type,
    mentioned: fact.text !== null,
    text: fact.text,
    start: fact.start,
    end: fact.end,
    value: fact.value ?? null,
    unit: fact.unit ?? null,
    negated: stated('negated'),
    uncertain: stated('uncertain'),
    historical: stated('historical'),
    experiencer:
      attributes.experiencer ??
      (states(record.run, schema, 'experiencer', fact.type) ? 'patient' : null),
    group: fact.group?.name ?? null,
    group_index: fact.group?.index ?? null,
    confidence: fact.confidence,
    standing: fact.standing,
    review: fact.review ?? null,
    label: factLabel(record, fact),
    evidence: evidenceOf(fact),
  };
}

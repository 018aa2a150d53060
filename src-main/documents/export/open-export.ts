/** Exported records into a file of any format, one after the other; see docs/export.md. */
import { randomUUID } from 'node:crypto';
import type { AnnotationSchema } from '../../domain/contract/annotation-schema';
import type {
  ExportCounts,
  ExportedRecord,
  ExportHead,
  ExportOptions,
} from '../../domain/contract/export';
import {
  aigcOf,
  countRecord,
  fileLabel,
  isConfirmed,
  noCounts,
} from '../../domain/rules/export/export-label';
import { openCsv, writeCsvDictionary } from './csv';
import { openFhir } from './fhir';
import { openHtml } from './html';
import { openJson, openJsonl, type RecordWriter } from './json';
import { longTable } from './long-table';
import type { ByteSink } from './sink';
import type { Table } from './table';
import { wideTable } from './wide-table';
import { openXlsx } from './xlsx';

export interface ExportFile {
  readonly options: ExportOptions;
  /** Of all records that will come: they give a wide table its columns. */
  readonly schemas: readonly AnnotationSchema[];
  /** Whether all records that will come are de-identified. */
  readonly deidentified: boolean;
}

export interface FactWriter {
  /** Records of a case one after the other, where a row is a case. @throws what the sink throws */
  write(record: ExportedRecord): Promise<void>;
  /** Ends the file. @returns what it holds @throws AppError `EXPORT_TOO_LARGE` and the sink's */
  finish(): Promise<ExportCounts>;
}

/**
 * Begins a file. Memory does not grow with the number of records, but for a short name a case.
 *
 * With `which: 'confirmed'` records without a confirmation, and facts that nobody decided, are left out.
 *
 * @throws what the sink throws
 */
export async function openExport(sink: ByteSink, file: ExportFile): Promise<FactWriter> {
  const { options } = file;
  const counts = noCounts();
  const writer = await openWriter(sink, file);
  return {
    write: async (record) => {
      const chosen = options.which === 'confirmed' ? confirmedOnly(record) : record;
      if (!chosen) return;
      countRecord(counts, chosen);
      await writer.write(chosen);
    },
    finish: async () => {
      await writer.finish(counts);
      return counts;
    },
  };
}

/** What the columns of a table of this kind mean, as a CSV file of its own. */
export async function writeDictionary(sink: ByteSink, file: ExportFile): Promise<void> {
  await writeCsvDictionary(sink, tableOf(file).columns, file.options.locale);
}

function confirmedOnly(record: ExportedRecord): ExportedRecord | null {
  if (record.confirmation === null) return null;
  const facts = record.facts.filter((fact) => isConfirmed(record, fact));
  return facts.length === record.facts.length ? record : { ...record, facts };
}

async function openWriter(sink: ByteSink, file: ExportFile): Promise<RecordWriter> {
  const { options, schemas, deidentified } = file;
  const { format, which, locale } = options;
  const head: ExportHead = {
    version: 1,
    label: fileLabel(which),
    aigc: aigcOf(randomUUID()),
    createdAt: new Date().toISOString(),
    which,
    deidentified,
    schemas: [...schemas],
  };
  switch (format) {
    case 'json':
      return openJson(sink, head);
    case 'jsonl':
      return openJsonl(sink, head);
    case 'html':
      return openHtml(sink, head, locale);
    case 'fhir':
      return openFhir(sink, head);
    case 'csv': {
      const table = tableOf(file);
      const rows = await openCsv(sink, table.columns, locale);
      return ofTable(table, { write: rows.write, finish: () => rows.finish() });
    }
    case 'xlsx': {
      const table = tableOf(file);
      return ofTable(table, await openXlsx(sink, { columns: table.columns, head, locale }));
    }
    default:
      return format satisfies never;
  }
}

function tableOf({ options, schemas }: ExportFile): Table {
  return options.layout === 'wide' ? wideTable(options, schemas) : longTable(options);
}

function ofTable(
  table: Table,
  rows: Pick<Awaited<ReturnType<typeof openXlsx>>, 'write' | 'finish'>,
): RecordWriter {
  return {
    write: async (record) => {
      for (const row of table.rowsOf(record)) await rows.write(row);
    },
    finish: async (counts) => {
      for (const row of table.rest()) await rows.write(row);
      await rows.finish(counts);
    },
  };
}

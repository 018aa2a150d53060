/** A table of exported records, whatever kind of file it gets into. */
import type { ExportedFact, ExportedRecord } from '../../domain/contract/export';

export type Cell = string | number | boolean | null;

export interface Column {
  /** Text of the heading. */
  readonly heading: string;
  readonly type: 'text' | 'number' | 'yes-no';
  readonly meaning: string;
}

export interface Table {
  readonly columns: readonly Column[];
  /** Rows that are whole now that this record has come. */
  rowsOf(record: ExportedRecord): Cell[][];
  /** Rows that waited for more. */
  rest(): Cell[][];
}

/** ISO 8601, UTC; milliseconds since the epoch that are none give null. */
export function isoTime(at: number | undefined): string | null {
  const time = new Date(at ?? NaN);
  return Number.isNaN(time.getTime()) ? null : time.toISOString();
}

/** The doctor's name, or what stands for it where a record is de-identified. */
export function confirmer({ confirmation }: ExportedRecord): string | null {
  return confirmation && (confirmation.name === '' ? confirmation.by : confirmation.name);
}

/** `words@start-end`, several separated. */
export function evidenceOf({ evidence }: Pick<ExportedFact, 'evidence'>): string {
  return joined(evidence.map(({ text, start, end }) => `${text}@${start}-${end}`));
}

const separator = ' | ';

/** Several values in a cell, so that they can be told apart again. */
export function joined(values: readonly string[]): string {
  return values.map((value) => value.replace(/[\\|]/g, '\\$&')).join(separator);
}

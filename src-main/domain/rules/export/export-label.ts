/**
 * How exported files say that a machine made them: in words for people and in fields for machines
 * (人工智能生成合成内容标识办法, in force since 2025-09-01, with GB 45438-2025 for the fields).
 */
import type { ExportCounts, ExportedFact, ExportedRecord, ExportHead } from '../../contract/export';

/** In both languages, so that it is understood wherever the file goes. */
export const machineLabel = '机器生成，未经医师确认 / machine-generated, not confirmed';
export const confirmedLabel =
  '机器抽取，医师已审核确认 / machine-extracted, reviewed and confirmed by a doctor';
export const addedLabel = '医师补充并确认 / added and confirmed by a doctor';
export const partialLabel = '未完成：部分结果 / partial';

const producer = 'ChiMed Workstation';

/** @param produceId random; tells one file from another */
export function aigcOf(produceId: string): ExportHead['aigc'] {
  return { Label: '1', ContentProducer: producer, ProduceID: produceId };
}

/** Whether a named doctor confirmed the record that a fact is of, with the fact decided. */
export function isConfirmed(
  record: Pick<ExportedRecord, 'confirmation'>,
  fact: Pick<ExportedFact, 'standing'>,
): boolean {
  return record.confirmation !== null && fact.standing !== 'machine';
}

/** Null once it is confirmed. */
export function recordLabel(record: Pick<ExportedRecord, 'confirmation' | 'facts'>): string | null {
  const confirmed = record.facts.every((fact) => isConfirmed(record, fact));
  return record.confirmation !== null && confirmed ? null : machineLabel;
}

/** What a table says of a fact. */
export function factLabel(
  record: Pick<ExportedRecord, 'confirmation'>,
  fact: Pick<ExportedFact, 'standing'>,
): string {
  if (!isConfirmed(record, fact)) return machineLabel;
  return fact.standing === 'added' ? addedLabel : confirmedLabel;
}

/** Of a whole file, before its records are known. */
export function fileLabel(which: ExportHead['which']): string {
  return which === 'confirmed' ? confirmedLabel : machineLabel;
}

/** A run that did not come to its end. */
export function isPartial({ status }: Pick<ExportedRecord, 'status'>): boolean {
  return status !== 'completed';
}

export function noCounts(): ExportCounts {
  return {
    ...{ records: 0, facts: 0, unconfirmedRecords: 0, unconfirmedFacts: 0 },
    ...{ partialRecords: 0, leftOut: 0, cut: 0 },
  };
}

/** Adds a record to the counts. */
export function countRecord(counts: ExportCounts, record: ExportedRecord): void {
  counts.records += 1;
  counts.facts += record.facts.length;
  if (recordLabel(record) !== null) counts.unconfirmedRecords += 1;
  counts.unconfirmedFacts += record.facts.filter((fact) => !isConfirmed(record, fact)).length;
  if (isPartial(record)) counts.partialRecords += 1;
}

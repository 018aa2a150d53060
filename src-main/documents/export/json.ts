/** JSON as one object, and JSONL as a head, a record a line, and a summary; docs/export.schema.json. */
import type { ExportCounts, ExportedRecord, ExportHead } from '../../domain/contract/export';
import { recordLabel } from '../../domain/rules/export/export-label';
import { TextPieces, type ByteSink } from './sink';

export interface RecordWriter {
  write(record: ExportedRecord): Promise<void>;
  /** @param counts of all that was written */
  finish(counts: ExportCounts): Promise<void>;
}

export async function openJson(sink: ByteSink, head: ExportHead): Promise<RecordWriter> {
  const out = new TextPieces(sink);
  await out.write(`${JSON.stringify(head).slice(0, -1)},"records":[`);
  let count = 0;
  return {
    write: (record) =>
      out.write(`${count++ === 0 ? '' : ','}\n${JSON.stringify(labelled(record))}`),
    finish: async (counts) => {
      await out.write(`\n],"summary":${JSON.stringify(counts)}}\n`);
      await out.flush();
    },
  };
}

export async function openJsonl(sink: ByteSink, head: ExportHead): Promise<RecordWriter> {
  const out = new TextPieces(sink);
  const line = (kind: string, value: object): Promise<void> =>
    out.write(`${JSON.stringify({ kind, ...value })}\n`);
  await line('head', head);
  return {
    write: (record) => line('record', labelled(record)),
    finish: async (counts) => {
      await line('summary', counts);
      await out.flush();
    },
  };
}

function labelled(record: ExportedRecord): object {
  return { label: recordLabel(record), ...record };
}

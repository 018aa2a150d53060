/**
 * Reads one pdf, docx or xlsx. The file is a stranger's and the libraries are large: this thread has a
 * bounded heap, sees no other file, and is ended when it takes too long.
 */
import '../../offline/begin';
import { createHash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import type { ReadRecord } from '../../domain/contract/document';
import { AppError, problemOf } from '../../domain/contract/errors';
import { maxRecordChars } from '../../domain/contract/extraction';
import type { ImportNotice } from '../../domain/contract/record';
import { isWellFormed, toWellFormed } from '../../domain/text/well-formed';
import { contentKind } from '../file-format';
import { BoundedZip } from '../zip/bounded-zip';
import type { DocumentJob, FromThread } from './document-job';

/** Of one message; a table is sent in many. */
const mostRecords = 200;
const mostChars = 1_000_000;

const { bytes, work } = workerData as DocumentJob;

function say(message: FromThread): void {
  parentPort?.postMessage(message);
}

async function* recordsOf(): AsyncGenerator<ReadRecord> {
  const fileSha256 = createHash('sha256').update(bytes).digest('hex');
  if (contentKind(bytes) === 'pdf') {
    const { pdfText, pdfExtractor } = await import('../pdf/pdf-text');
    const { text, pagesWithoutText } = await pdfText(bytes);
    yield oneRecord(text, { format: 'pdf', extractor: pdfExtractor, fileSha256 }, pagesWithoutText);
    return;
  }
  const zip = await BoundedZip.open(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const { mainPart } = await import('../xlsx/relationships');
  const part = await mainPart(zip);
  if (part?.startsWith('word/')) {
    const { docxText, docxExtractor } = await import('../docx/docx-text');
    const text = await docxText(zip);
    yield oneRecord(text, { format: 'docx', extractor: docxExtractor, fileSha256 });
  } else if (part?.startsWith('xl/')) {
    const { workbookRecords } = await import('../xlsx/workbook-records');
    if (work.kind !== 'records' || !work.table) throw new AppError('TABLE_NEEDS_COLUMNS');
    yield* workbookRecords(zip, part, work.table, fileSha256);
  } else throw new AppError(part === null ? 'DOCUMENT_DAMAGED' : 'UNSUPPORTED_FILE');
}

interface Origin {
  readonly format: 'docx' | 'pdf';
  readonly extractor: string;
  readonly fileSha256: string;
}

function oneRecord(raw: string, origin: Origin, pages: readonly number[] = []): ReadRecord {
  if (raw.length > maxRecordChars)
    throw new AppError('TEXT_TOO_LARGE', { params: { chars: raw.length, limit: maxRecordChars } });
  const notices: ImportNotice[] = [];
  if (!isWellFormed(raw)) notices.push('LONE_SURROGATES_REPLACED');
  if (pages.length > 0) notices.push('PAGES_WITHOUT_TEXT');
  const pagesWithoutText = pages.length > 0 ? { pagesWithoutText: pages.slice(0, 1000) } : {};
  return {
    kind: 'record',
    text: toWellFormed(raw),
    source: { kind: 'file', ...origin, ...pagesWithoutText, notices },
  };
}

async function previewOf(sheet?: string, heading?: boolean): Promise<FromThread> {
  const zip = await BoundedZip.open(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const { mainPart } = await import('../xlsx/relationships');
  const part = await mainPart(zip);
  if (!part?.startsWith('xl/')) throw new AppError('UNSUPPORTED_FILE');
  const { previewWorkbook } = await import('../xlsx/workbook-records');
  return { type: 'preview', preview: await previewWorkbook(zip, part, sheet, heading) };
}

const records = recordsOf();

let failure: unknown;

/** As many records as fit into one message; what stops them is told after those before it. */
async function nextRecords(): Promise<FromThread> {
  if (failure !== undefined) throw failure;
  const batch: ReadRecord[] = [];
  let chars = 0;
  try {
    while (batch.length < mostRecords && chars < mostChars) {
      const next = await records.next();
      if (next.done === true) return { type: 'records', records: batch, isLast: true };
      batch.push(next.value);
      if (next.value.kind === 'record') chars += next.value.text.length;
    }
  } catch (error) {
    if (batch.length === 0) throw error;
    failure = error;
  }
  return { type: 'records', records: batch, isLast: false };
}

async function answer(): Promise<void> {
  try {
    say(work.kind === 'preview' ? await previewOf(work.sheet, work.heading) : await nextRecords());
  } catch (error) {
    // A stack that ran out, a number that is none: of a file that is built wrongly, not of ours.
    const isOwn = error instanceof AppError;
    say({ type: 'failed', problem: isOwn ? problemOf(error) : { code: 'DOCUMENT_DAMAGED' } });
  }
}

parentPort?.on('message', () => void answer());
say({ type: 'ready' });

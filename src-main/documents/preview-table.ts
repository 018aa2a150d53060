/** The beginning of a table, and which of its columns seem to hold what. */
import {
  maxTableFileBytes,
  maxWorkbookFileBytes,
  type TablePreview,
} from '../domain/contract/document';
import { AppError } from '../domain/contract/errors';
import { previewCsv } from './csv/csv-records';
import { contentKind, formatOfName, headBytes, isEncryptedOffice } from './file-format';
import { checkSize, openFile, readStart } from './read-file';
import { previewInThread, type ThreadLimits } from './thread/read-in-thread';

export interface PreviewOptions {
  /** Of a workbook; the first one where absent. */
  readonly sheet?: string | undefined;
  /** Whether the first row holds headings; guessed where absent. */
  readonly heading?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Of the thread that reads a workbook. */
  readonly limits?: ThreadLimits;
}

/**
 * Of a csv all bytes are looked at, because only then its encoding is known; of a workbook no more than
 * its texts and its first rows.
 * @throws AppError `UNSUPPORTED_FILE` for a file that is no table, and what reading it throws
 * @throws Cancelled
 */
export async function previewTable(
  path: string,
  { sheet, heading, ...options }: PreviewOptions = {},
): Promise<TablePreview> {
  const { file, bytes } = await openFile(path);
  try {
    if (bytes === 0) throw new AppError('FILE_EMPTY');
    const kind = contentKind(await readStart(file, Math.min(bytes, headBytes)));
    if (kind === 'plain' && formatOfName(path) === 'csv') {
      checkSize(bytes, maxTableFileBytes);
      return await previewCsv(file, heading, options.signal);
    }
    if (kind !== 'zip' && kind !== 'ole') throw new AppError('UNSUPPORTED_FILE');
    checkSize(bytes, maxWorkbookFileBytes);
    const whole = await readStart(file, bytes);
    if (kind === 'ole')
      throw new AppError(isEncryptedOffice(whole) ? 'DOCUMENT_ENCRYPTED' : 'OLD_OFFICE_FORMAT');
    const handedOver = new Uint8Array(whole.buffer as ArrayBuffer, whole.byteOffset, whole.length);
    const work = {
      ...(sheet === undefined ? {} : { sheet }),
      ...(heading === undefined ? {} : { heading }),
    };
    return await previewInThread(handedOver, work, options);
  } finally {
    await file.close();
  }
}

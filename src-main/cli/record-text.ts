import { stat, readFile } from 'node:fs/promises';
import { AppError } from '../domain/contract/errors';
import { maxRecordFileBytes } from '../domain/contract/worker-port';
import { decodeText } from '../documents/decode-text';

/** The text of one record. @throws AppError `FILE_UNREADABLE`, `FILE_TOO_LARGE`, those of `decodeText` */
export async function readRecordText(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > maxRecordFileBytes) {
      throw new AppError('FILE_TOO_LARGE', { params: { bytes: size, limit: maxRecordFileBytes } });
    }
    return decodeText(await readFile(path)).text;
  } catch (error) {
    throw error instanceof AppError ? error : new AppError('FILE_UNREADABLE', { cause: error });
  }
}

import { AppError } from '../domain/contract/errors';
import { readDocument } from '../documents/read-document';

/**
 * The text of one record: of a text, docx or pdf.
 * @throws AppError those of `readDocument`; `TABLE_NEEDS_BATCH` for a table
 */
export async function readRecordText(path: string): Promise<string> {
  for await (const read of readDocument(path)) {
    if (read.kind === 'record') return read.text;
    const { problem } = read;
    if (problem.code === 'TABLE_NEEDS_COLUMNS') throw new AppError('TABLE_NEEDS_BATCH');
    throw new AppError(problem.code, problem);
  }
  throw new AppError('EMPTY_TEXT');
}

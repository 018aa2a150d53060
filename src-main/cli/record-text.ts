import { AppError } from '../domain/contract/errors';
import { readDocument } from '../documents/read-document';
import { messagesFor } from '../domain/messages';
import { locale, note } from './terminal';

/**
 * The text of one record: of a text, docx or pdf. What is not in it, such as a scanned page, is said.
 * @throws AppError those of `readDocument`; `TABLE_NEEDS_BATCH` for a table
 */
export async function readRecordText(path: string): Promise<string> {
  for await (const read of readDocument(path)) {
    if (read.kind === 'record') {
      for (const notice of read.source.notices)
        note(`${path}: ${messagesFor(locale).records.notice[notice]}`);
      return read.text;
    }
    const { problem } = read;
    if (problem.code === 'TABLE_NEEDS_COLUMNS') throw new AppError('TABLE_NEEDS_BATCH');
    throw new AppError(problem.code, problem);
  }
  throw new AppError('EMPTY_TEXT');
}

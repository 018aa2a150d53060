/** The beginning of a table, and which of its columns seem to hold what. */
import type { TablePreview } from '../domain/contract/document';
import { AppError } from '../domain/contract/errors';

export interface PreviewOptions {
  /** Of a workbook; the first one where absent. */
  readonly sheet?: string;
  /** Whether the first row holds headings; guessed where absent. */
  readonly heading?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * @throws AppError for a file that is no table (`UNSUPPORTED_FILE`) or cannot be read
 * @throws Cancelled
 */
export function previewTable(_path: string, _options: PreviewOptions = {}): Promise<TablePreview> {
  return Promise.reject(new AppError('UNSUPPORTED_FILE'));
}

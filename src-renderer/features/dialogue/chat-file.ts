/** The text of a chat's file that was dropped on a conversation. */
import { AppError } from '@domain/contract/errors';
import { maxExportChars } from '@domain/rules/dialogue/exported-messages';

/** No character of the encodings below takes more bytes. */
const maxBytes = 4 * maxExportChars;

/** What is a chat by its name; another file is imported as a record. */
export function isChatFile({ name }: Pick<File, 'name'>): boolean {
  return /\.(?:json|jsonl|csv|tsv|txt)$/iu.test(name);
}

/**
 * UTF-16 with its mark, UTF-8, or GB18030.
 *
 * @throws AppError `FILE_EMPTY`, `FILE_TOO_LARGE`, `FILE_UNREADABLE`, `FILE_NOT_TEXT`, `TEXT_TOO_LARGE`
 */
export async function readChatFile(file: Pick<File, 'size' | 'arrayBuffer'>): Promise<string> {
  if (file.size === 0) throw new AppError('FILE_EMPTY');
  if (file.size > maxBytes)
    throw new AppError('FILE_TOO_LARGE', { params: { bytes: file.size, limit: maxBytes } });
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(await file.arrayBuffer());
  } catch (cause) {
    throw new AppError('FILE_UNREADABLE', { cause });
  }
  const text = decoded(bytes);
  if (text === null || text.includes('\0')) throw new AppError('FILE_NOT_TEXT');
  if (text.length > maxExportChars)
    throw new AppError('TEXT_TOO_LARGE', { params: { chars: text.length, limit: maxExportChars } });
  return text;
}

function decoded(bytes: Uint8Array): string | null {
  const [one, two] = bytes;
  const marked =
    one === 0xff && two === 0xfe ? 'utf-16le' : one === 0xfe && two === 0xff ? 'utf-16be' : null;
  for (const encoding of marked ? [marked] : ['utf-8', 'gb18030']) {
    try {
      return new TextDecoder(encoding, { fatal: true }).decode(bytes);
    } catch {
      // Not in this one.
    }
  }
  return null;
}

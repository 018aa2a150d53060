/** The lines of a file that may be larger than memory. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { AppError } from '../domain/contract/errors';

export interface Line {
  /** From 1. */
  readonly number: number;
  /** Without the line feed. */
  readonly bytes: Buffer;
}

const lineFeed = 0x0a;

/**
 * One line at a time; what follows the last line feed is a line too, unless it is empty.
 * @param maxLineBytes more than this is refused before it is held
 * @throws AppError `FILE_UNREADABLE`; `DATASET_LINE_INVALID` for a line that is too long
 */
export async function* readLines(path: string, maxLineBytes: number): AsyncGenerator<Line> {
  let number = 1;
  let pieces: Buffer[] = [];
  let held = 0;
  const hold = (piece: Buffer): void => {
    held += piece.length;
    if (held > maxLineBytes) {
      throw new AppError('DATASET_LINE_INVALID', { params: { line: number, field: 'size' } });
    }
    pieces.push(piece);
  };
  const take = (): Line => {
    const line = { number: number++, bytes: Buffer.concat(pieces, held) };
    pieces = [];
    held = 0;
    return line;
  };
  try {
    // A pipe could be read once only, and a file is read twice: to check it, then to run it.
    if (!(await stat(path)).isFile()) throw unreadable(path);
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      let from = 0;
      for (let at = chunk.indexOf(lineFeed); at >= 0; at = chunk.indexOf(lineFeed, from)) {
        hold(chunk.subarray(from, at));
        from = at + 1;
        yield take();
      }
      hold(chunk.subarray(from));
    }
    if (held > 0) yield take();
  } catch (error) {
    throw error instanceof AppError ? error : unreadable(path, error);
  }
}

function unreadable(path: string, cause?: unknown): AppError {
  return new AppError('FILE_UNREADABLE', { params: { file: basename(path) }, cause });
}

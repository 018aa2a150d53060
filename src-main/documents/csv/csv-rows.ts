/** The rows of a csv file as a stream: memory does not grow with the file. */
import { parse, CsvError } from 'csv-parse';
import iconv from 'iconv-lite';
import { AppError } from '../../domain/contract/errors';
import type { TextEncodingName } from '../../domain/contract/record';
import type { TableRow } from '../table/table-row';
import { delimiterOf, separatorLine } from './delimiter';

/** UTF-16 units; a longer row means that a quotation mark is missing. */
const maxRowChars = 16_000_000;
/** UTF-16 units that decide what separates cells. */
const sampleChars = 65_536;

/**
 * @param pieces the file's bytes in order
 * @throws AppError `TABLE_DAMAGED` (row), after the rows before it
 */
export async function* csvRows(
  pieces: AsyncIterable<Buffer>,
  encoding: TextEncodingName,
): AsyncGenerator<TableRow> {
  const texts = decoded(pieces, encoding);
  const start = await sample(texts);
  const stated = separatorLine(start);
  const parser = parse({
    delimiter: stated?.delimiter ?? delimiterOf(start),
    // Words in quotation marks within a cell are as common as cells that are quoted as a whole.
    relax_quotes: true,
    relax_column_count: true,
    max_record_size: maxRowChars,
    // Before trimming nothing: line ends and blanks of a record are its own.
    trim: false,
  });
  let number = stated ? 1 : 0;
  const feeding = feed(parser, start.slice(stated?.length ?? 0), texts);
  feeding.catch(() => undefined);
  try {
    for await (const row of parser as AsyncIterable<string[]>) {
      number++;
      yield { number, cells: row.map((text) => ({ text })) };
    }
    await feeding;
  } catch (error) {
    if (error instanceof CsvError)
      throw new AppError('TABLE_DAMAGED', { params: { row: number + 1 }, cause: error });
    throw error;
  } finally {
    parser.destroy();
  }
}

type Parser = ReturnType<typeof parse>;

async function feed(parser: Parser, start: string, texts: AsyncIterator<string>): Promise<void> {
  try {
    for (let text: string | null = start; text !== null;) {
      if (!parser.write(text)) await drained(parser);
      if (parser.destroyed) return;
      const next = await texts.next();
      text = next.done === true ? null : next.value;
    }
    parser.end();
  } catch (error) {
    parser.destroy(error instanceof Error ? error : new Error('reading failed'));
  } finally {
    await texts.return?.(undefined);
  }
}

function drained(parser: Parser): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      parser.off('drain', done);
      parser.off('close', done);
      resolve();
    };
    parser.on('drain', done);
    parser.on('close', done);
  });
}

async function sample(texts: AsyncIterator<string>): Promise<string> {
  let start = '';
  while (start.length < sampleChars) {
    const next = await texts.next();
    if (next.done === true) break;
    start += next.value;
  }
  return start;
}

/** Without a byte order mark. Only strict decoding of all lines chose the encoding, so nothing fails. */
async function* decoded(
  pieces: AsyncIterable<Buffer>,
  encoding: TextEncodingName,
): AsyncGenerator<string> {
  const decoder = iconv.getDecoder(encoding, { stripBOM: true });
  for await (const piece of pieces) yield decoder.write(piece);
  yield decoder.end() ?? '';
}

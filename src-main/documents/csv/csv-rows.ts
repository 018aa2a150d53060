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
  try {
    const start = await sample(texts);
    const stated = separatorLine(start);
    const rows = new RowParser(stated?.delimiter ?? delimiterOf(start));
    let number = stated ? 1 : 0;
    let text: string | null = start.slice(stated?.length ?? 0);
    for (;;) {
      const fault: unknown = await rows.feed(text);
      for (const cells of rows.take()) {
        number++;
        yield { number, cells: cells.map((cell) => ({ text: cell })) };
      }
      if (fault instanceof CsvError)
        throw new AppError('TABLE_DAMAGED', { params: { row: number + 1 }, cause: fault });
      if (fault) throw fault;
      if (text === null) return;
      const next = await texts.next();
      text = next.done === true ? null : next.value;
    }
  } finally {
    await texts.return(undefined);
  }
}

/** The library's stream would throw away the rows that it holds when it meets a fault: here they are kept. */
class RowParser {
  readonly #parser: ReturnType<typeof parse>;
  #rows: string[][] = [];

  constructor(delimiter: string) {
    this.#parser = parse({
      delimiter,
      // Words in quotation marks within a cell are as common as cells that are quoted as a whole.
      relax_quotes: true,
      relax_column_count: true,
      max_record_size: maxRowChars,
      // Before trimming nothing: line ends and blanks of a record are its own.
      trim: false,
      on_record: (cells: string[]) => {
        this.#rows.push(cells);
        return null;
      },
    });
    // Told to whoever feeds it.
    this.#parser.on('error', () => undefined);
  }

  /** @param text null for the end @returns what is wrong, after the rows before it; undefined if nothing */
  feed(text: string | null): Promise<unknown> {
    return new Promise((resolve) => {
      if (text === null) this.#parser.end(resolve);
      else this.#parser.write(text, resolve);
    });
  }

  take(): string[][] {
    const rows = this.#rows;
    this.#rows = [];
    return rows;
  }
}

async function sample(texts: AsyncGenerator<string>): Promise<string> {
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

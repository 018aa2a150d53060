/** Reading committed rows of the journal: a page of neighbours in one read of the file. */
import { AppError } from '../domain/contract/errors';
import type { JournalRow } from '../domain/contract/record';
import { readFully, readProblem, type VaultFile } from './files';
import { decodeRowHead } from './journal-format';
import type { JournalIndex, RowPlace } from './journal-index';

/** One answer of `read` holds at most about this, bytes; but always one row. */
const readBytes = 8 * 1024 * 1024;

export interface Page {
  readonly places: readonly RowPlace[];
  /** Every readable row up to this number is among them, or came before. */
  readonly upTo: number;
}

/** Where the rows after `after` lie that can be read: at most `limit`, within about 8 MB. */
export function pageOf(index: JournalIndex, after: number, limit: number): Page {
  const places: RowPlace[] = [];
  let upTo = Math.min(after, index.lastSeq);
  while (places.length < limit) {
    const place = index.place(upTo + 1);
    if (!place) break;
    if (index.isReadable(place)) {
      const start = places[0]?.offset ?? place.offset;
      if (places.length > 0 && place.offset + place.bytes - start > readBytes) break;
      places.push(place);
    }
    upTo = place.seq;
  }
  return { places, upTo };
}

/**
 * @param places rows that can be read, near each other in the file, in order
 * @throws AppError `STORE_READ_FAILED`, `STORE_CORRUPT`
 */
export async function readRows(
  file: VaultFile,
  places: readonly RowPlace[],
): Promise<JournalRow[]> {
  const [first] = places;
  const last = places.at(-1);
  if (!first || !last) return [];
  const span = new Uint8Array(last.offset + last.bytes - first.offset);
  let got: number;
  try {
    got = await readFully(file, span, first.offset);
  } catch (error) {
    throw readProblem(error);
  }
  if (got !== span.byteLength) throw new AppError('STORE_READ_FAILED');
  return places.map((place) => {
    const at = place.offset - first.offset;
    const head = decodeRowHead(span, at);
    if (!head?.table || head.headBytes + head.sealedBytes !== place.bytes) {
      throw new AppError('STORE_CORRUPT', { params: { offset: place.offset } });
    }
    // A copy of its own: a view would drag the whole span along when it is posted to a window.
    const sealed = span.slice(at + head.headBytes, at + place.bytes);
    return { seq: place.seq, table: head.table, id: head.id, version: head.version, sealed };
  });
}

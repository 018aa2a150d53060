/**
 * Files and notes into records of a batch. Each is first noted in the batch's box, then made in the
 * journal under the id that was noted, so that an import that was killed anywhere goes on without losing
 * or repeating anything. A text is a record once: what was there before, or came earlier in the same
 * batch, is a duplicate, unless it is known to be of another case.
 */
import { createHash, randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import type { DocumentFormat, RecordSource } from '../../domain/contract/record';
import type { ReadRecord, TableChoice, TablePreview } from '../../domain/contract/document';
import { AppError, problemOf, type Problem } from '../../domain/contract/errors';
import { maxRecordChars } from '../../domain/contract/extraction';
import { Cancelled } from '../../domain/contract/rpc';
import { toWellFormed } from '../../domain/text/well-formed';
import type { RecordStore } from '../store';
import type { ItemEntry, StoredSource } from './batch-entries';
import type { BatchLog } from './batch-log';
import { titleOfFile, titleOfNote } from './record-title';

/** What the queue needs of the room that reads files. */
export interface Documents {
  list(
    paths: readonly string[],
    options: { onSkipped(path: string, problem: Problem): void; signal?: AbortSignal },
  ): AsyncGenerator<{ readonly path: string; readonly bytes: number }>;
  read(
    path: string,
    options: { table?: TableChoice; signal: AbortSignal },
  ): AsyncGenerator<ReadRecord>;
  preview(path: string, options: { sheet?: string; heading?: boolean }): Promise<TablePreview>;
  /** By its name; null where no reader takes it. */
  formatOf(path: string): DocumentFormat | null;
}

type Store = Pick<RecordStore, 'create' | 'duplicates'>;

interface Piece {
  readonly place: string;
  /** Places that stood for this one while they could not be read: its file, and the folders above. */
  readonly above: readonly string[];
  readonly title: string;
  readonly row?: number | undefined;
  readonly caseId?: string | undefined;
  readonly read:
    { readonly text: string; readonly source: RecordSource } | { readonly problem: Problem };
}

export interface ImportParts {
  readonly log: BatchLog;
  readonly store: Store;
  readonly documents: Documents;
  readonly signal: AbortSignal;
  /** A record was made. */
  onCreated(recordId: string): void;
  /** A record of the batch is known. */
  onItem(number: number): void;
}

/**
 * Goes on with the import of a batch, from wherever it was.
 *
 * @throws Cancelled
 * @throws AppError what the box and the journal throw: the import can go on later
 */
export async function importBatch(parts: ImportParts): Promise<void> {
  const { log, signal } = parts;
  // What was noted and not made yet when it was interrupted.
  if (log.state.size > 0) {
    for await (const entry of log.items()) {
      if (signal.aborted) throw new Cancelled();
      await makeRecord(entry, parts);
    }
  }
  do {
    const again = new Map(log.state.toRead);
    const held = new Map<number, Piece>();
    for await (const piece of piecesOf(log.state.ordered.source, parts)) {
      if (signal.aborted) throw new Cancelled();
      if (log.state.hasPlace(piece.place)) continue;
      // A file that came into the folder meanwhile is not what was asked for.
      const isWanted = [piece.place, ...piece.above].some((place) => again.has(place));
      if (log.state.readsAgain && !isWanted) continue;
      const number = log.state.toRead.get(piece.place);
      const ofWhole = number ?? piece.above.map((each) => again.get(each)).find(isNumber);
      if (number === undefined && ofWhole !== undefined && !held.has(ofWhole)) {
        // It takes the failure's number last: only then all that was behind the failure is known.
        held.set(ofWhole, piece);
        continue;
      }
      await take(await entryOf(piece, number ?? log.state.size, parts), parts);
    }
    for (const [number, piece] of held) await take(await entryOf(piece, number, parts), parts);
    for (const [place, number] of again) {
      if (log.state.toRead.get(place) !== number) continue;
      const title = log.state.item(number).name ?? '';
      await take(failed({ number, place, title }, { code: 'FILE_UNREADABLE' }), parts);
    }
    // Something may have been asked for while the files before it were read.
  } while (log.state.toRead.size > 0);
  await log.appendState({ what: 'imported' });
}

async function take(entry: ItemEntry, parts: ImportParts): Promise<void> {
  await parts.log.appendItem(entry);
  await makeRecord(entry, parts);
  parts.onItem(entry.number);
}

/** Made already: nothing happens. */
async function makeRecord(entry: ItemEntry, { store, onCreated }: ImportParts): Promise<void> {
  const { recordId, creates, title, text, source, caseId } = entry;
  if (!creates || recordId === null || text === null || source === null) return;
  const { isNew } = await store.create({ title, text, source, caseId, recordId });
  if (isNew) onCreated(recordId);
}

async function entryOf(
  piece: Piece,
  number: number,
  { log, store }: ImportParts,
): Promise<ItemEntry> {
  const { state } = log;
  const { place, title, row, caseId } = piece;
  const base = {
    ...{ number, place, title },
    ...(row === undefined ? {} : { row }),
    ...(caseId === undefined ? {} : { caseId }),
  };
  if ('problem' in piece.read) return failed(base, piece.read.problem);
  const { source } = piece.read;
  const text = toWellFormed(piece.read.text);
  if (text.trim() === '') return failed(base, { code: 'EMPTY_TEXT' });
  if (text.length > maxRecordChars) {
    return failed(base, {
      code: 'TEXT_TOO_LARGE',
      params: { chars: text.length, limit: maxRecordChars },
    });
  }
  const textSha256 = createHash('sha256').update(text, 'utf-8').digest('hex');
  const read = {
    ...base,
    ...{ chars: text.length, textSha256, source },
  };
  const earlier = state.withText(textSha256, piece.caseId);
  if (earlier !== undefined) {
    const { recordId } = state.item(earlier);
    return {
      ...read,
      recordId,
      creates: false,
      text: null,
      outcome: { state: 'duplicate', of: earlier },
    };
  }
  // One whose case is not known may be that of several rows; it is run for one of them.
  const existing = (await store.duplicates(text, piece.caseId)).find(
    (recordId) => !state.runs(recordId, textSha256),
  );
  if (existing !== undefined && state.ordered.duplicates === 'skip') {
    return {
      ...read,
      recordId: existing,
      creates: false,
      text: null,
      outcome: { state: 'duplicate' },
    };
  }
  return {
    ...read,
    recordId: existing ?? randomUUID(),
    creates: existing === undefined,
    text,
    outcome: { state: 'waiting' },
  };
}

function isNumber(value: number | undefined): value is number {
  return value !== undefined;
}

function failed(base: Pick<ItemEntry, 'number' | 'place' | 'title'>, problem: Problem): ItemEntry {
  return {
    ...base,
    ...{ recordId: null, creates: false, text: null, chars: 0, textSha256: null, source: null },
    outcome: { state: 'failed', problem },
  };
}

async function* piecesOf(source: StoredSource, parts: ImportParts): AsyncGenerator<Piece> {
  // Those are there already.
  if (source.kind === 'records') return;
  if (source.kind === 'notes') {
    for (const [index, text] of source.notes.entries()) {
      yield {
        place: placeOf('note', String(index)),
        above: [],
        title: titleOfNote(text, index + 1),
        read: { text, source: { kind: 'paste', notices: [] } },
      };
    }
    return;
  }
  const tables = new Map(source.tables.map(({ path, choice }) => [path, choice]));
  const skipped: Piece[] = [];
  const onSkipped = (path: string, problem: Problem): void => {
    const above = placesAbove(path, parts);
    skipped.push({ place: placeOf(path), above, title: titleOfFile(path), read: { problem } });
  };
  const { documents, signal } = parts;
  for await (const { path } of documents.list(source.paths, { onSkipped, signal })) {
    yield* skipped.splice(0);
    // Whatever it holds is known by now.
    if (parts.log.state.hasPlace(placeOf(path))) continue;
    yield* piecesOfFile(path, tables.get(path), parts);
  }
  yield* skipped;
}

async function* piecesOfFile(
  path: string,
  chosen: TableChoice | undefined,
  parts: ImportParts,
): AsyncGenerator<Piece> {
  const { documents, signal } = parts;
  const above = placesAbove(path, parts);
  try {
    const table = chosen ?? (await tableReadAgain(path, parts));
    for await (const each of documents.read(path, { ...(table ? { table } : {}), signal })) {
      if (each.kind === 'problem') {
        const { problem, ...of } = each;
        yield { ...pieceOf(path, of), above, read: { problem } };
        continue;
      }
      const { text, source, caseId } = each;
      yield { ...pieceOf(path, { row: source.row, caseId }), above, read: { text, source } };
    }
  } catch (error) {
    if (error instanceof Cancelled) throw error;
    const problem =
      error instanceof AppError ? problemOf(error) : { code: 'FILE_UNREADABLE' as const };
    yield { place: placeOf(path), above, title: titleOfFile(path), read: { problem } };
  }
}

function pieceOf(
  path: string,
  { row, caseId }: Pick<Piece, 'row' | 'caseId'>,
): Omit<Piece, 'read' | 'above'> {
  return { place: placeOf(path, row), title: titleOfFile(path, { row, caseId }), row, caseId };
}

/** Nobody could choose columns of a table that could not be read: then those that its headings suggest. */
async function tableReadAgain(
  path: string,
  { log, documents }: ImportParts,
): Promise<TableChoice | undefined> {
  const format = documents.formatOf(path);
  if (format !== 'csv' && format !== 'xlsx') return undefined;
  if (!log.state.toRead.has(placeOf(path))) return undefined;
  const preview = await documents.preview(path, {}).catch(() => null);
  return preview?.suggestion ?? undefined;
}

function placesAbove(path: string, { log }: ImportParts): string[] {
  if (log.state.toRead.size === 0) return [];
  const above = [placeOf(path)];
  for (let at = path; dirname(at) !== at; at = dirname(at)) above.push(placeOf(dirname(at)));
  return above;
}

/** The same for the same row of the same file; short, as all of a batch's are held in memory. */
function placeOf(path: string, row?: number | string): string {
  const place = row === undefined ? path : `${path}\0${row}`;
  return createHash('sha256').update(place, 'utf-8').digest('base64').slice(0, 22);
}

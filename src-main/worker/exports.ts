/** Previews and writes exports of the vault's records; clear text goes from here to the file only. */
import { createHash, randomBytes } from 'node:crypto';
import { AppError } from '../domain/contract/errors';
import type {
  ExportDeidentify,
  ExportedRecord,
  ExportPreview,
  ExportProgress,
  ExportReport,
} from '../domain/contract/export';
import { Cancelled, type HandlerContext, type ParamsOf } from '../domain/contract/rpc';
import type { WorkerMethods } from '../domain/contract/worker-port';
import { patientShiftDays } from '../domain/rules/deidentify/date-shift';
import { CasePseudonyms, deidentifyRecord } from '../domain/rules/deidentify/deidentify-record';
import { findIdentifiers } from '../domain/rules/deidentify/find-identifiers';
import type { Identifier, IdentifierKind } from '../domain/rules/deidentify/identifier';
import { countRecord, noCounts } from '../domain/rules/export/export-label';
import { SchemaCollection } from '../domain/rules/export/schema-of-run';
import { openExport, writeDictionary, type ExportFile } from '../documents/export/open-export';
import type { ByteSink } from '../documents/export/sink';
import type { Vault } from '../vault/vault';
import { ExportSource } from './export-source';
import type { TicketPlace } from './write-tickets';

type Context = HandlerContext<ExportProgress>;
type RunParams = ParamsOf<WorkerMethods['exports.run']>;

/** Writes a file whole or not at all; as `writeChosenStream`. */
export type WriteStream = <T>(
  path: string,
  fill: (file: ByteSink) => Promise<T>,
) => Promise<{ bytes: number; result: T }>;

/** Records that a preview searches for identifiers, a second a megabyte. */
const mostSearched = 200;
/** Examples of each kind. */
const mostExamples = 5;

/** @throws AppError what the journal throws; Cancelled */
export async function previewExport(
  vault: Vault,
  { selection, deidentify }: ParamsOf<WorkerMethods['exports.preview']>,
  { signal, emit }: Context,
): Promise<ExportPreview> {
  const source = new ExportSource(vault, selection);
  const places = await source.places();
  const counts = noCounts();
  const schemas = new Map<string, number>();
  const found = new Found();
  let withoutRun = 0;
  for (const [done, place] of places.entries()) {
    if (signal.aborted) throw new Cancelled();
    if (done % 20 === 0) emit({ done, total: places.length });
    for (const id of await source.schemasOf(place)) schemas.set(id, (schemas.get(id) ?? 0) + 1);
    const record = await source.read(place);
    if (!record) withoutRun += 1;
    else if (selection.which === 'all' || record.confirmation) {
      countRecord(counts, record);
      if (deidentify && found.records < mostSearched) found.add(record.text ?? '');
    }
  }
  return {
    counts,
    withoutRun,
    schemas: [...schemas].map(([id, records]) => ({ id, records })),
    identifiers: found.counts,
    searchedRecords: found.records,
    sample: found.sample,
  };
}

/**
 * Reads the records twice: what a table has as columns is known only at the end.
 *
 * @param place that the ticket stands for @param dictionary that of the dictionary, if wanted
 * @throws AppError `BAD_REQUEST` for a file that the ticket is not for, and what the journal, the place
 *   and the writers throw; Cancelled
 */
export async function runExport(
  vault: Vault,
  { selection, options, deidentify }: Omit<RunParams, 'ticket' | 'dictionaryTicket'>,
  { place, dictionary }: { readonly place: TicketPlace; readonly dictionary: TicketPlace | null },
  write: WriteStream,
  { signal, emit }: Context,
): Promise<ExportReport> {
  // The policy was asked when the ticket was given: what it allowed is what may be written.
  if (place.format !== options.format || place.dictionary) throw new AppError('BAD_REQUEST');
  if (place.deidentified && !deidentify) throw new AppError('BAD_REQUEST');
  if (dictionary && !dictionary.dictionary) throw new AppError('BAD_REQUEST');
  const source = new ExportSource(vault, selection);
  const places = await source.places({ byCase: options.rows === 'case' });
  const collection = new SchemaCollection();
  const total = places.length * 2;
  let done = 0;
  async function* records(): AsyncGenerator<ExportedRecord> {
    for (const one of places) {
      if (signal.aborted) throw new Cancelled();
      if (done % 20 === 0) emit({ done, total });
      done += 1;
      const record = await source.read(one);
      if (record && (selection.which === 'all' || record.confirmation)) yield record;
    }
  }
  for await (const record of records()) collection.add(record);
  const file: ExportFile = {
    options: { ...options, which: selection.which },
    schemas: collection.schemas,
    deidentified: deidentify !== null,
  };
  const clear = deidentify && new Deidentifying(deidentify);
  const { bytes, result: counts } = await write(place.path, async (sink) => {
    const writer = await openExport(sink, file);
    for await (const record of records())
      await writer.write(clear ? await clear.of(record) : record);
    return writer.finish();
  });
  if (dictionary) await write(dictionary.path, (sink) => writeDictionary(sink, file));
  return {
    bytes,
    counts,
    replaced: clear?.replaced ?? {},
    maskedFacts: clear?.maskedFacts ?? 0,
  };
}

class Deidentifying {
  readonly #how: ExportDeidentify;
  readonly #cases = new CasePseudonyms();
  /** Drawn anew for each file, so that two files cannot be laid side by side. */
  readonly #key = new Uint8Array(randomBytes(32));
  readonly replaced: Partial<Record<IdentifierKind, number>> = {};
  maskedFacts = 0;

  constructor(how: ExportDeidentify) {
    this.#how = how;
  }

  async of(record: ExportedRecord): Promise<ExportedRecord> {
    const { dates } = this.#how;
    const { caseId, id } = record;
    const made = deidentifyRecord(record, {
      identifiers: this.#identifiersOf(record),
      caseId: caseId === undefined ? undefined : this.#cases.of(caseId),
      sha256: (text) => createHash('sha256').update(text, 'utf8').digest('hex'),
      ...(dates === 'shift' ? { shiftDays: await patientShiftDays(this.#key, caseId ?? id) } : {}),
    });
    this.maskedFacts += made.maskedFacts;
    for (const [kind, count] of Object.entries(made.counts) as [IdentifierKind, number][])
      this.replaced[kind] = (this.replaced[kind] ?? 0) + count;
    return made.record;
  }

  #identifiersOf({ id, text = '' }: ExportedRecord): Identifier[] {
    const { corrections } = this.#how;
    if (corrections?.recordId !== id) return findIdentifiers(text);
    return corrections.identifiers.map(({ kind, start, end }) => ({
      ...{ kind, start, end, rule: 'person' },
      text: text.slice(start, end),
    }));
  }
}

/** What was found, and some of it to look at. */
class Found {
  readonly counts: Partial<Record<IdentifierKind, number>> = {};
  readonly #examples = new Map<string, { kind: IdentifierKind; text: string }>();
  readonly #perKind = new Map<IdentifierKind, number>();
  records = 0;

  get sample(): { kind: IdentifierKind; text: string }[] {
    return [...this.#examples.values()];
  }

  add(text: string): void {
    this.records += 1;
    for (const { kind, text: words } of findIdentifiers(text)) {
      this.counts[kind] = (this.counts[kind] ?? 0) + 1;
      const shown = this.#perKind.get(kind) ?? 0;
      const key = `${kind} ${words}`;
      if (shown >= mostExamples || this.#examples.has(key)) continue;
      this.#perKind.set(kind, shown + 1);
      this.#examples.set(key, { kind, text: words });
    }
  }
}

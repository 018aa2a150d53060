/** Files and folders that a person chose, which main has checked, by the ticket that the page has of them. */
import { basename } from 'node:path';
import type { BatchSource, ExaminedFiles } from '../../domain/contract/batch';
import type { TablePreview } from '../../domain/contract/document';
import { AppError } from '../../domain/contract/errors';
import type { StoredSource } from './batch-entries';
import type { Documents } from './batch-import';

/** What is read to estimate by: enough to say something, little enough to wait for. */
const sampleFiles = 24;
const sampleBytes = 2_000_000;
const sampleChars = 20_000;
/** Tickets that are remembered; a page has one at a time. */
const mostTickets = 8;
const mostNames = 20;
const mostTables = 1_000;

export class ChosenFiles {
  readonly #documents: Documents;
  readonly #paths = new Map<string, readonly string[]>();
  /** Of the tables of a ticket, as `examine` numbered them. */
  readonly #tables = new Map<string, readonly string[]>();

  constructor(documents: Documents) {
    this.#documents = documents;
  }

  offer(ticket: string, paths: readonly string[]): void {
    this.#paths.set(ticket, paths);
    for (const old of [...this.#paths.keys()].slice(0, -mostTickets)) {
      this.#paths.delete(old);
      this.#tables.delete(old);
    }
  }

  /** @throws AppError `SAVE_EXPIRED`; Cancelled */
  async examine(ticket: string, signal: AbortSignal): Promise<ExaminedFiles> {
    const refused: string[] = [];
    const tables: string[] = [];
    let [files, bytes, refusedCount] = [0, 0, 0];
    const sample = {
      ...{ files: 0, bytes: 0, records: 0, chars: 0, longest: 0, problems: 0 },
      unreadable: [] as ExaminedFiles['sample']['unreadable'],
      text: null as string | null,
    };
    const onSkipped = (path: string): void => {
      refusedCount += 1;
      if (refused.length < mostNames) refused.push(basename(path));
    };
    for await (const file of this.#documents.list(this.#pathsOf(ticket), { onSkipped, signal })) {
      files += 1;
      bytes += file.bytes;
      const format = this.#documents.formatOf(file.path);
      if (format === 'csv' || format === 'xlsx') {
        if (tables.length < mostTables) tables.push(file.path);
        continue;
      }
      if (sample.files >= sampleFiles || sample.bytes + file.bytes > sampleBytes) continue;
      sample.files += 1;
      sample.bytes += file.bytes;
      for await (const each of this.#documents.read(file.path, { signal })) {
        if (each.kind === 'problem') {
          sample.problems += 1;
          const { code } = each.problem;
          if (sample.unreadable.length < mostNames)
            sample.unreadable.push({ name: basename(file.path), code });
          continue;
        }
        sample.records += 1;
        sample.chars += each.text.length;
        sample.longest = Math.max(sample.longest, each.text.length);
        sample.text ??= each.text.slice(0, sampleChars);
      }
    }
    this.#tables.set(ticket, tables);
    return {
      ...{ files, bytes, refused, refusedCount, sample },
      tables: tables.map((path, file) => ({ file, name: basename(path) })),
    };
  }

  /** @throws AppError `SAVE_EXPIRED`, and what the table's reader throws */
  preview(
    ticket: string,
    file: number,
    options: { sheet?: string; heading?: boolean },
  ): Promise<TablePreview> {
    return this.#documents.preview(this.#tableOf(ticket, file), options);
  }

  /** With the paths themselves, for the batch's box. @throws AppError `SAVE_EXPIRED` */
  stored(source: BatchSource): StoredSource {
    if (source.kind !== 'files') return source;
    const { ticket } = source;
    return {
      kind: 'files',
      paths: [...this.#pathsOf(ticket)],
      tables: source.tables.map(({ file, choice }) => ({
        path: this.#tableOf(ticket, file),
        choice,
      })),
    };
  }

  /** The one file of a ticket. @throws AppError `SAVE_EXPIRED` */
  only(ticket: string): string {
    const [path] = this.#pathsOf(ticket);
    if (path === undefined) throw new AppError('SAVE_EXPIRED');
    return path;
  }

  #pathsOf(ticket: string): readonly string[] {
    const paths = this.#paths.get(ticket);
    if (!paths) throw new AppError('SAVE_EXPIRED');
    return paths;
  }

  #tableOf(ticket: string, file: number): string {
    const path = this.#tables.get(ticket)?.[file];
    if (path === undefined) throw new AppError('SAVE_EXPIRED');
    return path;
  }
}

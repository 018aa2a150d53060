/**
 * A journal of format version 1 becomes one of the present version: every record gets its own key, and
 * its own text under an identifier that says nothing of it (version 1 kept one text for all records
 * that had it, under its SHA-256, sealed by the data key itself).
 *
 * The new files are written beside; putting the journal in its place is the moment that counts. Before
 * it the old journal is untouched and needs no file of keys; so whatever interrupts this, it begins
 * anew or is done. Row numbers change, and with them the journal's id: windows read everything again.
 */
import { randomBytes } from 'node:crypto';
import { rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type * as z from 'zod';
import { AppError } from '../domain/contract/errors';
import {
  recordHeadSchema,
  recordTextSchema,
  storedRunSchema,
  type JournalRow,
  type RecordHead,
} from '../domain/contract/record';
import { keyIdOfSealed, openJson, type DataKey } from '../domain/sealing/row';
import type { VaultKeys } from '../domain/sealing/vault-keys';
import {
  openVaultFile,
  readProblem,
  syncFolder,
  writeAtomically,
  writeProblem,
  type VaultFile,
} from './files';
import { besideOf } from './journal';
import { Chain } from './journal-chain';
import { noOrigin, type NewRow } from './journal-format';
import type { JournalIndex } from './journal-index';
import { pageOf, readRows } from './journal-read';
import { scanJournal } from './journal-scan';
import { JournalWriter } from './journal-writer';
import { newKeys, type RecordKey } from './record-keys';
import { encodeKeysHeader, encodeSlot, recordKeysFileName } from './record-keys-format';
import { sealJsonAtOnce } from './seal-at-once';

const headOfV1 = recordHeadSchema.omit({ textId: true });
const pageRows = 500;

export interface MigrationKeys {
  readonly keys: VaultKeys;
  /** The data key as version 1 used it. */
  readonly dataKey: DataKey;
  /** Identifier of a record's text, as for new records. */
  textId(recordId: string, textSha256: string): string;
}

/**
 * Migrates the journal at `path`; the lock is held. A torn tail is left behind.
 *
 * @throws AppError `STORE_CORRUPT`, `SEAL_INVALID` when a row does not open (nothing is changed then);
 *   `STORE_READ_FAILED`, `DISK_FULL`, `STORE_WRITE_FAILED`
 */
export async function migrateFromV1(path: string, migration: MigrationKeys): Promise<void> {
  const file = await openVaultFile(path).catch((error: unknown) => {
    throw readProblem(error);
  });
  const slots: Uint8Array[] = [];
  try {
    const { index } = await scanJournal(file, null);
    const chain = new Chain(migration.keys.chain);
    const journalId = randomBytes(16).toString('hex');
    const fields = { journalId, dataKeyId: migration.keys.keyId, origin: noOrigin };
    const writer = await JournalWriter.create(besideOf(path), fields, chain);
    try {
      const source = new V1Rows(file, index, migration, slots);
      for (let after = 0; after < index.lastSeq;) {
        const { places, upTo } = pageOf(index, after, pageRows);
        const rows: NewRow[] = [];
        for (const row of await readRows(file, places)) rows.push(...(await source.migrated(row)));
        if (rows.length > 0) await writer.frame(rows);
        after = upTo;
      }
      await writer.finish();
    } catch (error) {
      await writer.discard();
      throw error;
    }
  } finally {
    await file.close();
  }
  try {
    const keysFile = Buffer.concat([encodeKeysHeader(migration.keys.keyId), ...slots]);
    await writeAtomically(join(dirname(path), recordKeysFileName), keysFile);
    await rename(besideOf(path), path);
    await syncFolder(dirname(path));
  } catch (error) {
    throw writeProblem(error);
  }
}

class V1Rows {
  readonly #file: VaultFile;
  readonly #index: JournalIndex;
  readonly #migration: MigrationKeys;
  readonly #slots: Uint8Array[];
  readonly #recordKeys = new Map<string, RecordKey>();

  constructor(file: VaultFile, index: JournalIndex, migration: MigrationKeys, slots: Uint8Array[]) {
    this.#file = file;
    this.#index = index;
    this.#migration = migration;
    this.#slots = slots;
  }

  /** What stands for a row of version 1; a text comes with the first version of each of its records. */
  async migrated(row: JournalRow): Promise<NewRow[]> {
    if (row.table === 'record') return this.#record(row);
    if (row.table === 'run') {
      const run = await this.#open(row, storedRunSchema);
      return [sealed(this.#keyOf(run.recordId), row, run)];
    }
    return [];
  }

  async #record(row: JournalRow): Promise<NewRow[]> {
    const old = await this.#open(row, headOfV1);
    const textId = this.#migration.textId(row.id, old.textSha256);
    const head: RecordHead = { ...old, textId };
    if (row.version > 1) return [sealed(this.#keyOf(row.id), row, head)];
    const key = this.#newKey(row.id);
    const place = this.#index.newest('text', old.textSha256);
    const [textRow] = place ? await readRows(this.#file, [place]) : [];
    if (!textRow) throw new AppError('STORE_CORRUPT', { params: { seq: row.seq } });
    const text = await this.#open(textRow, recordTextSchema);
    return [sealed(key, { table: 'text', id: textId, version: 1 }, text), sealed(key, row, head)];
  }

  #keyOf(recordId: string): RecordKey {
    const key = this.#recordKeys.get(recordId);
    if (!key) throw new AppError('STORE_CORRUPT', { params: { table: 'run' } });
    return key;
  }

  #newKey(recordId: string): RecordKey {
    const { keys } = this.#migration;
    const [made] = newKeys(keys, 1);
    if (!made) throw new AppError('INTERNAL');
    const { keyId, wrapped } = made;
    this.#slots.push(encodeSlot({ state: 'live', keyId, wrapped }));
    this.#recordKeys.set(recordId, made);
    return made;
  }

  #open<T>(row: JournalRow, schema: z.ZodType<T>): Promise<T> {
    const { keys, dataKey } = this.#migration;
    if (keyIdOfSealed(row.sealed) !== keys.keyId) throw new AppError('STORE_OTHER_KEY');
    return openJson(dataKey, keys.keyId, row, row.sealed, schema);
  }
}

function sealed(
  { keyId, key }: RecordKey,
  { table, id, version }: Omit<NewRow, 'sealed'>,
  value: unknown,
): NewRow {
  const address = { table, id, version };
  return { ...address, sealed: sealJsonAtOnce(key, keyId, address, value) };
}

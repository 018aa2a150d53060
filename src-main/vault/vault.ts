/**
 * Everything that is kept of records: the journal and the keys of its rows, which belong together.
 * Opening it finishes what a crash interrupted: a deletion, a migration, a rotation.
 */
import { createHmac, KeyObject } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../domain/contract/errors';
import type { Deletion, JournalRow } from '../domain/contract/record';
import { importDataKey, openRow, sealJson, sealRow } from '../domain/sealing/row';
import { deriveVaultKeys, importRootKey, type VaultKeys } from '../domain/sealing/vault-keys';
import { createBatchBox, type BatchBox } from './batch-box';
import { batchFolderOf, settleBoxes, wrapBoxesFor } from './batch-box-files';
import {
  readFully,
  readProblem,
  syncFolder,
  systemCode,
  writeAtomically,
  writeProblem,
  type OpenVaultFile,
  type VaultFile,
} from './files';
import { Journal, type JournalHead, type RotateOptions } from './journal';
import { migrateFromV1 } from './migrate-v1';
import { RecordKeys, type RecordKey } from './record-keys';
import {
  decodeKeysHeader,
  encodeKeysHeader,
  encodeSlot,
  recordKeysFileName,
  slotsAt,
} from './record-keys-format';
import { rewrapAtOnce } from './seal-at-once';

/** The keys of records under the data key that is coming, until the journal has followed. */
export const nextKeysFileName = `${recordKeysFileName}.next`;

/** Compacting writes the whole journal again: what it frees must be worth that. */
const garbageShare = 0.25;
const leastGarbageBytes = 4 * 1024 * 1024;

export interface DataKeyBytes {
  /** 16 hexadecimal digits. */
  readonly keyId: string;
  /** 32 bytes; the caller wipes them. */
  readonly key: Uint8Array;
}

export interface VaultOptions {
  readonly onCommit?: (rows: readonly JournalRow[]) => void;
  /** Defaults to real files. */
  readonly openFile?: OpenVaultFile;
}

/** A state of the vault: its journal up to a commit, and the keys of all rows in it. */
export interface VaultSnapshot {
  readonly journalFile: VaultFile;
  readonly journalBytes: number;
  readonly head: JournalHead;
  readonly journalId: string;
  /** The whole file of keys. */
  readonly keys: Uint8Array;
}

export class Vault {
  readonly dataDir: string;
  readonly journal: Journal;
  readonly #options: VaultOptions;
  #keys: VaultKeys;
  #identifiers: KeyObject;
  #recordKeys: RecordKeys;
  /** Deleting, compacting, rotating and backing up follow one another. */
  #turn: Promise<unknown> = Promise.resolve();
  #refusal: AppError | null = null;

  /**
   * Opens the vault of a data folder, or begins one.
   *
   * @throws AppError as `Journal.open` and `RecordKeys.open`; `KEY_UNREADABLE` for a key of a wrong
   *   length
   */
  static async open(
    dataDir: string,
    dataKey: DataKeyBytes,
    options: VaultOptions = {},
  ): Promise<Vault> {
    const { keyId } = dataKey;
    const keys = await deriveVaultKeys(await importRootKey(dataKey.key), keyId);
    const oldKey = await importDataKey(dataKey.key);
    const identifiers = KeyObject.from(keys.identifiers);
    const journal = await Journal.open(dataDir, keys, {
      ...options,
      migrate: (path) =>
        migrateFromV1(path, {
          keys,
          dataKey: oldKey,
          textId: (recordId, sha256) => identifierOf(identifiers, 'text', recordId, sha256),
        }),
    });
    let recordKeys: RecordKeys | null = null;
    try {
      await adoptNextKeys(dataDir, keyId);
      recordKeys = await openRecordKeys(dataDir, keys, journal, options);
      for (const deleted of journal.deletedKeys) await recordKeys.shred(deleted);
      // A box that cannot be written now must not keep the records closed; the next opening tries again.
      await settleBoxes(batchFolderOf(dataDir), keys).catch(() => undefined);
      return new Vault(dataDir, journal, keys, recordKeys, options);
    } catch (error) {
      // The first error is the one to report.
      await recordKeys?.close().catch(() => undefined);
      await journal.close();
      throw error;
    }
  }

  private constructor(
    dataDir: string,
    journal: Journal,
    keys: VaultKeys,
    recordKeys: RecordKeys,
    options: VaultOptions,
  ) {
    this.dataDir = dataDir;
    this.journal = journal;
    this.#keys = keys;
    this.#identifiers = KeyObject.from(keys.identifiers);
    this.#recordKeys = recordKeys;
    this.#options = options;
  }

  get keys(): VaultKeys {
    return this.#keys;
  }

  /** Ask for it each time: a rotation exchanges it. @throws AppError `STORE_WRITE_FAILED` */
  get recordKeys(): RecordKeys {
    if (this.#refusal) throw this.#refusal;
    return this.#recordKeys;
  }

  /** How many records lost their key to damage; they stay closed until a backup is restored. */
  get lostKeys(): number {
    let lost = 0;
    for (const keyId of this.journal.usedKeys())
      if (keyId !== this.#keys.keyId && !this.#recordKeys.wrapped(keyId)) lost += 1;
    return lost;
  }

  /** A key for a new record. @throws AppError as `RecordKeys.take` */
  async takeKey(): Promise<RecordKey> {
    for (;;) {
      const keys = this.recordKeys;
      try {
        return await keys.take();
      } catch (error) {
        // A rotation put other keys in the place of those that were asked.
        if (keys === this.#recordKeys) throw error;
      }
    }
  }

  /** The identifier of a record's text, 64 hexadecimal digits; it says nothing of the text. */
  textId(recordId: string, textSha256: string): string {
    return identifierOf(this.#identifiers, 'text', recordId, textSha256);
  }

  /** The same for the same text in any record of this vault, 64 hexadecimal digits. */
  textMac(textSha256: string): string {
    return identifierOf(this.#identifiers, 'duplicate', textSha256);
  }

  /**
   * Deletes what is sealed under a key for good: notes it in the journal, then destroys the key.
   * Interrupted in between, opening the vault goes on. Asked again, it makes sure.
   *
   * @returns the sequence number of the last row of the journal
   * @throws AppError what `Journal.append` and `RecordKeys.shred` throw
   */
  shred(keyId: string, deletion: Deletion): Promise<number> {
    return this.#inTurn(async () => {
      if (keyId === this.#keys.keyId) throw new AppError('BAD_REQUEST');
      if (!this.journal.deletedKeys.has(keyId)) {
        const address = { table: 'deletion' as const, id: keyId, version: 1 };
        const sealed = await sealJson(this.#keys.row, this.#keys.keyId, address, deletion);
        await this.journal.append([{ ...address, sealed }]);
      }
      await this.recordKeys.shred(keyId);
      return this.journal.lastSeq;
    });
  }

  /** Takes deleted rows out of the journal's file. @returns bytes saved @throws as `Journal.compact` */
  compact(): Promise<number> {
    return this.#inTurn(() => this.journal.compact());
  }

  /**
   * Compacts when it is worth the writing: deleted rows are a quarter of the journal, and 4 MB at least.
   *
   * @returns bytes saved; null when it was left as it is
   * @throws AppError as `compact`
   */
  async compactIfWorth(): Promise<number | null> {
    const { droppableBytes, bytes } = this.journal;
    const worth = droppableBytes >= leastGarbageBytes && droppableBytes >= bytes * garbageShare;
    return worth ? this.compact() : null;
  }

  /** The box of a new batch, under the data key that holds. @throws AppError as `createBatchBox` */
  createBatchBox(batchId: string): Promise<BatchBox> {
    return this.#inTurn(() => createBatchBox(batchFolderOf(this.dataDir), batchId, this.#keys));
  }

  /**
   * Puts everything under another data key: wraps the keys of records and batches anew, seals anew what
   * belongs to no record, and begins a new chain. The caller must be able to give either key at the next opening:
   * `journalKeyId` tells which. Windows must get the new key before they read on.
   *
   * @throws AppError `DISK_FULL`, `STORE_WRITE_FAILED`, `STORE_READ_FAILED`; the old key then holds,
   *   unless `journalKeyId` says otherwise; `VERSION_CONFLICT` as `Journal.rotate`
   */
  rotate(
    dataKey: DataKeyBytes,
    options: Pick<RotateOptions, 'at' | 'onProgress'> = {},
  ): Promise<void> {
    return this.#inTurn(async () => {
      const from = this.#keys;
      if (dataKey.keyId === from.keyId) throw new AppError('BAD_REQUEST');
      const to = await deriveVaultKeys(await importRootKey(dataKey.key), dataKey.keyId);
      const old = this.recordKeys;
      const thaw = await old.freeze();
      try {
        await this.journal.rotate(
          to,
          async (row) => {
            const plain = await openRow(from.row, from.keyId, row, row.sealed);
            return sealRow(to.row, to.keyId, row, plain);
          },
          {
            ...options,
            before: async () => {
              await this.#writeNextKeys(old, from, to);
              await wrapBoxesFor(batchFolderOf(this.dataDir), from, to);
            },
          },
        );
        // From here on the new key holds. What was read of the old file is still good for opening
        // rows until the new one is there.
        await old.close();
        const next = await this.#followRotation(to);
        next.continueFrom(old);
        this.#recordKeys = next;
        this.#keys = to;
        this.#identifiers = KeyObject.from(to.identifiers);
        // They open under the new key already; what stays of the old one now goes at the next opening.
        await settleBoxes(batchFolderOf(this.dataDir), to).catch(() => undefined);
      } finally {
        thaw();
      }
    });
  }

  /**
   * Runs `work` on one state of the vault. Saving goes on behind it; deleting, compacting and rotating
   * wait.
   *
   * @throws AppError `STORE_READ_FAILED`, and what `work` throws
   */
  onSnapshot<T>(work: (snapshot: VaultSnapshot) => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      const { journal } = this;
      const place = await journal.whileStill(async (file) => ({
        file,
        bytes: journal.bytes,
        head: journal.head,
      }));
      // After the journal: every key that its rows need was there before them.
      const thaw = await this.recordKeys.freeze();
      let keys: Uint8Array;
      try {
        keys = await readFile(join(this.dataDir, recordKeysFileName)).catch((error: unknown) => {
          throw readProblem(error);
        });
      } finally {
        thaw();
      }
      return work({
        journalFile: place.file,
        journalBytes: place.bytes,
        head: place.head,
        journalId: journal.journalId,
        keys,
      });
    });
  }

  /** Closes both after what was asked of them so far. */
  async close(): Promise<void> {
    await this.#turn;
    await this.#recordKeys.close();
    await this.journal.close();
  }

  async #followRotation(to: VaultKeys): Promise<RecordKeys> {
    try {
      await adoptNextKeys(this.dataDir, to.keyId);
      return await openRecordKeys(this.dataDir, to, this.journal, this.#options);
    } catch (error) {
      // The next opening finishes it; until then nothing may be saved under keys of the old file.
      this.#refusal = new AppError('STORE_WRITE_FAILED', { params: { system: 'rotation' } });
      throw error;
    }
  }

  async #writeNextKeys(old: RecordKeys, from: VaultKeys, to: VaultKeys): Promise<void> {
    const slots: Uint8Array[] = [encodeKeysHeader(to.keyId)];
    for (const [keyId, wrapped] of old.all()) {
      if (this.journal.deletedKeys.has(keyId)) continue;
      try {
        const again = rewrapAtOnce(from, to, keyId, wrapped);
        slots.push(encodeSlot({ state: 'live', keyId, wrapped: again }));
      } catch (error) {
        // A slot that does not open is lost already; it must not keep the others from a new key.
        if (!(error instanceof AppError && error.code === 'RECORD_KEY_LOST')) throw error;
      }
    }
    for (const keyId of new Set([...old.shredded(), ...this.journal.deletedKeys]))
      slots.push(encodeSlot({ state: 'shredded', keyId }));
    try {
      await writeAtomically(join(this.dataDir, nextKeysFileName), Buffer.concat(slots));
    } catch (error) {
      throw writeProblem(error);
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work, work);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }
}

function identifierOf(key: KeyObject, ...parts: readonly string[]): string {
  // None of the parts holds a line end: kinds are ours, the others are identifiers.
  return createHmac('sha256', key).update(parts.join('\n')).digest('hex');
}

function openRecordKeys(
  dataDir: string,
  keys: VaultKeys,
  journal: Journal,
  { openFile }: VaultOptions,
): Promise<RecordKeys> {
  const used = journal.usedKeys();
  return RecordKeys.open(dataDir, keys, {
    isUsed: (keyId) => used.has(keyId) || journal.deletedKeys.has(keyId),
    mayCreate: journal.lastSeq === 0,
    ...(openFile ? { openFile } : {}),
  });
}

/**
 * Finishes a rotation whose journal is in place already: the keys that were written for it take the
 * place of the old ones. Of a rotation that did not come so far nothing is left.
 */
async function adoptNextKeys(dataDir: string, dataKeyId: string): Promise<void> {
  const next = join(dataDir, nextKeysFileName);
  const keyId = await headerOf(next);
  if (keyId === null) return;
  try {
    if (keyId === dataKeyId && (await headerOf(join(dataDir, recordKeysFileName))) !== dataKeyId) {
      await rename(next, join(dataDir, recordKeysFileName));
      await syncFolder(dataDir);
    } else {
      await rm(next, { force: true });
    }
  } catch (error) {
    throw writeProblem(error);
  }
}

/** The data key id in the header of a file of keys; null when there is no sound one. */
async function headerOf(path: string): Promise<string | null> {
  try {
    const file = await open(path, 'r');
    try {
      const bytes = new Uint8Array(slotsAt);
      return decodeKeysHeader(bytes.subarray(0, await readFully(file, bytes, 0)));
    } finally {
      await file.close();
    }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    if (error instanceof AppError && error.code === 'RECORD_KEYS_MISSING') return '';
    throw error instanceof AppError ? error : readProblem(error);
  }
}

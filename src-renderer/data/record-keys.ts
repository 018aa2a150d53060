/**
 * The keys of records in this page: fetched wrapped from the worker when rows are to be opened,
 * unwrapped so that they cannot be exported, and a bounded number of them kept. They are never stored:
 * a key that was destroyed in its file must be nowhere else.
 */
import { AppError } from '@domain/contract/errors';
import type { JournalRow } from '@domain/contract/record';
import { unwrapRecordKey } from '@domain/sealing/record-key';
import { keyIdOfSealed, type DataKey } from '@domain/sealing/row';
import type { ReadingKeys } from '@domain/sealing/vault-keys';
import type { RowSource } from './row-source';

/** More than one batch of rows needs. */
const cachedKeys = 4096;

export class RecordKeyCache {
  readonly #held: ReadingKeys;
  readonly #source: RowSource;
  /** null: there is no such key any more, or it is damaged. */
  readonly #keys = new Map<string, Promise<DataKey> | null>();

  constructor(held: ReadingKeys, source: RowSource) {
    this.#held = held;
    this.#source = source;
  }

  /**
   * Fetches what is missing for these rows, with one request.
   *
   * @throws AppError what the worker answers, `WORKER_DIED`
   */
  async prepare(rows: readonly Pick<JournalRow, 'sealed'>[]): Promise<void> {
    const missing = new Set(
      rows.map(({ sealed }) => keyIdOfSealed(sealed)).filter((keyId) => !this.#keys.get(keyId)),
    );
    missing.delete(this.#held.keyId);
    if (missing.size === 0) return;
    for (const { keyId, wrapped } of await this.#source.keys([...missing])) {
      const name = { keyId, dataKeyId: this.#held.keyId };
      const key = wrapped ? unwrapRecordKey(this.#held.wrapping, name, wrapped) : null;
      // Whoever opens the row is told; nobody may.
      key?.catch(() => undefined);
      this.#keys.delete(keyId);
      this.#keys.set(keyId, key);
    }
    for (const keyId of this.#keys.keys()) {
      if (this.#keys.size <= cachedKeys) break;
      if (!missing.has(keyId)) this.#keys.delete(keyId);
    }
  }

  /** The key of a row that was prepared. @throws AppError `RECORD_KEY_LOST` */
  async of({ sealed }: Pick<JournalRow, 'sealed'>): Promise<{ keyId: string; key: DataKey }> {
    const keyId = keyIdOfSealed(sealed);
    if (keyId === this.#held.keyId) return { keyId, key: this.#held.row };
    const key = this.#keys.get(keyId);
    if (!key) throw new AppError('RECORD_KEY_LOST');
    return { keyId, key: await key };
  }

  forget(keyIds: readonly string[]): void {
    for (const keyId of keyIds) this.#keys.delete(keyId);
  }
}

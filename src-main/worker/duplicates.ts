/**
 * Which records have the same text, for a warning before a second copy is saved. Kept in memory from
 * the first question until the vault is closed, and under a key of the vault, so that what a memory
 * dump shows cannot be compared with known texts.
 */
import { recordHeadSchema, type JournalRow } from '../domain/contract/record';
import { keyIdOfSealed, openJson } from '../domain/sealing/row';
import type { Vault } from '../vault/vault';

/** Heads opened at once. */
const batchRows = 200;

export class Duplicates {
  readonly #vault: Vault;
  #records: Promise<Map<string, Set<string>>> | null = null;

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  /** @throws AppError what the journal throws; a record that does not open is passed over */
  async of(textSha256: string): Promise<string[]> {
    this.#records ??= this.#build();
    const records = await this.#records.catch((error: unknown) => {
      this.#records = null;
      throw error;
    });
    return [...(records.get(this.#vault.textMac(textSha256)) ?? [])];
  }

  /** Does nothing before the first question. */
  add(recordId: string, textSha256: string): void {
    void this.#records?.then(
      (records) => put(records, this.#vault.textMac(textSha256), recordId),
      // Whoever asked has been told.
      () => undefined,
    );
  }

  remove(recordId: string): void {
    void this.#records?.then(
      (records) => {
        for (const ids of records.values()) ids.delete(recordId);
      },
      () => undefined,
    );
  }

  /** After a rotation the old values mean nothing. */
  forget(): void {
    this.#records = null;
  }

  async #build(): Promise<Map<string, Set<string>>> {
    const records = new Map<string, Set<string>>();
    const ids = [...this.#vault.journal.idsOf('record')];
    for (let at = 0; at < ids.length; at += batchRows) {
      const rows = await Promise.all(
        ids.slice(at, at + batchRows).map((id) => this.#vault.journal.latest('record', id)),
      );
      const opened = await Promise.allSettled(rows.map((row) => (row ? this.#open(row) : null)));
      for (const outcome of opened) {
        if (outcome.status === 'fulfilled' && outcome.value) {
          put(records, outcome.value.mac, outcome.value.recordId);
        }
      }
    }
    return records;
  }

  async #open(row: JournalRow): Promise<{ recordId: string; mac: string }> {
    const keyId = keyIdOfSealed(row.sealed);
    const key = await this.#vault.recordKeys.key(keyId);
    const head = await openJson(key, keyId, row, row.sealed, recordHeadSchema);
    return { recordId: row.id, mac: this.#vault.textMac(head.textSha256) };
  }
}

function put(records: Map<string, Set<string>>, mac: string, recordId: string): void {
  const known = records.get(mac);
  if (known) known.add(recordId);
  else records.set(mac, new Set([recordId]));
}

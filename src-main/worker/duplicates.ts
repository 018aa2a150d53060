/**
 * Which records have the same text, for a warning before a second copy is saved. Kept in memory from
 * the first question until the vault is closed, and under a key of the vault, so that what a memory
 * dump shows cannot be compared with known texts. Two patients may have one text: records that are known
 * to be of different cases are no duplicates.
 */
import { createHash } from 'node:crypto';
import { recordHeadSchema, type JournalRow } from '../domain/contract/record';
import { keyIdOfSealed, openJson } from '../domain/sealing/row';
import type { Vault } from '../vault/vault';

/** Heads opened at once. */
const batchRows = 200;

/** By the text, records and the cases that they are of; null where that is not known. */
type Records = Map<string, Map<string, string | null>>;

export class Duplicates {
  readonly #vault: Vault;
  #records: Promise<Records> | null = null;

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  /**
   * @param caseId of the text that is asked about, where it is known
   * @throws AppError what the journal throws; a record that does not open is passed over
   */
  async of(textSha256: string, caseId?: string): Promise<string[]> {
    this.#records ??= this.#build();
    const records = await this.#records.catch((error: unknown) => {
      this.#records = null;
      throw error;
    });
    const mine = this.#caseMac(caseId);
    return [...(records.get(this.#vault.textMac(textSha256)) ?? [])]
      .filter(([, its]) => mine === null || its === null || its === mine)
      .map(([recordId]) => recordId);
  }

  /** Does nothing before the first question. */
  add(recordId: string, textSha256: string, caseId?: string): void {
    void this.#records?.then(
      (records) => put(records, this.#vault.textMac(textSha256), recordId, this.#caseMac(caseId)),
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

  async #build(): Promise<Records> {
    const records: Records = new Map();
    const ids = [...this.#vault.journal.idsOf('record')];
    for (let at = 0; at < ids.length; at += batchRows) {
      const rows = await Promise.all(
        ids.slice(at, at + batchRows).map((id) => this.#vault.journal.latest('record', id)),
      );
      const opened = await Promise.allSettled(rows.map((row) => (row ? this.#open(row) : null)));
      for (const outcome of opened) {
        if (outcome.status === 'fulfilled' && outcome.value) {
          const { mac, recordId, caseMac } = outcome.value;
          put(records, mac, recordId, caseMac);
        }
      }
    }
    return records;
  }

  #caseMac(caseId: string | undefined): string | null {
    if (caseId === undefined) return null;
    const sha256 = createHash('sha256').update(`case\n${caseId}`, 'utf-8').digest('hex');
    return this.#vault.textMac(sha256);
  }

  async #open(row: JournalRow): Promise<{ recordId: string; mac: string; caseMac: string | null }> {
    const keyId = keyIdOfSealed(row.sealed);
    const key = await this.#vault.recordKeys.key(keyId);
    const head = await openJson(key, keyId, row, row.sealed, recordHeadSchema);
    const mac = this.#vault.textMac(head.textSha256);
    return { recordId: row.id, mac, caseMac: this.#caseMac(head.caseId) };
  }
}

function put(records: Records, mac: string, recordId: string, caseMac: string | null): void {
  const known = records.get(mac);
  if (known) known.set(recordId, caseMac);
  else records.set(mac, new Map([[recordId, caseMac]]));
}

/**
 * Which records have the same text, for a warning before a second copy is saved. Kept in memory from
 * the first question until the vault is closed, and under a key of the vault, so that what a memory
 * dump shows cannot be compared with known texts. Two patients may have one text: records that are known
 * to be of different cases are no duplicates.
 */
import { createHash } from 'node:crypto';
import { recordHeadSchema, type JournalRow } from '../domain/contract/record';
import { keyIdOfSealed, openJson } from '../domain/sealing/row';
import { PackedNames } from '../vault/packed-names';
import type { Vault } from '../vault/vault';
import { SameTexts } from './same-texts';

/** Heads opened at once. */
const batchRows = 200;

interface Records {
  readonly ids: PackedNames;
  /** By their numbers among the ids. */
  readonly texts: SameTexts;
}

export class Duplicates {
  readonly #vault: Vault;
  #records: Promise<Records> | null = null;
  /** Deleted for good; an id never comes again. */
  readonly #removed = new Set<string>();

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
    const { ids, texts } = records;
    return [...texts.owners(this.#vault.textMac(textSha256), this.#caseMac(caseId))]
      .map((number) => ids.nameOf(number))
      .filter((recordId) => !this.#removed.has(recordId));
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
    this.#removed.add(recordId);
  }

  /** After a rotation the old values mean nothing. */
  forget(): void {
    this.#records = null;
  }

  async #build(): Promise<Records> {
    const records: Records = { ids: new PackedNames(), texts: new SameTexts() };
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

  #caseMac(caseId: string | undefined): string | undefined {
    if (caseId === undefined) return undefined;
    const sha256 = createHash('sha256').update(`case\n${caseId}`, 'utf-8').digest('hex');
    return this.#vault.textMac(sha256);
  }

  async #open(
    row: JournalRow,
  ): Promise<{ recordId: string; mac: string; caseMac: string | undefined }> {
    const keyId = keyIdOfSealed(row.sealed);
    const key = await this.#vault.recordKeys.key(keyId);
    const head = await openJson(key, keyId, row, row.sealed, recordHeadSchema);
    const mac = this.#vault.textMac(head.textSha256);
    return { recordId: row.id, mac, caseMac: this.#caseMac(head.caseId) };
  }
}

function put({ ids, texts }: Records, mac: string, recordId: string, caseMac?: string): void {
  texts.add(mac, ids.add(recordId), caseMac);
}

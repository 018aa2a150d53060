/**
 * Writes a journal beside the one in use, to take its place: after a migration, a compaction, or a
 * rotation of the data key. Whoever looks for the journal finds the old one or the new one, whole.
 */
import { open, rm, type FileHandle } from 'node:fs/promises';
import { AppError } from '../domain/contract/errors';
import { writeFully, writeProblem, type VaultFile } from './files';
import type { Chain } from './journal-chain';
import {
  encodeFileHeader,
  encodeFrame,
  type DroppedRow,
  type HeaderFields,
  type NewRow,
} from './journal-format';
import { scanJournal, type ScanResult } from './journal-scan';

/** Written at once, bytes. */
const bufferBytes = 4 * 1024 * 1024;

export class JournalWriter {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #fields: HeaderFields;
  readonly #chain: Chain;
  #mac: Uint8Array;
  #pending: Uint8Array[];
  #pendingBytes: number;
  #at = 0;
  #lastSeq = 0;

  /** @throws AppError `DISK_FULL`, `STORE_WRITE_FAILED` */
  static async create(path: string, fields: HeaderFields, chain: Chain): Promise<JournalWriter> {
    try {
      await rm(path, { force: true });
      return new JournalWriter(path, await open(path, 'wx+', 0o600), fields, chain);
    } catch (error) {
      throw writeProblem(error);
    }
  }

  private constructor(path: string, file: FileHandle, fields: HeaderFields, chain: Chain) {
    this.#path = path;
    this.#file = file;
    this.#fields = fields;
    this.#chain = chain;
    const header = encodeFileHeader(fields, chain);
    this.#mac = header.slice(76, 108);
    this.#pending = [header];
    this.#pendingBytes = header.byteLength;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** @throws AppError `DISK_FULL`, `STORE_WRITE_FAILED` */
  async frame(rows: readonly (NewRow | DroppedRow)[]): Promise<void> {
    const { bytes, mac } = encodeFrame(this.#lastSeq + 1, rows, this.#mac, this.#chain);
    this.#mac = mac;
    this.#lastSeq += rows.length;
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.byteLength;
    if (this.#pendingBytes >= bufferBytes) await this.#write();
  }

  /**
   * Everything on the disk, and read back from there.
   *
   * @returns what reading it found; the file itself is closed
   * @throws AppError `DISK_FULL`, `STORE_WRITE_FAILED`
   */
  async finish(): Promise<ScanResult> {
    await this.#write();
    try {
      await this.#file.sync();
      const file: VaultFile = this.#file;
      const { dataKeyId } = this.#fields;
      const scan = await scanJournal(file, { dataKeyId, chain: this.#chain });
      const whole = scan.tornBytes === 0 && scan.index.lastSeq === this.#lastSeq;
      if (!whole || !Buffer.from(scan.mac).equals(this.#mac)) {
        throw new AppError('STORE_WRITE_FAILED', { params: { system: 'verify' } });
      }
      return scan;
    } catch (error) {
      throw error instanceof AppError ? error : writeProblem(error);
    } finally {
      await this.#file.close();
    }
  }

  /** Gives up: the file goes away. */
  async discard(): Promise<void> {
    // Closed already when `finish` failed; a leftover is removed at the next opening.
    await this.#file.close().catch(() => undefined);
    await rm(this.#path, { force: true }).catch(() => undefined);
  }

  async #write(): Promise<void> {
    const bytes = this.#pending.length === 1 ? this.#pending[0] : Buffer.concat(this.#pending);
    if (!bytes) return;
    try {
      await writeFully(this.#file, bytes, this.#at);
    } catch (error) {
      throw writeProblem(error);
    }
    this.#at += bytes.byteLength;
    this.#pending = [];
    this.#pendingBytes = 0;
  }
}

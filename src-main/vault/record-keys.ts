/**
 * The keys of the records, one each, and their destruction.
 *
 * Keys are made ahead, a batch with one sync, so that saving a record needs none of its own; which of
 * them are used is known from the journal's rows. A key is never used twice and never comes back.
 */
import { createSecretKey, randomFillSync, type KeyObject } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { AppError } from '../domain/contract/errors';
import { unwrapRecordKey } from '../domain/sealing/record-key';
import { hexOf } from '../domain/sealing/hex';
import { dataKeyBytes, type DataKey } from '../domain/sealing/row';
import {
  openVaultFile,
  readFully,
  readProblem,
  systemCode,
  writeAtomically,
  writeFully,
  writeProblem,
  type OpenVaultFile,
  type VaultFile,
} from './files';
import { KeyPlaces } from './key-places';
import {
  decodeKeysHeader,
  decodeSlot,
  encodeKeysHeader,
  encodeSlot,
  maxSlots,
  recordKeysFileName,
  slotBytes,
  slotsAt,
} from './record-keys-format';
import { unwrapAtOnce, wrapAtOnce } from './seal-at-once';

/** Keys made at once. */
const batchKeys = 256;
/** With fewer unused keys than this, the next batch is made. */
const lowWater = 160;
/** Made in one go: half a millisecond, for which nothing else runs. */
const portionKeys = 32;
/** Unwrapped keys kept in memory for reading. */
const cachedKeys = 256;
/** Read at once, bytes; whole slots. */
const chunkBytes = 8192 * slotBytes;

/** A record's key, to seal rows with. */
export interface RecordKey {
  /** 16 hexadecimal digits. */
  readonly keyId: string;
  readonly key: DataKey | KeyObject;
}

/** A key that no record has yet. */
interface NewKey {
  readonly keyId: string;
  readonly wrapped: Uint8Array;
  readonly key: KeyObject;
}

/** The wrapping key and the id of the data key that it was made of. */
export interface Wrapping {
  readonly keyId: string;
  readonly wrapping: DataKey;
}

export interface RecordKeysOptions {
  /** Whether a row of the journal is sealed under this key. */
  isUsed(keyId: string): boolean;
  /** Whether a missing file is a new one: not beside a journal that holds rows. */
  readonly mayCreate: boolean;
  /** Defaults to real files. */
  readonly openFile?: OpenVaultFile;
}

export class RecordKeys {
  readonly #file: VaultFile;
  readonly #wrapping: Wrapping;
  readonly #places = new KeyPlaces();
  /** Damaged slots under the ids that stand in them. */
  readonly #damaged = new Map<string, number[]>();
  readonly #cache = new Map<string, Promise<DataKey>>();
  /** Of the unused keys those that this process made, so that taking one needs no unwrapping. */
  readonly #fresh = new Map<string, KeyObject>();
  #free: string[] = [];
  #end = slotsAt;
  #making: Promise<void> | null = null;
  /** While set, no new key is made. */
  #frozen: Promise<void> | null = null;

  /**
   * Opens the keys of a data folder, or begins their file.
   *
   * @throws AppError `RECORD_KEYS_MISSING` when the file is missing or damaged beside records;
   *   `STORE_OTHER_KEY` when another data key wraps them; `STORE_NEWER`, `STORE_READ_FAILED`,
   *   `DISK_FULL`, `STORE_WRITE_FAILED`
   */
  static async open(
    dataDir: string,
    wrapping: Wrapping,
    options: RecordKeysOptions,
  ): Promise<RecordKeys> {
    const path = join(dataDir, recordKeysFileName);
    await createIfMissing(path, wrapping.keyId, options.mayCreate);
    const file = await (options.openFile ?? openVaultFile)(path).catch((error: unknown) => {
      throw readProblem(error);
    });
    const keys = new RecordKeys(file, wrapping);
    try {
      await keys.#load();
    } catch (error) {
      await file.close().catch(() => undefined);
      throw error instanceof AppError ? error : readProblem(error);
    }
    keys.#free = [...keys.#places]
      .filter(([keyId, wrapped]) => wrapped !== null && !options.isUsed(keyId))
      .map(([keyId]) => keyId);
    return keys;
  }

  private constructor(file: VaultFile, wrapping: Wrapping) {
    this.#file = file;
    this.#wrapping = wrapping;
  }

  /** Keys that no record has yet. */
  get unused(): number {
    return this.#free.length;
  }

  /**
   * A key for a new record. If saving the record then fails, the key is left unused.
   *
   * @throws AppError `DISK_FULL`, `STORE_WRITE_FAILED`; `RECORD_KEY_LOST` for one that was damaged
   */
  async take(): Promise<RecordKey> {
    while (this.#free.length === 0) await (this.#frozen ?? this.#make());
    const keyId = this.#free.shift();
    if (keyId === undefined) throw new AppError('INTERNAL');
    // Ahead of need. Should it fail now, it is tried again when a key is missing, and told then.
    if (this.#free.length < lowWater && !this.#frozen) this.#make().catch(() => undefined);
    const fresh = this.#fresh.get(keyId);
    this.#fresh.delete(keyId);
    return { keyId, key: fresh ?? this.#unwrapped(keyId) };
  }

  /**
   * The key of a record, to open its rows with.
   *
   * @throws AppError `RECORD_NOT_FOUND` when it was shredded, `RECORD_KEY_LOST` when damaged
   */
  key(keyId: string): Promise<DataKey> {
    const cached = this.#cache.get(keyId);
    if (cached) {
      // Moved to the end: the first of the map is the one not asked for longest.
      this.#cache.delete(keyId);
      this.#cache.set(keyId, cached);
      return cached;
    }
    const wrapped = this.#places.wrapped(keyId);
    if (!wrapped) {
      const code = this.#places.has(keyId) ? 'RECORD_NOT_FOUND' : 'RECORD_KEY_LOST';
      return Promise.reject(new AppError(code));
    }
    const key = unwrapRecordKey(
      this.#wrapping.wrapping,
      { keyId, dataKeyId: this.#wrapping.keyId },
      wrapped,
    );
    this.#keep(keyId, key);
    return key;
  }

  /** The wrapped key as it lies in the file; null when there is none, or it was shredded. */
  wrapped(keyId: string): Uint8Array | null {
    return this.#places.wrapped(keyId);
  }

  /** Every key that was not destroyed, used or not, wrapped. */
  *all(): Generator<readonly [keyId: string, wrapped: Uint8Array]> {
    for (const [keyId, wrapped] of this.#places) if (wrapped) yield [keyId, wrapped];
  }

  /** Every key that was destroyed. */
  *shredded(): Generator<string> {
    for (const [keyId, wrapped] of this.#places) if (!wrapped) yield keyId;
  }

  /**
   * Destroys a key: overwrites it on the disk and in memory. Done before, nothing happens.
   * A solid-state disk may keep the old sector for a while; docs/security.md says so.
   *
   * @throws AppError `DISK_FULL`, `STORE_WRITE_FAILED`; then the key may still be there
   */
  async shred(keyId: string): Promise<void> {
    const damaged = this.#damaged.get(keyId) ?? [];
    if (!this.#places.wrapped(keyId) && damaged.length === 0) return;
    const slots = [...this.#places.slots(keyId), ...damaged];
    const slot = encodeSlot({ state: 'shredded', keyId });
    try {
      for (const number of slots) await writeFully(this.#file, slot, offsetOf(number));
      await this.#file.datasync();
    } catch (error) {
      throw writeProblem(error);
    }
    this.#damaged.delete(keyId);
    this.#cache.delete(keyId);
    this.#fresh.delete(keyId);
    this.#places.shred(keyId, slots[0] ?? 0);
    this.#free = this.#free.filter((free) => free !== keyId);
  }

  /**
   * Makes no new key until the returned function is called, so that `all` is all there is. Keys that
   * are there already can be taken.
   */
  async freeze(): Promise<() => void> {
    let thaw = (): void => undefined;
    this.#frozen = new Promise((resolve) => {
      thaw = () => {
        this.#frozen = null;
        resolve();
      };
    });
    await this.#making?.catch(() => undefined);
    return thaw;
  }

  /** Gives out what `old` did not, which holds the same keys; `old` gives out nothing any more. */
  continueFrom(old: RecordKeys): void {
    const free = new Set(old.#free);
    old.#free = [];
    this.#free = this.#free.filter((keyId) => free.has(keyId));
  }

  /** Waits for the batch that is being made, then closes the file. */
  async close(): Promise<void> {
    await this.#making?.catch(() => undefined);
    this.#cache.clear();
    this.#fresh.clear();
    await this.#file.close();
  }

  async #load(): Promise<void> {
    const { size } = await this.#file.stat();
    const header = new Uint8Array(slotsAt);
    const got = await readFully(this.#file, header, 0);
    const dataKeyId = decodeKeysHeader(header.subarray(0, got));
    if (dataKeyId !== this.#wrapping.keyId) throw new AppError('STORE_OTHER_KEY');
    const slots = Math.floor((size - slotsAt) / slotBytes);
    if (slots > maxSlots) {
      throw new AppError('RECORD_KEYS_MISSING', { params: { reason: 'size' } });
    }
    // A part of a slot at the end is a batch that a crash cut short: no record had its keys.
    this.#end = slotsAt + slots * slotBytes;
    for (let at = slotsAt; at < this.#end; at += chunkBytes) {
      const chunk = new Uint8Array(Math.min(chunkBytes, this.#end - at));
      if ((await readFully(this.#file, chunk, at)) !== chunk.byteLength)
        throw new AppError('STORE_READ_FAILED');
      for (let from = 0; from < chunk.byteLength; from += slotBytes)
        this.#add(chunk.subarray(from, from + slotBytes), slotAt(at + from));
    }
  }

  #add(bytes: Uint8Array, number: number): void {
    const slot = decodeSlot(bytes);
    if (slot.state === 'damaged') {
      this.#damaged.set(slot.keyId, [...(this.#damaged.get(slot.keyId) ?? []), number]);
      return;
    }
    this.#places.add(slot.keyId, number, slot.state === 'live' ? slot.wrapped : null);
  }

  #unwrapped(keyId: string): KeyObject {
    const wrapped = this.wrapped(keyId);
    if (!wrapped) throw new AppError('INTERNAL');
    const { wrapping, keyId: dataKeyId } = this.#wrapping;
    return unwrapAtOnce(wrapping, { keyId, dataKeyId }, wrapped);
  }

  /** Makes the next batch, unless one is being made. */
  #make(): Promise<void> {
    this.#making ??= this.#makeBatch().finally(() => {
      this.#making = null;
    });
    return this.#making;
  }

  async #makeBatch(): Promise<void> {
    const made: NewKey[] = [];
    while (made.length < batchKeys) {
      made.push(...newKeys(this.#wrapping, portionKeys));
      // While saves wait for the disk there is time for this; unless they wait for a key.
      if (this.#free.length > 0) await setImmediate();
    }
    const bytes = Buffer.concat(made.map((slot) => encodeSlot({ state: 'live', ...slot })));
    try {
      await writeFully(this.#file, bytes, this.#end);
      await this.#file.datasync();
    } catch (error) {
      // Left as it is: the next attempt writes over it, and opening takes a part for a torn batch.
      throw writeProblem(error);
    }
    for (const [index, { keyId, wrapped, key }] of made.entries()) {
      this.#fresh.set(keyId, key);
      this.#places.add(keyId, slotAt(this.#end) + index, wrapped);
      this.#free.push(keyId);
    }
    this.#end += bytes.byteLength;
  }

  #keep(keyId: string, key: Promise<DataKey>): void {
    this.#cache.set(keyId, key);
    const [oldest] = this.#cache.keys();
    if (this.#cache.size > cachedKeys && oldest !== undefined) this.#cache.delete(oldest);
    key.catch(() => this.#cache.delete(keyId));
  }
}

/** Where a slot lies in the file, by its number from 0; and the number of one that lies there. */
const offsetOf = (slot: number): number => slotsAt + slot * slotBytes;
const slotAt = (offset: number): number => (offset - slotsAt) / slotBytes;

/** @returns fresh keys, already wrapped; their raw bytes are wiped */
export function newKeys({ keyId: dataKeyId, wrapping }: Wrapping, count: number): NewKey[] {
  const idBytes = 8;
  const random = randomFillSync(new Uint8Array(count * (idBytes + dataKeyBytes)));
  try {
    return Array.from({ length: count }, (_, index) => {
      const at = index * (idBytes + dataKeyBytes);
      const keyId = hexOf(random.subarray(at, at + idBytes));
      const raw = random.subarray(at + idBytes, at + idBytes + dataKeyBytes);
      const wrapped = wrapAtOnce(wrapping, { keyId, dataKeyId }, raw);
      return { keyId, wrapped, key: createSecretKey(raw) };
    });
  } finally {
    random.fill(0);
  }
}

async function createIfMissing(path: string, dataKeyId: string, mayCreate: boolean): Promise<void> {
  try {
    await stat(path);
    return;
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw readProblem(error);
  }
  // A new file would make every record unreadable for ever.
  if (!mayCreate) throw new AppError('RECORD_KEYS_MISSING', { params: { reason: 'missing' } });
  try {
    await writeAtomically(path, encodeKeysHeader(dataKeyId));
  } catch (error) {
    throw writeProblem(error);
  }
}

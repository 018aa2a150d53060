/** A vault in a folder of its own with a store on it, before each test of a file, and nothing of it after it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { AppError, type ErrorCode } from '../domain/contract/errors';
import { Vault } from '../vault/vault';
import { RecordStore } from './store';

export class TestStore {
  dir = '';
  #opened: { readonly vault: Vault; readonly store: RecordStore } | null = null;
  /** Of the store: later with every look at it. */
  #clock = 1_000_000;

  /** Registers itself for every test of the file. @param prefix of the folder's name */
  constructor(prefix: string) {
    beforeEach(async () => {
      this.dir = await mkdtemp(join(tmpdir(), prefix));
      await this.#start('user-1');
    });
    afterEach(async () => {
      await this.vault.close();
      await rm(this.dir, { recursive: true, force: true });
    });
  }

  get vault(): Vault {
    return this.#demand().vault;
  }

  get store(): RecordStore {
    return this.#demand().store;
  }

  /** As another start of the program. @param userId who signs in; null for nobody */
  async restart(userId: string | null = 'user-1'): Promise<void> {
    await this.vault.close();
    await this.#start(userId);
  }

  async #start(userId: string | null): Promise<void> {
    const key = new Uint8Array(32).fill(7);
    const vault = await Vault.open(this.dir, { keyId: '0011223344556677', key });
    const store = new RecordStore({ vault, now: () => this.#clock++, userId });
    this.#opened = { vault, store };
  }

  #demand(): { readonly vault: Vault; readonly store: RecordStore } {
    if (!this.#opened) throw new Error('not in a test');
    return this.#opened;
  }
}

/** What work ends with. */
export const codeOf = (work: Promise<unknown>): Promise<ErrorCode | 'no error'> =>
  work.then(
    () => 'no error' as const,
    (error: unknown) => {
      if (error instanceof AppError) return error.code;
      throw error;
    },
  );

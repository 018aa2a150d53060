/** A vault in a folder of its own with a desk of batches on it, before each test of a file, and nothing of it after it. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, vi } from 'vitest';
import type { BatchSummary } from '../../domain/contract/batch';
import type { RecordStore } from '../store';
import type { Vault } from '../../vault/vault';
import type { BatchDesk, DeskParts, LockedBox } from './batch-desk';
import { openDesk, openLocked, TestExtractor, type OpenedDesk } from './batch.fixture';

export class TestDesk {
  /** Of the vault. */
  dir = '';
  /** Empty, for files that are imported. */
  files = '';
  extractor = new TestExtractor();
  /** What goes on while the vault is locked. */
  locked: BatchDesk | null = null;
  #opened: OpenedDesk | null = null;

  /** Registers itself for every test of the file. @param prefix of the folder's name */
  constructor(prefix: string) {
    let root = '';
    beforeEach(async () => {
      root = await mkdtemp(join(tmpdir(), prefix));
      this.dir = join(root, 'data');
      this.files = join(root, 'files');
      await mkdir(this.dir);
      await mkdir(this.files);
      this.extractor = new TestExtractor();
      await this.open();
    });
    afterEach(async () => {
      await this.locked?.rest();
      this.locked = null;
      await this.close();
      await rm(root, { recursive: true, force: true });
    });
  }

  get vault(): Vault {
    return this.#demand().vault;
  }

  get store(): RecordStore {
    return this.#demand().store;
  }

  get desk(): BatchDesk {
    return this.#demand().desk;
  }

  /** Since it was opened last. */
  get problems(): unknown[] {
    return this.#demand().problems;
  }

  /** As at a sign-in, after `close`. */
  async open(more: Partial<DeskParts> = {}): Promise<void> {
    this.#opened = await openDesk(this.dir, this.extractor, more);
  }

  /** As at a lock. Again: nothing happens. */
  close(): Promise<LockedBox[]> {
    return this.#demand().close();
  }

  async restart(): Promise<void> {
    await this.close();
    await this.open();
  }

  /** Goes on with what `close` gave. @returns problems as they come */
  async openLocked(boxes: readonly LockedBox[]): Promise<{ desk: BatchDesk; problems: unknown[] }> {
    const opened = await openLocked(boxes, this.extractor);
    this.locked = opened.desk;
    return opened;
  }

  /** Goes on with what `close` gave until a batch is done, and then as after the unlock. @returns how it stood locked */
  async finishedLocked(boxes: readonly LockedBox[], id: string): Promise<BatchSummary | null> {
    const { desk } = await this.openLocked(boxes);
    await until(() => desk.summary(id)?.phase === 'finished');
    const summary = desk.summary(id);
    await desk.rest();
    await this.open();
    await this.finished(id);
    return summary;
  }

  summary(id: string): BatchSummary {
    const found = this.desk.summary(id);
    if (!found) throw new Error('no such batch');
    return found;
  }

  /** And what it found is in the journal. */
  finished(id: string): Promise<void> {
    return until(() => {
      const { phase, unsaved } = this.summary(id);
      return phase === 'finished' && unsaved === 0;
    });
  }

  #demand(): OpenedDesk {
    if (!this.#opened) throw new Error('not in a test');
    return this.#opened;
  }
}

export const until = (check: () => boolean | Promise<boolean>): Promise<void> =>
  vi.waitFor(
    async () => {
      if (!(await check())) throw new Error('not yet');
    },
    { timeout: 20_000, interval: 5 },
  );

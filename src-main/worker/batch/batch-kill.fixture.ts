/** A process with batches, killed with no warning, and what has to be there after the next opening. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, vi } from 'vitest';
import { openDesk, TestExtractor, titlesAndRuns } from './batch.fixture';

const script = fileURLToPath(new URL('./batch-loop.fixture.ts', import.meta.url));

/** Folders of their own for every test of a file, empty. */
export class KillFolders {
  /** Of the vault. */
  data = '';
  /** For files that are imported. */
  files = '';

  constructor() {
    let root = '';
    beforeEach(async () => {
      root = await mkdtemp(join(tmpdir(), 'chimed-batch-kill-'));
      this.data = join(root, 'data');
      this.files = join(root, 'files');
      await mkdir(this.data);
      await mkdir(this.files);
    });
    afterEach(() => rm(root, { recursive: true, force: true }));
  }
}

/** Starts a process and kills it once it has done so many steps. */
export async function killedRound(
  dir: string,
  files: string,
  seed: number,
  steps: number,
  batches = 1,
): Promise<void> {
  const args = ['--import', 'tsx', script, dir, files, String(seed), String(batches)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let done = 0;
  try {
    await new Promise<void>((resolve, reject) => {
      child.stdout.on('data', (chunk: Buffer) => {
        done += chunk.byteLength;
        if (done >= steps) resolve();
      });
      child.once('exit', () => reject(new Error('the process ended by itself')));
    });
  } finally {
    child.removeAllListeners('exit');
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
  }
}

/** Opens what was killed, and waits until every one of so many records has one result. */
export async function wholeAndOnce(dir: string, count: number): Promise<void> {
  const { desk, vault, problems, close } = await openDesk(dir, new TestExtractor());
  try {
    const [batch] = desk.summaries;
    if (!batch) throw new Error('the batch is gone');
    // Otherwise nothing was interrupted.
    expect(batch.counts.completed).toBeGreaterThan(0);
    expect(batch.phase).not.toBe('finished');
    await vi.waitFor(
      () => {
        const now = desk.summary(batch.id);
        if (now?.phase !== 'finished' || now.unsaved > 0) throw new Error('not yet');
      },
      { timeout: 60_000, interval: 20 },
    );
    const { titles, runs } = await titlesAndRuns(vault);
    expect(titles).toEqual(Array.from({ length: count }, (_, i) => String(1000 + i)));
    expect(new Set(runs).size).toBe(count);
    expect(runs).toHaveLength(count);
    expect(desk.summary(batch.id)?.counts).toMatchObject({ total: count, completed: count });
    expect(problems).toEqual([]);
  } finally {
    await close();
  }
}

export const noteOf = (i: number): string => `${1000 + i} 患者头痛三天，否认高血压病史。`;

/** So many records in the journal. */
export async function withRecords(dir: string, count: number): Promise<void> {
  const { store, close } = await openDesk(dir, new TestExtractor());
  const source = { kind: 'paste' as const, notices: [] };
  await Promise.all(
    Array.from({ length: count }, (_, i) =>
      store.create({ title: String(1000 + i), text: noteOf(i), source }),
    ),
  );
  await close();
}

/** Real processes, killed with no warning at random moments of a batch. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openDesk, TestExtractor, titlesAndRuns } from './batch.fixture';

const script = fileURLToPath(new URL('./batch-loop.fixture.ts', import.meta.url));
let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'chimed-batch-kill-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Starts a process and kills it once it has done so many steps. */
async function killedRound(
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

async function wholeAndOnce(dir: string, count: number): Promise<void> {
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

const noteOf = (i: number): string => `${1000 + i} 患者头痛三天，否认高血压病史。`;

test('killed a dozen times while it imports, runs and saves: every record has one result, none is lost, none is twice', async () => {
  const dir = join(root, 'data');
  const files = join(root, 'files');
  await mkdir(dir);
  await mkdir(files);
  const count = 400;
  for (let i = 0; i < count; i += 1) {
    await writeFile(join(files, `${1000 + i}.txt`), noteOf(i));
  }
  for (let round = 0; round < 12; round += 1) {
    await killedRound(dir, files, round + 1, 20 + ((round * 61) % 140));
  }
  await wholeAndOnce(dir, count);
}, 120_000);

async function withRecords(dir: string, count: number): Promise<void> {
  const { store, close } = await openDesk(dir, new TestExtractor());
  const source = { kind: 'paste' as const, notices: [] };
  await Promise.all(
    Array.from({ length: count }, (_, i) =>
      store.create({ title: String(1000 + i), text: noteOf(i), source }),
    ),
  );
  await close();
}

test('of chosen records, killed again and again while it copies, runs and saves: each has one result, and no record is made', async () => {
  const dir = join(root, 'data');
  await mkdir(dir);
  const count = 200;
  await withRecords(dir, count);
  for (let round = 0; round < 6; round += 1) {
    await killedRound(dir, '', round + 1, 3 + ((round * 61) % 120));
  }
  await wholeAndOnce(dir, count);
}, 120_000);

test('while two batches wait, copy, fail and are tried anew, killed again and again: each has one result of every record', async () => {
  const dir = join(root, 'data');
  await mkdir(dir);
  const count = 120;
  await withRecords(dir, count);
  for (let round = 0; round < 5; round += 1) {
    await killedRound(dir, '', round + 1, 3 + ((round * 61) % 120), 2);
  }
  const { desk, vault, problems, close } = await openDesk(dir, new TestExtractor());
  try {
    const ids = desk.summaries.map(({ id }) => id);
    expect(ids).toHaveLength(2);
    expect(desk.summaries.some(({ phase }) => phase !== 'finished')).toBe(true);
    await vi.waitFor(
      async () => {
        for (const { id, phase, unsaved, canRetry, counts } of desk.summaries) {
          if (canRetry) await desk.retry(id);
          if (phase !== 'finished' || unsaved > 0 || counts.failed > 0) throw new Error('not yet');
        }
      },
      { timeout: 60_000, interval: 20 },
    );
    for (const { counts } of desk.summaries)
      expect(counts).toMatchObject({ total: count, completed: count });
    const { titles, runs } = await titlesAndRuns(vault);
    expect(titles).toHaveLength(count);
    const times = new Map<string, number>();
    for (const recordId of runs) times.set(recordId, (times.get(recordId) ?? 0) + 1);
    expect([...times.values()]).toEqual(Array<number>(count).fill(2));
    expect(problems).toEqual([]);
  } finally {
    await close();
  }
}, 120_000);

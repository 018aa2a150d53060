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
async function killedRound(dir: string, files: string, seed: number, steps: number): Promise<void> {
  const child = spawn(process.execPath, ['--import', 'tsx', script, dir, files, String(seed)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
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

test('of chosen records, killed again and again while it copies, runs and saves: each has one result, and no record is made', async () => {
  const dir = join(root, 'data');
  await mkdir(dir);
  const count = 200;
  const { store, close } = await openDesk(dir, new TestExtractor());
  const source = { kind: 'paste' as const, notices: [] };
  await Promise.all(
    Array.from({ length: count }, (_, i) =>
      store.create({ title: String(1000 + i), text: noteOf(i), source }),
    ),
  );
  await close();
  for (let round = 0; round < 6; round += 1) {
    await killedRound(dir, '', round + 1, 3 + ((round * 61) % 120));
  }
  await wholeAndOnce(dir, count);
}, 120_000);

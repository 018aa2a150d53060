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

test('killed a dozen times while it imports, runs and saves: every record has one result, none is lost, none is twice', async () => {
  const dir = join(root, 'data');
  const files = join(root, 'files');
  await mkdir(dir);
  await mkdir(files);
  const count = 400;
  for (let i = 0; i < count; i += 1) {
    await writeFile(join(files, `${1000 + i}.txt`), `${1000 + i} 患者头痛三天，否认高血压病史。`);
  }
  for (let round = 0; round < 12; round += 1) {
    await killedRound(dir, files, round + 1, 20 + ((round * 61) % 140));
  }
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
}, 120_000);

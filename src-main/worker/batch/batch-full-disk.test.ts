/** A disk that is full in the middle of a batch, again and again, each time at another place. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { storedRunSchema } from '../../domain/contract/record';
import { keyIdOfSealed, openJson } from '../../domain/sealing/row';
import { openDesk, TestExtractor } from './batch.fixture';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'chimed-batch-full-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** @param blocks of 512 bytes, that no file may be larger than */
async function limited(blocks: number, ...args: string[]): Promise<Record<string, unknown>> {
  const script = join(import.meta.dirname, 'batch-full-disk.fixture.ts');
  // The kernel writes up to the limit and refuses the rest, as a full disk does.
  const command = `ulimit -f ${blocks}; exec "$0" --import tsx "$@"`;
  const { stdout } = await promisify(execFile)('sh', [
    '-c',
    command,
    process.execPath,
    script,
    ...args,
  ]);
  return JSON.parse(stdout) as Record<string, unknown>;
}

test.runIf(process.platform === 'linux')(
  'a full disk stops the batch and is named; with room again it goes on, and every record has one result',
  async () => {
    const dir = join(root, 'data');
    const files = join(root, 'files');
    await mkdir(dir);
    await mkdir(files);
    const count = 60;
    for (let i = 0; i < count; i += 1)
      await writeFile(
        join(files, `${100 + i}.txt`),
        `${100 + i}患者头痛三天，否认高血压病史。`.repeat(60),
      );
    // Twice while it imports, which ends at about 430, and twice while it runs and saves.
    for (const blocks of [100, 300, 460, 500]) {
      expect(await limited(blocks, dir, files)).toEqual({
        ...{ phase: 'paused', problem: 'DISK_FULL', problems: 0 },
      });
    }
    const { desk, vault, problems, close } = await openDesk(dir, new TestExtractor());
    try {
      const id = desk.summaries[0]?.id ?? '';
      await desk.resume(id);
      await vi.waitFor(
        () => {
          const now = desk.summary(id);
          if (now?.phase !== 'finished' || now.unsaved > 0) throw new Error('not yet');
        },
        { timeout: 30_000, interval: 20 },
      );
      expect(desk.summary(id)?.counts).toMatchObject({ total: count, completed: count });
      expect([...vault.journal.idsOf('record')]).toHaveLength(count);
      const records: string[] = [];
      for (const runId of vault.journal.idsOf('run')) {
        const row = await vault.journal.latest('run', runId);
        if (!row) throw new Error('a row is missing');
        const keyId = keyIdOfSealed(row.sealed);
        const key = await vault.recordKeys.key(keyId);
        records.push((await openJson(key, keyId, row, row.sealed, storedRunSchema)).recordId);
      }
      expect(records).toHaveLength(count);
      expect(new Set(records).size).toBe(count);
      expect(problems).toEqual([]);
    } finally {
      await close();
    }
  },
  120_000,
);

/** Real processes, killed with no warning at random moments of a batch. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'vitest';
import { killedRound, noteOf, wholeAndOnce } from './batch-kill.fixture';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'chimed-batch-kill-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

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

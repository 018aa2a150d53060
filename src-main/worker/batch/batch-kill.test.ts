/** Real processes, killed with no warning at random moments of a batch. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'vitest';
import { KillFolders, killedRound, noteOf, wholeAndOnce } from './batch-kill.fixture';

const folders = new KillFolders();

test('killed a dozen times while it imports, runs and saves: every record has one result, none is lost, none is twice', async () => {
  const { data: dir, files } = folders;
  const count = 400;
  for (let i = 0; i < count; i += 1) {
    await writeFile(join(files, `${1000 + i}.txt`), noteOf(i));
  }
  for (let round = 0; round < 12; round += 1) {
    await killedRound(dir, files, round + 1, 20 + ((round * 61) % 140));
  }
  await wholeAndOnce(dir, count);
}, 120_000);

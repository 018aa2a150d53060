import { link, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createBatchBox } from './batch-box';
import { batchFolderOf } from './batch-box-files';
import { framesAt } from './batch-box-format';
import { testKeys } from './keys.fixture';
import { wipeVault } from './wipe';

let root: string;
let dataDir: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'chimed-wipe-'));
  dataDir = join(root, 'data');
});
afterEach(() => rm(root, { recursive: true, force: true }));

test('the files of keys are overwritten before they go, also those that were set aside', async () => {
  await mkdir(join(root, 'audit'));
  const kept: string[] = [];
  const boxes: string[] = [];
  for (const folder of [dataDir, `${dataDir}.set-aside-20260105T083000`]) {
    await mkdir(folder);
    await writeFile(join(folder, 'journal.cmj'), 'sealed');
    for (const name of ['vault.json', 'record-keys.cmk', 'record-keys.cmk.next']) {
      const path = join(folder, name);
      await writeFile(path, 'secret');
      // A second name of the same file shows what was done to its bytes.
      const second = join(root, 'audit', `${kept.length}`);
      await link(path, second);
      kept.push(second);
    }
    const box = await createBatchBox(batchFolderOf(folder), 'b-1', await testKeys());
    await box.close();
    await link(box.path, join(root, 'audit', `box-${kept.length}`));
    boxes.push(join(root, 'audit', `box-${kept.length}`));
  }
  await wipeVault(dataDir);
  expect(await readdir(root)).toEqual(['audit']);
  for (const path of kept) expect(await readFile(path)).toEqual(Buffer.alloc(6));
  for (const path of boxes)
    expect((await readFile(path)).subarray(0, framesAt)).toEqual(Buffer.alloc(framesAt));
});

test('where there is nothing, nothing happens', async () => {
  await wipeVault(dataDir);
  expect(await readdir(root)).toEqual([]);
});

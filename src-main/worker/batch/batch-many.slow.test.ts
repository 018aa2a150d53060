/** A batch as large as a researcher's. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openDesk, orderOf, TestExtractor } from './batch.fixture';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'chimed-batch-many-'));
  await mkdir(join(root, 'data'));
  await mkdir(join(root, 'files'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

test('ten thousand files: each becomes a record with one result', async () => {
  const count = 10_000;
  for (let at = 0; at < count; at += 500) {
    await Promise.all(
      Array.from({ length: 500 }, (_, i) =>
        writeFile(join(root, 'files', `${count + at + i}.txt`), `${at + i}。患者头痛三天。`),
      ),
    );
  }
  const source = { kind: 'files' as const, paths: [join(root, 'files')], tables: [] };
  const { desk, vault, problems, close } = await openDesk(join(root, 'data'), new TestExtractor());
  try {
    const id = await desk.start({ ...orderOf(), source });
    await vi.waitFor(
      () => {
        const now = desk.summary(id);
        if (now?.phase !== 'finished' || now.unsaved > 0) throw new Error('not yet');
      },
      { timeout: 500_000, interval: 200 },
    );
    expect(desk.summary(id)?.counts).toMatchObject({ total: count, completed: count });
    expect([...vault.journal.idsOf('record')]).toHaveLength(count);
    expect([...vault.journal.idsOf('run')]).toHaveLength(count);
    expect(problems).toEqual([]);
  } finally {
    await close();
  }
});

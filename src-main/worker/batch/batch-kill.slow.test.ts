/** Batches of records that are in the journal, killed with no warning at random moments. */
import { expect, test, vi } from 'vitest';
import { openDesk, TestExtractor, titlesAndRuns } from './batch.fixture';
import { KillFolders, killedRound, withRecords, wholeAndOnce } from './batch-kill.fixture';

const folders = new KillFolders();

test('of chosen records, killed again and again while it copies, runs and saves: each has one result, and no record is made', async () => {
  const dir = folders.data;
  const count = 200;
  await withRecords(dir, count);
  for (let round = 0; round < 6; round += 1) {
    await killedRound(dir, '', round + 1, 3 + ((round * 61) % 120));
  }
  await wholeAndOnce(dir, count);
}, 120_000);

test('while two batches wait, copy, fail and are tried anew, killed again and again: each has one result of every record', async () => {
  const dir = folders.data;
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

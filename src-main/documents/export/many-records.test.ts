import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-many-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

// The other formats: many-records.slow.test.ts.
test.each(['json'])('memory does not grow with the number of records: %s', async (format) => {
  // 6,000 records of nine facts are more than what the process may hold besides its own code.
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...['--max-old-space-size=28', '--import', 'tsx'],
    join(import.meta.dirname, 'many-records.fixture.ts'),
    ...[format, '6000', join(folder, format)],
  ]);
  expect(JSON.parse(stdout)).toMatchObject({ records: 6000, facts: 54_000 });
});

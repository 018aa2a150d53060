import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { factExportFormats } from '../../domain/contract/export';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-many-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each(factExportFormats)('20,000 records in the memory of a few: %s', async (format) => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...['--max-old-space-size=40', '--import', 'tsx'],
    join(import.meta.dirname, 'many-records.fixture.ts'),
    ...[format, '20000', join(folder, format)],
  ]);
  expect(JSON.parse(stdout)).toMatchObject({ records: 20_000, facts: 180_000 });
});

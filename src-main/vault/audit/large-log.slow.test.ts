/** Real processes, because memory that one test took would count for the next. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const script = fileURLToPath(new URL('./large-log.fixture.ts', import.meta.url));

/** A young generation of fixed size, so that garbage alone does not make the long log look larger. */
async function run(folder: string, append: number): Promise<string> {
  const args = ['--max-semi-space-size=4', '--import', 'tsx', script, folder, String(append)];
  return (await promisify(execFile)(process.execPath, args)).stdout;
}

async function readBack(entries: number): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'chimed-audit-'));
  try {
    await run(folder, entries);
    const { kib, ...found } = JSON.parse(await run(folder, 0)) as { kib: number };
    expect(found).toEqual({
      numbers: [entries, entries - 1, entries - 2, 3, 2, 1],
      entries,
      faults: 0,
      exported: entries,
    });
    return kib;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test('200,000 entries are read, verified and exported in the memory that 10,000 take', async () => {
  const short = await readBack(10_000);
  const long = await readBack(200_000);
  // All of them as objects would take some 200 MB more.
  expect(long - short).toBeLessThan(48 * 1024);
});

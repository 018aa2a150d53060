import { appendFile, chmod, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type * as writer from '../convert/gguf-writer';
import type { RunIdentity } from '../domain/contract/extraction';
import { openOutput } from './output';
import { openResumable } from './resume-file';

const synced = vi.hoisted((): string[] => []);
vi.mock('../convert/gguf-writer', async (original) => ({
  ...(await original<typeof writer>()),
  syncFolderOf: (path: string): Promise<void> => {
    synced.push(path);
    return Promise.resolve();
  },
}));

let folder = '';
let out = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-resume-'));
  out = join(folder, 'out');
  synced.length = 0;
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const run: RunIdentity = {
  ...{ schema: 'ccks2019', model: { name: 'm', sha256: 'ab'.repeat(32) } },
  ...{ strategy: 'marked-copy', settings: { context: 256 } },
};
const lineOf = (source: string, status = 'completed') => ({
  ...{ version: 1, record: { source, sha256: source }, status, run },
});
const open = (format: 'jsonl' | 'json', force = false) =>
  openResumable({ path: out, format, force }, run, false, () => Promise.resolve());
const mode = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

test.skipIf(process.platform === 'win32')(
  'a file that others could read is its owner’s alone from the moment it is gone on with',
  async () => {
    await writeFile(out, `${JSON.stringify(lineOf('a'))}\n`);
    await chmod(out, 0o644);
    const resumed = await open('jsonl');
    expect([resumed.done, await mode(out)]).toEqual([1, 0o600]);
    await resumed.finish();

    const state = `${out}.resume.jsonl`;
    await rename(out, state);
    await chmod(state, 0o644);
    const beside = await open('json');
    expect(await mode(state)).toBe(0o600);
    await beside.finish();
    expect(await mode(out)).toBe(0o600);
  },
);

test.skipIf(process.platform === 'win32')(
  'what an earlier run left half done is not written to under its old rights',
  async () => {
    await writeFile(`${out}.partial`, 'old');
    await chmod(`${out}.partial`, 0o644);
    const output = await openOutput({ path: out, format: 'jsonl', force: false });
    expect(await mode(`${out}.partial`)).toBe(0o600);
    await output.write(lineOf('a'));
    await output.finish();
    expect(await mode(out)).toBe(0o600);
  },
);

test('a name is on the disk once a file has it: when it is made, and when it is renamed', async () => {
  const made = await open('jsonl');
  expect(synced.map((path) => dirname(path))).toEqual([folder]);
  await made.write(lineOf('a'));
  await made.write(lineOf('b', 'failed'));
  await made.finish();
  synced.length = 0;
  // The line that failed goes: the file is written anew beside, and renamed.
  const again = await open('jsonl');
  expect(again.done).toBe(1);
  expect(synced).toEqual([`${out}.rewrite`, out, out]);
  await again.finish();
  await rename(out, `${out}.resume.jsonl`);
  synced.length = 0;
  await (await open('json')).finish();
  expect(synced.at(-1)).toBe(out);
});

test('a torn line is cut off, and what follows it is whole', async () => {
  await writeFile(out, `${JSON.stringify(lineOf('a'))}\n`);
  await appendFile(out, '{"version":1,"rec');
  const resumed = await open('jsonl');
  expect(resumed.has({ source: 'a', sha256: 'a' })).toBe(true);
  await resumed.write(lineOf('b'));
  await resumed.finish();
  expect((await open('jsonl')).done).toBe(2);
});

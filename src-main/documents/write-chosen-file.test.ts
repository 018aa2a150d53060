import { execFile } from 'node:child_process';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeChosenFile } from './write-chosen-file';

let folder = '';
let ownFolder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-save-'));
  ownFolder = join(folder, 'own');
  await mkdir(ownFolder);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const note = '患者【姓名1】，男。\r\n第二行𠮷。';
const write = (path: string, text = note, format: 'txt' | 'csv' = 'txt'): Promise<number> =>
  writeChosenFile({ path, format }, text, { ownFolder });
/** What lies in the folder, without the program's own. */
const names = async (): Promise<string[]> =>
  (await readdir(folder)).filter((name) => name !== 'own').sort();

test('the text is on the disk to the byte, and nothing else', async () => {
  const path = join(folder, 'out.txt');
  expect(await write(path)).toBe(Buffer.byteLength(note));
  expect(await readFile(path)).toEqual(Buffer.from(note));
  expect(await names()).toEqual(['out.txt']);
});

test('a CSV file begins with the mark that Excel needs; a text file does not', async () => {
  await write(join(folder, 'a.csv'), '一,二', 'csv');
  await write(join(folder, 'a.txt'), '一,二');
  expect(await readFile(join(folder, 'a.csv'), 'utf-8')).toBe('\uFEFF一,二');
  expect(await readFile(join(folder, 'a.txt'), 'utf-8')).toBe('一,二');
});

test.skipIf(process.platform === 'win32')('nobody but its owner can read it', async () => {
  const path = join(folder, 'out.txt');
  await writeFile(path, 'open to all');
  await chmod(path, 0o666);
  await write(path);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readFile(path, 'utf-8')).toBe(note);
});

describe('what is refused leaves everything as it was', () => {
  const refused = (path: string, params: Record<string, string>): Promise<void> =>
    expect(write(path)).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE', params });

  test.skipIf(process.platform === 'win32')('a link, to a file or to nothing', async () => {
    const target = join(folder, 'target.txt');
    await writeFile(target, 'untouched');
    await symlink(target, join(folder, 'link.txt'));
    await symlink(join(folder, 'nowhere'), join(folder, 'dead.txt'));
    await refused(join(folder, 'link.txt'), { why: 'link' });
    await refused(join(folder, 'dead.txt'), { why: 'link' });
    expect(await readFile(target, 'utf-8')).toBe('untouched');
    expect(await names()).toEqual(['dead.txt', 'link.txt', 'target.txt']);
  });

  test('a folder', async () => {
    await mkdir(join(folder, 'sub'));
    await refused(join(folder, 'sub'), { why: 'not-a-file' });
    expect(await names()).toEqual(['sub']);
  });

  test('a folder that is gone', () =>
    refused(join(folder, 'gone', 'out.txt'), { why: 'no-folder' }));

  test("the program's own folder, also by way of a link", async () => {
    await writeFile(join(ownFolder, 'journal'), 'kept');
    await refused(join(ownFolder, 'journal'), { why: 'own-folder' });
    await mkdir(join(ownFolder, 'audit'));
    await refused(join(ownFolder, 'audit', 'out.txt'), { why: 'own-folder' });
    if (process.platform !== 'win32') {
      await symlink(ownFolder, join(folder, 'way'));
      await refused(join(folder, 'way', 'journal'), { why: 'own-folder' });
    }
    expect(await readFile(join(ownFolder, 'journal'), 'utf-8')).toBe('kept');
  });

  test('a path that is none', () =>
    expect(write('out.txt')).rejects.toMatchObject({ code: 'BAD_REQUEST' }));

  test.runIf(process.platform === 'linux')('a folder that the system does not let write', () =>
    refused('/proc/chimed.txt', { system: 'ENOENT' }),
  );
});

test.runIf(process.platform === 'linux')(
  'when the disk is full, the old file is whole and nothing half is left',
  async () => {
    const path = join(folder, 'out.txt');
    await writeFile(path, 'the old one');
    const script = join(import.meta.dirname, 'write-limited.fixture.ts');
    const { stdout } = await promisify(execFile)('sh', [
      '-c',
      // The kernel writes up to the limit and refuses the rest, as a full disk does.
      'ulimit -f 64; exec "$0" --import tsx "$@"',
      process.execPath,
      script,
      path,
      ownFolder,
    ]);
    expect(stdout).toBe('DISK_FULL');
    expect(await readFile(path, 'utf-8')).toBe('the old one');
    expect(await names()).toEqual(['out.txt']);
  },
);

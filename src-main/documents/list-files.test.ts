import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Problem } from '../domain/contract/errors';
import { Cancelled } from '../domain/contract/rpc';
import { listFiles } from './list-files';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-list-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const at = (name: string): string => join(folder, name);
const below = (path: string): string => path.replace(`${folder}/`, '');

async function list(
  paths = [folder],
  onFile: (path: string) => void | Promise<void> = () => undefined,
): Promise<{ files: string[]; skipped: [string, Problem['code']][] }> {
  const files: string[] = [];
  const skipped: [string, Problem['code']][] = [];
  const onSkipped = (path: string, { code }: Problem): void => {
    skipped.push([below(path), code]);
  };
  for await (const { path } of listFiles(paths, { onSkipped })) {
    files.push(below(path));
    await onFile(path);
  }
  return { files, skipped };
}

test('ten thousand files in folders of folders, each once, in the order of their names', async () => {
  const names: string[] = [];
  for (let i = 0; i < 100; i += 1) {
    const inner = `${100 + i}`;
    await mkdir(at(inner));
    const files = Array.from({ length: 100 }, (_, k) => join(inner, `${100 + k}.txt`));
    await Promise.all(files.map((name) => writeFile(at(name), name)));
    names.push(...files);
  }
  const { files, skipped } = await list();
  expect(files).toEqual(names);
  expect(skipped).toEqual([]);
});

test('what is named comes in the order given; hidden files and links in folders are passed over', async () => {
  for (const name of ['b.txt', 'a.CSV', '.hidden.txt', 'c.png', 'd'])
    await writeFile(at(name), 'x');
  await symlink(at('b.txt'), at('link.txt'));
  const { files, skipped } = await list([at('d'), at('link.txt'), folder, at('none.txt')]);
  expect(files).toEqual(['d', 'link.txt', 'a.CSV', 'b.txt']);
  expect(skipped).toEqual([
    ['c.png', 'UNSUPPORTED_FILE'],
    ['d', 'UNSUPPORTED_FILE'],
    ['none.txt', 'FILE_UNREADABLE'],
  ]);
});

describe.skipIf(process.platform === 'win32')('names', () => {
  test('with every odd character that a file system takes', async () => {
    const names = [
      ...['换\n行', '\r回车', '\t制表', '\u0001', '\u001b[31m红', '\u007f'],
      ...['\u202e倒写', '\u200f右', '\u2066隔\u2069', '\u200b宽零', '\ufeff标', '\u2028线'],
      ...['"双\'单`', '100%s%00', '$(rm -rf ~)', '; | & > <', '*?[a]', '~', '-rf', '#', '\\'],
      ...['a'.repeat(251), '😀𠮷', 'e\u0301', ' 前后 ', '..两点'],
    ].map((stem) => `${stem}.txt`);
    for (const name of names) await writeFile(at(name), 'x');
    const visible = names.filter((name) => !name.startsWith('.'));
    const { files, skipped } = await list();
    expect([...files].sort()).toEqual([...visible].sort());
    expect(skipped).toEqual([]);
  });

  test('that are no text are said to be unreadable, and the files beside them are listed', async () => {
    await writeFile(
      Buffer.concat([Buffer.from(`${folder}/`), Buffer.from('b5d82e747874', 'hex')]),
      'x',
    );
    await writeFile(at('好.txt'), 'x');
    const { files, skipped } = await list();
    expect(files).toEqual(['好.txt']);
    expect(skipped.map(([, code]) => code)).toEqual(['FILE_UNREADABLE']);
  });
});

test('a folder that goes away on the way: one word for it, and what was named after it is listed', async () => {
  await mkdir(at('a'));
  for (const name of ['1.txt', '2.txt', '3.txt', '4.txt'])
    await writeFile(at(join('a', name)), 'x');
  await writeFile(at('b.txt'), 'x');
  const { files, skipped } = await list([at('a'), at('b.txt')], async (path) => {
    if (path.endsWith('1.txt')) await rm(at('a'), { recursive: true });
  });
  expect(files).toEqual(['a/1.txt', 'b.txt']);
  expect(skipped).toEqual([['a', 'FOLDER_UNREADABLE']]);
});

test('a file that goes away on the way is named, and the ones after it are listed', async () => {
  for (const name of ['1.txt', '2.txt', '3.txt']) await writeFile(at(name), 'x');
  const { files, skipped } = await list([folder], async (path) => {
    if (path.endsWith('1.txt')) await rm(at('2.txt'));
  });
  expect(files).toEqual(['1.txt', '3.txt']);
  expect(skipped).toEqual([['2.txt', 'FILE_UNREADABLE']]);
});

test('stopped, it says so', async () => {
  await writeFile(at('a.txt'), 'x');
  const stop = new AbortController();
  stop.abort();
  const listing = listFiles([folder], { onSkipped: () => undefined, signal: stop.signal });
  await expect(listing.next()).rejects.toBeInstanceOf(Cancelled);
});

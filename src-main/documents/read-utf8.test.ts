import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readUtf8 } from './read-utf8';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-utf8-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function fileWith(bytes: Uint8Array | string): Promise<string> {
  const path = join(folder, 'data');
  await writeFile(path, bytes);
  return path;
}

it('a file is its text without a byte order mark, or none in another encoding', async () => {
  expect(await readUtf8(await fileWith('\uFEFF胸痛\r\n'), 100)).toBe('胸痛\r\n');
  expect(await readUtf8(await fileWith(''), 100)).toBe('');
  // 胸痛 in GB18030, which as UTF-8 would be words of nobody.
  expect(await readUtf8(await fileWith(Buffer.from('d0d8cdb4', 'hex')), 100)).toBeNull();
});

it('what is too large, no file or not there is refused at once', async () => {
  const large = await fileWith('胸痛');
  await expect(readUtf8(large, 5)).rejects.toMatchObject({
    code: 'FILE_TOO_LARGE',
    params: { bytes: 6, limit: 5 },
  });
  const refused = { code: 'FILE_UNREADABLE' };
  await expect(readUtf8(folder, 100)).rejects.toMatchObject(refused);
  await expect(readUtf8(join(folder, 'none'), 100)).rejects.toMatchObject(refused);
});

it.skipIf(process.platform === 'win32')('a pipe without a writer is not waited for', async () => {
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  await expect(readUtf8(pipe, 100)).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
});

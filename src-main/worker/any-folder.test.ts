import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { anyFolder } from './any-folder';

test('a folder is told by what it is, whatever it is called', async () => {
  const base = await mkdtemp(join(tmpdir(), 'chimed-dropped-'));
  const [file, dotted, gone] = ['出院小结', '2024.05 病历.txt', '没有'].map((name) =>
    join(base, name),
  );
  try {
    await writeFile(file ?? '', '患者甲。');
    await mkdir(dotted ?? '');
    expect(await anyFolder([file ?? '', gone ?? ''])).toBe(false);
    expect(await anyFolder([file ?? '', gone ?? '', dotted ?? ''])).toBe(true);
  } finally {
    await rm(base, { recursive: true, force: true });
  }
});

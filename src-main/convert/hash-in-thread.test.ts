import { createHash } from 'node:crypto';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SeededRandom } from '../../e2e/fixtures/seeded-random';
import { hashInThread, type HashThreadOptions } from './hash-in-thread';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-hash-'));
});
afterEach(() => rm(folder, { recursive: true }));

const start = (names: readonly string[], options?: HashThreadOptions) =>
  hashInThread(
    join(import.meta.dirname, 'hash-thread.mjs'),
    names.map((name) => join(folder, name)),
    options,
  );
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

it('files are hashed in order, of any size, and it says how far it is', async () => {
  const random = new SeededRandom(3);
  const contents = [5_000_001, 0, 17].map((length) =>
    Buffer.from(Uint8Array.from({ length }, () => random.bits())),
  );
  const names = contents.map((_, i) => `${i}.bin`);
  for (const [i, bytes] of contents.entries()) {
    await writeFile(join(folder, names[i] as string), bytes);
  }
  const seen: number[] = [];
  const { hashes } = start(names, { onProgress: (done) => seen.push(done) });
  expect(await hashes).toEqual(contents.map(sha256));
  expect(seen).toEqual([4 * 2 ** 20, 5_000_001, 5_000_018]);
});

it('a growing file is read as far as it is told to be, and no further', async () => {
  const path = join(folder, 'growing');
  await writeFile(path, 'abc');
  const reached = new Map<number, () => void>();
  const until = (bytes: number): Promise<void> =>
    new Promise((resolve) => reached.set(bytes, resolve));
  const thread = start(['growing'], {
    growing: true,
    onProgress: (done) => reached.get(done)?.(),
  });
  const two = until(2);
  thread.grow(2, false);
  await two;
  await appendFile(path, 'defXXX');
  thread.grow(6, true);
  expect(await thread.hashes).toEqual([sha256(Buffer.from('abcdef'))]);
});

it('a file that is missing, or shorter than it was said to be, is named', async () => {
  await writeFile(join(folder, 'there'), 'abc');
  await expect(start(['there', 'gone']).hashes).rejects.toMatchObject({
    code: 'CHECKPOINT_INCOMPLETE',
    params: { file: 'gone' },
  });
  const thread = start(['there'], { growing: true });
  thread.grow(4, true);
  await expect(thread.hashes).rejects.toMatchObject({
    code: 'CHECKPOINT_INCOMPLETE',
    params: { file: 'there' },
  });
});

it('a thread that is stopped promises nothing any more', async () => {
  await writeFile(join(folder, 'there'), 'abc');
  const thread = start(['there'], { growing: true });
  await thread.stop();
  await expect(thread.hashes).rejects.toThrow('ended');
});

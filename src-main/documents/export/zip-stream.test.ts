import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { Collected } from './records.fixture';
import { entriesOf } from './zip.fixture';
import { ZipStream } from './zip-stream';

test('entries come back byte for byte, in order, by a reader that checks sizes and sums', async () => {
  const sink = new Collected();
  const zip = new ZipStream(sink);
  const noise = randomBytes(300_000);
  const entry = await zip.begin('大.bin');
  for (let at = 0; at < noise.length; at += 70_000)
    await entry.write(noise.subarray(at, at + 70_000));
  await entry.end();
  await zip.add('empty.txt', '');
  await zip.add('text.txt', '文字'.repeat(100_000));
  await zip.finish();
  const entries = await entriesOf(sink.bytes);
  expect([...entries.keys()]).toEqual(['大.bin', 'empty.txt', 'text.txt']);
  expect(entries.get('大.bin')?.equals(noise)).toBe(true);
  expect(entries.get('empty.txt')).toHaveLength(0);
  expect(entries.get('text.txt')?.toString('utf-8')).toBe('文字'.repeat(100_000));
});

test('an archive that is too large for the format is refused before it is wrong', async () => {
  const zip = new ZipStream({ write: () => Promise.resolve() });
  const entry = await zip.begin('a');
  // A piece that says it is larger than it is: no test writes four gigabytes.
  const huge = Object.defineProperty(new Uint8Array(1), 'byteLength', { value: 2 ** 32 });
  await expect(entry.write(huge)).rejects.toMatchObject({ code: 'EXPORT_TOO_LARGE' });
});

test('what the sink refuses is told, and nothing more is written', async () => {
  let writes = 0;
  const full = new Error('full');
  const zip = new ZipStream({
    write: () => {
      writes += 1;
      return writes > 2 ? Promise.reject(full) : Promise.resolve();
    },
  });
  const entry = await zip.begin('a');
  const filling = async (): Promise<void> => {
    for (;;) await entry.write(randomBytes(100_000));
  };
  await expect(filling()).rejects.toBe(full);
  expect(writes).toBe(3);
});

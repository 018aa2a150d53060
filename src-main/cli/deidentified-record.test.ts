import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { recordDeidentifier, recordName } from './deidentified-record';

const record = '姓名：张建国，2023年3月5日入院，2023年3月19日出院，电话13951860024。';
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-deidentify-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('offsets are those of the new text, the originals beside them those of the old one', async () => {
  const deidentify = await recordDeidentifier({ dates: 'mask' });
  const { text, identifiers, counts } = await deidentify(record);
  expect(text).toBe('姓名：【姓名1】，【日期1】入院，【日期2】出院，电话【电话1】。');
  for (const { start, end, replacement, original } of identifiers) {
    expect(text.slice(start, end)).toBe(replacement);
    expect(record.slice(original.start, original.end)).toBe(original.text);
  }
  expect(counts).toEqual({ name: 1, date: 2, phone: 1 });
});

it.skipIf(process.platform === 'win32')('a pipe is no key, and is not waited for', async () => {
  const key = join(folder, 'pipe');
  execFileSync('mkfifo', [key]);
  const refused = { code: 'FILE_UNREADABLE', params: { path: key } };
  await expect(recordDeidentifier({ dates: 'shift', key })).rejects.toMatchObject(refused);
});

it('a span that begins or ends in a placeholder is told from one beside it', async () => {
  const deidentify = await recordDeidentifier({ dates: 'mask' });
  const { text, endsInPlaceholder } = await deidentify(record);
  const date = text.indexOf('【日期1】');
  expect(endsInPlaceholder(date, date + 5)).toBe(true);
  expect(endsInPlaceholder(date + 2, date + 7)).toBe(true);
  expect(endsInPlaceholder(date - 1, date + 1)).toBe(true);
  expect(endsInPlaceholder(date + 5, date + 7)).toBe(false);
  expect(endsInPlaceholder(date - 1, date + 6)).toBe(false);
});

it('the same key shifts every record alike, another key otherwise, and the interval stays', async () => {
  const texts: string[] = [];
  for (const [name, byte] of [
    ['a', 1],
    ['b', 2],
    ['a', 1],
  ] as const) {
    const key = join(folder, name);
    await writeFile(key, Buffer.alloc(32, byte));
    const deidentify = await recordDeidentifier({ dates: 'shift', key });
    texts.push((await deidentify(record)).text);
  }
  expect(texts[0]).toBe(texts[2]);
  expect(texts[0]).not.toBe(texts[1]);
  for (const text of texts) {
    const [first = 0, second = 0] = Array.from(
      text.matchAll(/(\d{4})年(\d{1,2})月(\d{1,2})日/g),
      ([, year, month, day]) => Date.UTC(Number(year), Number(month) - 1, Number(day)) / 86_400_000,
    );
    expect(second - first).toBe(14);
  }
});

it('a key that can be guessed, is missing, or is not used is refused', async () => {
  const key = join(folder, 'short');
  await writeFile(key, 'secret');
  const refused = (code: string): object => expect.objectContaining({ code }) as object;
  await expect(recordDeidentifier({ dates: 'shift', key })).rejects.toEqual(refused('USAGE'));
  await expect(recordDeidentifier({ dates: 'mask', key })).rejects.toEqual(refused('USAGE'));
  await expect(recordDeidentifier({ dates: 'shift', key: join(folder, 'gone') })).rejects.toEqual(
    refused('FILE_UNREADABLE'),
  );
});

it('names of records sort in the order in which they were read', () => {
  expect([1, 2, 10].map(recordName)).toEqual(['record-0001', 'record-0002', 'record-0010']);
});

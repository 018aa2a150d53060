import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '../domain/contract/errors';
import { Cancelled } from '../domain/contract/rpc';
import { labelledRecords, type LabelledRecord } from './labelled-records';

const signal = new AbortController().signal;
let folder: string;
let made = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-labelled-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function read(content: string | Buffer, limit?: number): Promise<LabelledRecord[]> {
  const path = join(folder, `${made++}.jsonl`);
  await writeFile(path, content);
  const records: LabelledRecord[] = [];
  for await (const record of labelledRecords(path, { limit, signal })) records.push(record);
  return records;
}

async function refusal(content: string | Buffer): Promise<AppError> {
  const error = await read(content).catch((caught: unknown) => caught);
  if (!(error instanceof AppError)) throw new Error('it was not refused');
  return error;
}

function native(text: string, ...entities: unknown[]): string {
  return JSON.stringify({ text, entities });
}
function ccks(originalText: string, ...entities: unknown[]): string {
  return JSON.stringify({ originalText, entities });
}
const words = (record: LabelledRecord | undefined): (readonly [string, string])[] =>
  (record?.annotations ?? []).map(({ label, start, end }) => [
    label,
    record?.text.slice(start, end) ?? '',
  ]);

describe('layouts', () => {
  it('each line is read by its own keys, other keys are ignored', async () => {
    const records = await read(
      [
        native('口服呋塞米。', { type: 'drug', start: 2, end: 5, text: '呋塞米', id: 7 }),
        ccks('口服呋塞米。', { label_type: '药物', start_pos: 2, end_pos: 5, overlap: 0 }),
      ].join('\n'),
    );
    expect(records.map(words)).toEqual([[['drug', '呋塞米']], [['药物', '呋塞米']]]);
    expect(records.map(({ line, defects }) => [line, defects])).toEqual([
      [1, 0],
      [2, 0],
    ]);
  });

  it('a byte order mark may begin the file and any line; blank lines and CRLF do no harm', async () => {
    const line = ccks('头痛', { label_type: '症状', start_pos: 0, end_pos: 2 });
    const records = await read(`\uFEFF${line}\r\n\r\n  \n\uFEFF${line}\r\n${line}`);
    expect(records.map(({ line: number }) => number)).toEqual([1, 4, 5]);
    expect(records.map(words)).toEqual(Array(3).fill([['症状', '头痛']]));
  });

  it('characters outside the BMP count once in the file and twice in the record', async () => {
    const text = '🩺𠮷氏病，服𠀀丸👨‍👩‍👧后头痛';
    const chars = [...text];
    const place = (part: string) => {
      const start = [...text.slice(0, text.indexOf(part))].length;
      return { start, end: start + [...part].length };
    };
    const { start, end } = place('𠀀丸');
    expect(chars.slice(start, end).join('')).toBe('𠀀丸');
    const [a, b] = await read(
      [
        native(
          text,
          { type: 'd', ...place('𠮷氏病'), text: '𠮷氏病' },
          { type: 's', ...place('头痛'), text: '头痛' },
        ),
        ccks(text, { label_type: '药物', start_pos: start, end_pos: end }),
      ].join('\n'),
    );
    expect(words(a)).toEqual([
      ['d', '𠮷氏病'],
      ['s', '头痛'],
    ]);
    expect(words(b)).toEqual([['药物', '𠀀丸']]);
    expect(a?.annotations[0]).toEqual({ label: 'd', start: 2, end: 6 });
  });

  it('lone surrogates are replaced as at import, and move no offset', async () => {
    const [record] = await read(
      String.raw`{"text":"a\ud800头痛","entities":[{"type":"s","start":1,"end":4,"text":"\ud800头痛"}]}`,
    );
    expect(words(record)).toEqual([['s', '\uFFFD头痛']]);
  });

  it('a limit reads no further, not even a bad line', async () => {
    const records = await read(`${native('头痛')}\n${native('发热')}\n{bad`, 2);
    expect(records.map(({ text }) => text)).toEqual(['头痛', '发热']);
  });

  it('lines across the pieces in which a file is read come out whole', async () => {
    const texts = Array.from({ length: 40 }, (_, i) => `${i}头痛🩺`.repeat(1000 + i));
    const records = await read(texts.map((text) => native(text)).join('\n'));
    expect(records.map(({ text }) => text)).toEqual(texts);
  });
});

describe('defects of a data set are counted, not fatal', () => {
  const good = { type: 'drug', start: 2, end: 5, text: '呋塞米' };

  it.each([
    ['an end beyond the text', { type: 'x', start: 2, end: 7 }],
    ['a start before the text', { type: 'x', start: -1, end: 2 }],
    ['an empty span', { type: 'x', start: 2, end: 2 }],
    ['an end before the start', { type: 'x', start: 3, end: 2 }],
    ['words that stand elsewhere', { type: 'x', start: 1, end: 4, text: '呋塞米' }],
  ])('%s', async (_name, entity) => {
    const [record] = await read(native('口服呋塞米。', entity, good));
    expect(words(record)).toEqual([['drug', '呋塞米']]);
    expect(record?.defects).toBe(1);
    expect(record?.labels).toEqual(new Set(['x', 'drug']));
  });

  it('a record without words', async () => {
    const [record] = await read(native(' \n '));
    expect(record).toMatchObject({ annotations: [], defects: 1 });
  });
});

describe('bad files are refused with the line and the field, never with its words', () => {
  const secret = '患者张某';
  const good = native('头痛');

  it.each([
    ['no JSON', `{"text":"${secret}`, 'JSON'],
    ['not an object', JSON.stringify([secret]), 'record'],
    ['a bare string', JSON.stringify(secret), 'record'],
    ['no text', JSON.stringify({ note: secret, entities: [] }), 'text'],
    ['no entities', JSON.stringify({ text: secret }), 'entities'],
    [
      'an offset that is text',
      native(secret, { type: 'x', start: '0', end: 1 }),
      'entities.0.start',
    ],
    ['a broken offset', native(secret, { type: 'x', start: 0, end: 1.5 }), 'entities.0.end'],
    ['no label', ccks(secret, { start_pos: 0, end_pos: 1 }), 'entities.0.label_type'],
    [
      'a label for the terminal',
      native(secret, { type: '\u001b[2J', start: 0, end: 1 }),
      'entities.0.type',
    ],
    [
      'a label as long as a text',
      native(secret, { type: secret.repeat(20), start: 0, end: 1 }),
      'entities.0.type',
    ],
  ])('%s', async (_name, bad, field) => {
    const error = await refusal(`${good}\n\n${bad}\n${good}`);
    expect(error.toProblem()).toEqual({
      code: 'DATASET_LINE_INVALID',
      params: { line: 3, field },
    });
    expect(error.cause).toBeUndefined();
    expect(String(error.stack)).not.toContain(secret);
  });

  it('bytes that are not UTF-8', async () => {
    const error = await refusal(
      Buffer.concat([Buffer.from(`${good}\n`), Buffer.from([0xc4, 0xe3])]),
    );
    expect(error.params).toEqual({ line: 2, field: 'UTF-8' });
  });

  it('a line without an end, before it is held', async () => {
    const error = await refusal(Buffer.concat([Buffer.from(`${good}\n`), Buffer.alloc(17e6, 'a')]));
    expect(error.params).toEqual({ line: 2, field: 'size' });
  });

  it('a text longer than a record may be', async () => {
    const error = await refusal(native('a'.repeat(2_000_001)));
    expect(error.code).toBe('TEXT_TOO_LARGE');
    expect(error.params?.['line']).toBe(1);
  });

  it.each(['', '\uFEFF', '\n\n \r\n'])('a file without any record: %j', async (content) => {
    expect((await refusal(content)).code).toBe('FILE_EMPTY');
  });

  it('a file that is not there, and a folder', async () => {
    for (const path of [join(folder, 'gone.jsonl'), folder]) {
      const reading = labelledRecords(path, { signal });
      await expect(reading.next()).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
    }
  });
});

it('reading stops when it is cancelled', async () => {
  const path = join(folder, 'long.jsonl');
  await writeFile(path, `${native('头痛')}\n`.repeat(10));
  const stop = new AbortController();
  const reading = labelledRecords(path, { signal: stop.signal });
  await reading.next();
  stop.abort();
  await expect(reading.next()).rejects.toBeInstanceOf(Cancelled);
});

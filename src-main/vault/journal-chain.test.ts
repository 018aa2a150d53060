/** What somebody can do to a journal who can compute every checksum, and how it is found. */
import { copyFile, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AppError, type ErrorCode } from '../domain/contract/errors';
import { Journal, journalFileName, type JournalHead, type NewRow } from './journal';
import { fileHeaderBytes, frameHeaderBytes } from './journal-format';
import { testKeyId, testKeys } from './keys.fixture';

const keys = await testKeys();
let dir = '';
let path = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'chimed-chain-'));
  path = join(dir, journalFileName);
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const row = (id: string, version = 1): NewRow => ({
  table: 'record',
  id,
  version,
  sealed: Uint8Array.from({ length: 60 }, (_, at) => at + version),
});
const code = (promise: Promise<unknown>): Promise<ErrorCode | 'no error'> =>
  promise.then(
    () => 'no error' as const,
    (error: unknown) => {
      if (error instanceof AppError) return error.code;
      throw error;
    },
  );

/** The frames of a journal of `ids`, one each, and the heads after them. */
async function journalOf(
  ids: readonly string[],
): Promise<{ heads: JournalHead[]; frames: Buffer[] }> {
  const journal = await Journal.open(dir, keys);
  const heads = [journal.head];
  const ends: number[] = [fileHeaderBytes];
  for (const id of ids) {
    await journal.append([row(id)]);
    heads.push(journal.head);
    ends.push(journal.bytes);
  }
  await journal.close();
  const bytes = await readFile(path);
  return { heads, frames: ids.map((_, at) => bytes.subarray(ends[at], ends[at + 1])) };
}

/** A frame whose checksums are right again after its payload was changed. */
function signed(frame: Buffer): Buffer {
  const copy = Buffer.from(frame);
  copy.writeUInt32BE(crc32(copy.subarray(frameHeaderBytes)), 8);
  copy.writeUInt32BE(crc32(copy.subarray(0, 12)), 12);
  return copy;
}
const numbered = (frame: Buffer, seq: number): Buffer => {
  const copy = Buffer.from(frame);
  copy.writeBigUInt64BE(BigInt(seq), frameHeaderBytes);
  return signed(copy);
};
async function refused(parts: readonly Buffer[]): Promise<ErrorCode | 'no error'> {
  const bytes = Buffer.concat(parts);
  await writeFile(path, bytes);
  const outcome = await code(Journal.open(dir, keys).then((journal) => journal.close()));
  expect((await readFile(path)).equals(bytes)).toBe(true);
  return outcome;
}

test('any changed byte of a frame is found although its checksums are right', async () => {
  const { frames } = await journalOf(['a', 'b', 'c']);
  const header = (await readFile(path)).subarray(0, fileHeaderBytes);
  const [a, b, c] = frames as [Buffer, Buffer, Buffer];
  for (const [at, frame] of [a, b, c].entries())
    for (let offset = frameHeaderBytes; offset < frame.length; offset += 1) {
      const changed = Buffer.from(frame);
      changed[offset] = (changed[offset] ?? 0) ^ 1;
      const parts = [header, a, b, c];
      parts[at + 1] = signed(changed);
      expect(['STORE_TAMPERED', 'STORE_CORRUPT', 'STORE_NEWER'], `${at}:${offset}`).toContain(
        await refused(parts),
      );
    }
});

test('frames that were removed, moved, doubled or renumbered are found', async () => {
  const { frames } = await journalOf(['a', 'b', 'c']);
  const header = (await readFile(path)).subarray(0, fileHeaderBytes);
  const [a, b, c] = frames as [Buffer, Buffer, Buffer];
  for (const parts of [
    [b, c],
    [numbered(b, 1), numbered(c, 2)],
    [a, numbered(c, 2)],
    [numbered(b, 1), numbered(a, 2), c],
    [a, b, c, numbered(c, 4)],
    [a, numbered(a, 2), numbered(b, 3)],
  ])
    expect(await refused([header, ...parts])).toBe('STORE_TAMPERED');
});

test('frames of another journal under the same key are found', async () => {
  const { frames } = await journalOf(['a', 'b']);
  const mine = await readFile(path);
  await rm(path);
  const { frames: others } = await journalOf(['a', 'b']);
  const header = mine.subarray(0, fileHeaderBytes);
  const [a, b] = frames as [Buffer, Buffer];
  const [otherA, otherB] = others as [Buffer, Buffer];
  expect(await refused([header, otherA, otherB])).toBe('STORE_TAMPERED');
  expect(await refused([header, a, otherB])).toBe('STORE_TAMPERED');
  // My header with another id, and a checksum that is right.
  const changed = Buffer.from(header);
  changed[20] = (changed[20] ?? 0) ^ 1;
  changed.writeUInt32BE(crc32(changed.subarray(0, 124)), 124);
  expect(await refused([changed, a, b])).toBe('STORE_TAMPERED');
});

test('a row cannot be passed off as one whose key was destroyed', async () => {
  const journal = await Journal.open(dir, keys);
  await journal.append([row('a')]);
  await journal.append([row('a', 2)]);
  const keyId = journal.keyIdOf('record', 'a') ?? '';
  await journal.close();
  const sound = await readFile(path);
  // What compaction would write, had the key been destroyed: the newest version hidden.
  const forged = await Journal.open(dir, keys);
  await forged.append([{ table: 'deletion', id: keyId, version: 1, sealed: new Uint8Array(60) }]);
  await forged.compact();
  const compacted = await readFile(path);
  await forged.close();
  const frames = compacted.subarray(fileHeaderBytes);
  const first = frameHeaderBytes + frames.readUInt32BE(4);
  const second = first + frameHeaderBytes + frames.readUInt32BE(first + 4);
  expect(await refused([sound.subarray(0, fileHeaderBytes), frames.subarray(0, second)])).toBe(
    'STORE_TAMPERED',
  );
  // With the deletion itself in the chain it is right.
  expect(await refused([compacted])).toBe('no error');
});

test('an older copy is whole in itself, and known by whoever noted a newer head', async () => {
  const { heads } = await journalOf(['a', 'b', 'c']);
  const older = join(dir, 'older');
  await copyFile(path, older);
  let journal = await Journal.open(dir, keys);
  for (const head of heads) expect(journal.holds(head)).toBe(true);
  await journal.append([row('d')]);
  const noted = journal.head;
  await journal.close();
  await cp(older, path);

  journal = await Journal.open(dir, keys);
  expect(journal.holds(noted)).toBe(false);
  for (const head of heads) expect(journal.holds(head)).toBe(true);
  // Going on from there is another history, also with as many rows.
  await journal.append([row('e')]);
  expect(journal.lastSeq).toBe(noted.seq);
  expect(journal.holds(noted)).toBe(false);
  expect(journal.holds({ seq: 99, mac: noted.mac })).toBe(false);
  await journal.close();
});

test('another key is named as such, and a journal under a key of the same name is refused', async () => {
  await journalOf(['a']);
  expect(await code(Journal.open(dir, await testKeys(9)))).toBe('STORE_OTHER_KEY');
  const sameName = { keyId: testKeyId, chain: (await testKeys(9)).chain };
  expect(await code(Journal.open(dir, sameName))).toBe('STORE_TAMPERED');
  expect(await code(Journal.open(dir, keys).then((journal) => journal.close()))).toBe('no error');
});

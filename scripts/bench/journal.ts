/**
 * What sealing costs when notes are saved: each note under a key of its own, in a journal with a chain,
 * against the same notes in clear. Once against a plain journal (`plain-journal.ts`), which does what
 * records need without any sealing, and once against a bare file that gets JSON and a checksum, which
 * does less than records need. All end every save, or every group of saves, with one write and one sync.
 * On a disk that syncs in a few tenths of a millisecond this compares processors; on a slower one, disks.
 *
 *   npx tsx scripts/bench/journal.ts [--notes N] [--pairs N]
 */
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { crc32 } from 'node:zlib';
import { Vault } from '../../src-main/vault/vault';
import { RecordStore } from '../../src-main/worker/store';
import { runScript, say } from '../terminal';
import { describeRatio, measurePairs, timed } from './pairs';
import { PlainJournal } from './plain-journal';

/** About 5 KB of UTF-8, as a progress note has; each is another text. */
const noteOf = (at: number): string =>
  `${at} 患者，男，45岁，因“头痛三天”入院。否认高血压病史。`.repeat(68);
const source = { kind: 'paste' as const, notices: [] };

await runScript(async () => {
  const { values } = parseArgs({
    options: {
      notes: { type: 'string', default: '1000' },
      pairs: { type: 'string', default: '7' },
    },
  });
  const count = Number(values.notes);
  const notes = Array.from({ length: count }, (_, at) => noteOf(at));
  const folder = await mkdtemp(join(tmpdir(), 'chimed-bench-journal-'));
  let turn = 0;

  /** @param atOnce how many saves are under way together */
  const sealed = async (atOnce: number): Promise<number> => {
    const vault = await Vault.open(join(folder, `vault-${turn++}`), {
      keyId: '0011223344556677',
      key: new Uint8Array(32).fill(7),
    });
    const store = new RecordStore({ vault });
    const time = await timed(async () => {
      for (let at = 0; at < notes.length; at += atOnce)
        await Promise.all(
          notes.slice(at, at + atOnce).map((text) => store.create({ title: '病程', text, source })),
        );
    });
    await vault.close();
    return time;
  };
  const plain = async (atOnce: number): Promise<number> => {
    const journal = await PlainJournal.open(join(folder, `journal-${turn++}`));
    const time = await timed(async () => {
      for (let at = 0; at < notes.length; at += atOnce)
        await Promise.all(
          notes.slice(at, at + atOnce).map((text) => journal.create('病程', text, source)),
        );
    });
    await journal.close();
    return time;
  };
  const bare = async (atOnce: number): Promise<number> => {
    const file = await open(join(folder, `bare-${turn++}`), 'wx+');
    let end = 0;
    const time = await timed(async () => {
      for (let at = 0; at < notes.length; at += atOnce) {
        const frames = notes.slice(at, at + atOnce).map((text) => {
          const head = { title: '病程', createdAt: Date.now(), deletedAt: null, source };
          const payload = Buffer.from(JSON.stringify({ head, text }));
          const frame = Buffer.alloc(8 + payload.length);
          frame.writeUInt32BE(payload.length, 0);
          frame.writeUInt32BE(crc32(payload), 4);
          payload.copy(frame, 8);
          return frame;
        });
        const bytes = Buffer.concat(frames);
        await file.write(bytes, 0, bytes.length, end);
        await file.datasync();
        end += bytes.length;
      }
    });
    await file.close();
    return time;
  };
  try {
    for (const atOnce of [1, 32])
      for (const [name, control] of [
        ['a plain journal', plain],
        ['a bare file', bare],
      ] as const) {
        const ratio = await measurePairs(
          `${count} notes sealed under their own keys against ${name}, ${atOnce} at once`,
          { sense: '<=', value: 1.3 },
          () => sealed(atOnce),
          () => control(atOnce),
          (ours, theirs) => ours / theirs,
          Number(values.pairs),
        );
        say(describeRatio(ratio));
      }
    return 0;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

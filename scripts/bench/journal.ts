/**
 * What sealing costs when notes are saved: each note under a key of its own, in a journal with a chain,
 * against the same notes in a plain journal (`plain-journal.ts`): the same rows, also the signature that
 * the search needs whether it is sealed or not, the same checksums, writes and syncs, but no keys, no
 * cipher and no chain. A bare file that gets JSON and a checksum, which does less than records need, is
 * measured beside it and has no target.
 *
 * Both run in the app's own runtime, whose cryptography is another one than that of Node. What is compared
 * is a save and its commit after the other, as notes are written, and a burst of 32 of them that share
 * one. On a disk that syncs in a few tenths of a millisecond this compares processors; on a slower
 * one, disks.
 *
 *   npx tsx scripts/bench/journal.ts [--notes N] [--pairs N] [--node]
 *
 * `--node` stays in the Node that it was started with.
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { crc32 } from 'node:zlib';
import { Vault } from '../../src-main/vault/vault';
import { RecordStore } from '../../src-main/worker/store';
import { resolveRuntime } from '../runtime/resolve';
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
      node: { type: 'boolean', default: false },
    },
  });
  if (!values.node) return inElectron(process.argv.slice(2));
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
    for (const atOnce of [1, 32]) {
      const ratio = await measurePairs(
        `${count} notes sealed under their own keys against a plain journal, ${atOnce} at once`,
        { sense: '<=', value: 1.3 },
        () => sealed(atOnce),
        () => plain(atOnce),
        (ours, theirs) => ours / theirs,
        Number(values.pairs),
      );
      say(describeRatio(ratio));
      say(`       the same in a bare file: ${(await bare(atOnce)).toFixed(0)} ms`);
    }
    return 0;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

/** Runs this script again in the runtime of the app. */
async function inElectron(args: readonly string[]): Promise<number> {
  const { executable } = await resolveRuntime();
  const script = fileURLToPath(import.meta.url);
  const { status } = spawnSync(
    executable,
    ['--import', import.meta.resolve('tsx'), script, '--node', ...args],
    { env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' }, stdio: 'inherit' },
  );
  return status ?? 1;
}

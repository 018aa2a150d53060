/** A conversion from beginning to end: what is written about its sources, and what an interruption leaves. */
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, truncateSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { writeCheckpoint } from '../../e2e/fixtures/checkpoint-writer';
import { libllamaPath } from '../engine/native-library';
import { inspectGguf } from '../library/gguf-structure';
import {
  convertModel,
  keptSourcePath,
  type ConversionHelpers,
  type ConversionOptions,
} from './convert-model';
import { forkQuantizer } from './fork-quantizer';
import { hashInThread } from './hash-in-thread';

let room = { bavail: 2 ** 40, bsize: 4096 };
vi.mock('node:fs/promises', async (original) => ({
  ...(await original<object>()),
  statfs: () => Promise.resolve(room),
}));

const [first, second] = [1, 2].map((n) => `pytorch_model-0000${n}-of-00002.bin`) as [
  string,
  string,
];

let released: string;
beforeAll(async () => {
  released = await mkdtemp(join(tmpdir(), 'chimed-released-'));
  await writeCheckpoint(released);
});
afterAll(() => rm(released, { recursive: true }));

let folder: string;
let from: string;
let to: string;
/** Called before a thread is started, with whether it follows the file that is written. */
let beforeThread: (follows: boolean) => void;
const helpers: ConversionHelpers = {
  startQuantizer: (job) =>
    forkQuantizer(join(import.meta.dirname, 'quantize-child.ts'), job, ['--import', 'tsx']),
  startHashThread: (paths, options) => {
    beforeThread(options?.growing === true);
    return hashInThread(join(import.meta.dirname, 'hash-thread.mjs'), paths, options);
  },
  library: libllamaPath(),
};
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-conversion-'));
  [from, to] = [join(folder, 'checkpoint'), join(folder, 'out')];
  await mkdir(to);
  await cp(released, from, { recursive: true });
  beforeThread = () => undefined;
  room = { bavail: 2 ** 40, bsize: 4096 };
});
afterEach(() => rm(folder, { recursive: true }));

const sha256 = async (path: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
const convert = (options: Partial<ConversionOptions>): ReturnType<typeof convertModel> =>
  convertModel(from, join(to, 'mini.gguf'), helpers, {
    type: 'f16',
    threads: 2,
    tool: 'chimed test',
    ...options,
  });

describe('the card and the file say from what they were made', () => {
  const types = ['f16', 'bf16', 'q4_k_m'] as const;
  it.each(types)('%s', async (type) => {
    const seen: number[] = [];
    const steps = new Set<string>();
    const { card } = await convert({
      type,
      keepSource: true,
      onProgress: (step, done, total) => {
        steps.add(step);
        if (step === 'write') seen.push(done / total);
      },
    });
    const out = join(to, 'mini.gguf');
    expect(card.sha256).toBe(await sha256(out));
    expect(card.provenance?.sources.map(({ file }) => file).slice(-2)).toEqual([first, second]);
    const { header } = await inspectGguf(out);
    const sources = card.provenance?.sources ?? [];
    for (const source of sources) expect(source.sha256).toBe(await sha256(join(from, source.file)));
    const text = (await readFile(out)).toString('latin1');
    for (const source of sources) expect(text).toContain(source.sha256);
    expect(header.scalars.get('chimed.convert.tool')).toBe('chimed test');
    expect([...steps]).toEqual(
      type === 'q4_k_m' ? ['write', 'quantize', 'hash-result'] : ['write'],
    );
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.at(-1)).toBe(1);
    const wide = type === 'q4_k_m' ? [keptSourcePath('mini.gguf')] : [];
    expect((await readdir(to)).sort()).toEqual([...wide, 'mini.card.json', 'mini.gguf']);
  });
});

describe('what ends a conversion leaves nothing, whichever type was asked for', () => {
  const types = ['f16', 'q4_k_m'] as const;
  const problem = async (options: Partial<ConversionOptions>): Promise<unknown> => {
    const error: unknown = await convert(options).then(
      () => 'it was converted',
      (thrown: unknown) => thrown,
    );
    expect(await readdir(to)).toEqual([]);
    return error;
  };
  it.each(types)('%s: too little room, told before a byte is read', async (type) => {
    // What the file takes, but not what the file system needs besides.
    room = { bavail: 100, bsize: 4096 };
    const onProgress = vi.fn();
    const error = await problem({ type, onProgress });
    expect(error).toMatchObject({ code: 'DISK_SPACE', params: { free: 409_600 } });
    expect(onProgress).not.toHaveBeenCalled();
  });

  // What a disk that is taken out does to a shard, in the words of several systems.
  const losses: [string, (shard: string) => void, object][] = [
    [
      'ends early',
      (shard) => truncateSync(shard, 1_000),
      { code: 'CHECKPOINT_INCOMPLETE', params: { file: second } },
    ],
    [
      'is gone',
      (shard) => rmSync(shard),
      { code: 'CHECKPOINT_INCOMPLETE', params: { file: second } },
    ],
    [
      'cannot be read',
      (shard) => {
        rmSync(shard);
        // Opens like a file, and fails when it is read.
        mkdirSync(shard);
      },
      { code: 'FILE_UNREADABLE', params: { file: second, detail: 'EISDIR' } },
    ],
  ];
  describe.each(losses)('a shard %s', (_, lose, expected) => {
    it.each(types)('%s: before its checksum is worked out', async (type) => {
      beforeThread = () => {
        beforeThread = () => undefined;
        lose(join(from, second));
      };
      expect(await problem({ type })).toMatchObject(expected);
    });

    it('f16: before its weights are written', async () => {
      beforeThread = (follows) => {
        if (follows) lose(join(from, second));
      };
      expect(await problem({ type: 'f16' })).toMatchObject(expected);
    });
  });

  it.each(types)('%s: a person stops it', async (type) => {
    const stop = new AbortController();
    const error = await problem({
      type,
      signal: stop.signal,
      onProgress: () => stop.abort(new Error('enough')),
    });
    expect(error).toMatchObject({ message: 'enough' });
  });

  it('q4_k_m: a person stops it while it is quantized', async () => {
    const stop = new AbortController();
    const error = await problem({
      type: 'q4_k_m',
      signal: stop.signal,
      onProgress: (step) => step === 'quantize' && stop.abort(new Error('enough')),
    });
    expect(error).toMatchObject({ message: 'enough' });
  });
});

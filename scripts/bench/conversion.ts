/**
 * The promise of the converter: a checkpoint becomes an F16 model file at no less than half the speed of
 * copying the same bytes. Both sides end with everything on the disk (fsync), both read a checkpoint
 * that the page cache holds, if it can. Converting also checks every weight and computes the checksums of the sources
 * and of the result.
 *
 * With `--cold` both read from the disk, as of a checkpoint that is larger than the memory; that takes
 * Linux, and its superuser.
 *
 *   npx tsx scripts/bench/conversion.ts [--layers N] [--pairs N] [--cold]
 */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { SeededRandom } from '../../e2e/fixtures/seeded-random';
import { brainBits } from '../../src-main/convert/brain';
import { openCheckpoint, sizeOf } from '../../src-main/convert/checkpoint';
import { releasedName } from '../../src-main/convert/convert-checkpoint';
import { convertModel } from '../../src-main/convert/convert-model';
import { hashInThread } from '../../src-main/convert/hash-in-thread';
import { llamaTensors } from '../../src-main/convert/llama-file';
import { projectRoot } from '../project';
import { runScript, say } from '../terminal';
import { describeRatio, measurePairs, timed } from './pairs';

const execute = promisify(execFile);
const hashThread = join(projectRoot, 'src-main/convert/hash-thread.mjs');

/** The proportions of a 13B in less; the tokenizer is the fixture's. */
const shape = { embedding: 2560, heads: 20, feedForward: 6912, context: 2048, vocabulary: 1024 };
/** What a piece of the weights repeats: random numbers by the gigabyte take minutes. */
const tileWeights = 1 << 22;

await runScript(async () => {
  const { values } = parseArgs({
    options: {
      layers: { type: 'string', default: '15' },
      pairs: { type: 'string', default: '5' },
      cold: { type: 'boolean', default: false },
    },
  });
  const folder = await mkdtemp(join(tmpdir(), 'chimed-bench-conversion-'));
  let peak = 0;
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 50);
  try {
    const from = join(folder, 'checkpoint');
    await writeCheckpoint(from, Number(values.layers));
    const { files } = await openCheckpoint(from);
    const bytes = await sizeOf(files);
    say(`${(bytes / 1e9).toFixed(2)} GB in ${files.length} files`);
    let turn = 0;
    let to = folder;
    // What is deleted in between is memory that a virtual machine may give back to its host: whoever
    // writes next would pay for getting it again.
    const fresh = async (): Promise<void> => {
      turn += 1;
      to = join(folder, `out-${turn}`);
      await mkdir(to);
      if (values.cold) await forgetFiles();
    };
    const ratio = await measurePairs(
      `checkpoint to F16 against cp, both with fsync${values.cold ? ', cold' : ''}`,
      { sense: '>=', value: 0.5 },
      async () => {
        await fresh();
        return timed(() =>
          convertModel(
            from,
            join(to, 'out.gguf'),
            {
              startQuantizer: () => {
                throw new Error('nothing is quantized');
              },
              startHashThread: (paths, hashing) => hashInThread(hashThread, paths, hashing),
              library: '',
            },
            { type: 'f16', threads: availableParallelism(), tool: 'bench' },
          ),
        );
      },
      async () => {
        await fresh();
        return timed(() => copy(files, to));
      },
      (ours, theirs) => theirs / ours,
      Number(values.pairs),
    );
    say(describeRatio(ratio));
    say(`resident memory at most ${Math.round(peak / 2 ** 20)} MiB`);
    return 0;
  } finally {
    clearInterval(watch);
    await rm(folder, { recursive: true, force: true });
  }
});

async function copy(files: readonly string[], to: string): Promise<void> {
  await execute('cp', [...files, to]);
  // Named files only: `sync` of everything would wait for what others write.
  await execute(
    'sync',
    files.map((file) => join(to, file.slice(file.lastIndexOf('/') + 1))),
  );
}

/** Linux drops what it keeps of files in memory. */
async function forgetFiles(): Promise<void> {
  await execute('sync');
  await writeFile('/proc/sys/vm/drop_caches', '1');
}

/** Writes a BF16 checkpoint of normal-distributed weights as two shards of safetensors. */
async function writeCheckpoint(folder: string, blocks: number): Promise<void> {
  await mkdir(folder);
  await copyFile(
    join(projectRoot, 'e2e/fixtures/checkpoint/safetensors/tokenizer.model'),
    join(folder, 'tokenizer.model'),
  );
  const config = {
    architectures: ['LlamaForCausalLM'],
    hidden_size: shape.embedding,
    intermediate_size: shape.feedForward,
    num_hidden_layers: blocks,
    num_attention_heads: shape.heads,
    max_position_embeddings: shape.context,
    rms_norm_eps: 1e-6,
    vocab_size: shape.vocabulary,
    bos_token_id: 1,
    eos_token_id: 2,
  };
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  const tensors = llamaTensors(
    { ...shape, name: 'bench', blocks, weights: 'BF16' },
    shape.vocabulary,
  ).map(({ name, dims }) => ({ name: releasedName(name), shape: [...dims].reverse() }));
  const normals = new SeededRandom(1).normals(tileWeights, 0.02);
  const tile = Buffer.from(Uint16Array.from(normals, brainBits).buffer);
  const half = Math.ceil(tensors.length / 2);
  const weightMap: Record<string, string> = {};
  for (const [index, part] of [tensors.slice(0, half), tensors.slice(half)].entries()) {
    const shard = `model-0000${index + 1}-of-00002.safetensors`;
    for (const { name } of part) weightMap[name] = shard;
    await writeShard(join(folder, shard), part, tile);
  }
  await writeFile(
    join(folder, 'model.safetensors.index.json'),
    JSON.stringify({ weight_map: weightMap }),
  );
}

async function writeShard(
  path: string,
  tensors: readonly { name: string; shape: number[] }[],
  tile: Buffer,
): Promise<void> {
  let end = 0;
  const entries = tensors.map(({ name, shape: lengths }) => {
    const start = end;
    end += lengths.reduce((product, length) => product * length, 2);
    return [name, { dtype: 'BF16', shape: lengths, data_offsets: [start, end] }] as const;
  });
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const file = await open(path, 'w');
  try {
    await file.write(Buffer.concat([length, header]));
    for (let left = end; left > 0; left -= tile.length) {
      await file.write(tile.subarray(0, Math.min(left, tile.length)));
    }
  } finally {
    await file.close();
  }
}

/**
 * `tsx scripts/bench/quantizing.ts --reference FOLDER [--threads N] [--pairs 5]`: our quantizing to q4_k_m
 * against `llama-quantize` of the same llama.cpp, of the same 16-bit file of 1.3 GB, in turn. Ours ends
 * when the result is on the disk under its name, theirs when the file is written; both results must be
 * the same bytes. FOLDER is that of `build-llama-cpp.ts`; needs 3 GB of room for temporary files.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { benchShape, writeRandomModel } from '../../e2e/fixtures/random-model';
import { makeVocabulary } from '../../e2e/fixtures/vocabulary';
import { forkQuantizer } from '../../src-main/convert/fork-quantizer';
import { quantize } from '../../src-main/convert/quantize';
import { libllamaPath } from '../../src-main/engine/native-library';
import { sha256OfFile } from '../../src-main/library/sha256';
import { ensureBuild } from '../build';
import { projectRoot } from '../project';
import { referenceTool } from '../reference/tools';
import { PlainError, runScript, say } from '../terminal';
import { describeRatio, measurePairs, timed } from './pairs';
import { quietly } from './quiet';

/** Rows of whole blocks of 256, which K-quants need everywhere. */
const shape = { ...benchShape, blocks: 12, feedForward: 5632, weights: 'F16' } as const;

await runScript(async () => {
  const { values } = parseArgs({
    options: {
      reference: { type: 'string' },
      threads: { type: 'string', default: String(availableParallelism()) },
      pairs: { type: 'string', default: '5' },
    },
  });
  if (values.reference === undefined) throw new PlainError('Name the folder: --reference FOLDER');
  const tool = referenceTool(values.reference, 'llama-quantize');
  const threads = Number(values.threads);
  await ensureBuild();
  const quantizer = join(projectRoot, 'out/main/quantizer.js');
  const folder = await mkdtemp(join(tmpdir(), 'chimed-bench-'));
  try {
    const source = join(folder, 'source.gguf');
    say('Writing the 16-bit model ...');
    await writeRandomModel(source, shape, makeVocabulary(), { seed: 5 });
    const [ours, theirs] = [join(folder, 'ours.gguf'), join(folder, 'theirs.gguf')];
    let disturbed = 0;
    const milliseconds = async (work: () => Promise<unknown>): Promise<number> => {
      const { value, others } = await quietly(() => timed(work));
      disturbed = Math.max(disturbed, others);
      return value;
    };
    const ratio = await measurePairs(
      `quantizing to q4_k_m against llama-quantize, ${threads} threads`,
      { sense: '>=', value: 0.95 },
      () =>
        milliseconds(() =>
          quantize((job) => forkQuantizer(quantizer, job), libllamaPath(), source, ours, 'q4_k_m', {
            threads,
          }),
        ),
      () =>
        milliseconds(() =>
          promisify(execFile)(tool, [source, theirs, 'q4_k_m', String(threads)], {
            maxBuffer: 2 ** 24,
          }),
        ),
      (a, b) => b / a,
      Number(values.pairs),
    );
    say(describeRatio(ratio));
    say(`       other programs used at most ${(disturbed * 100).toFixed(0)} % of the cores`);
    if ((await sha256OfFile(ours)) !== (await sha256OfFile(theirs)))
      throw new PlainError('The two results differ.');
    return 0;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

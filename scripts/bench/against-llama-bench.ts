/**
 * `tsx scripts/bench/against-llama-bench.ts --reference FOLDER [--model FILE] [--threads N] [--pairs 7]`:
 * prompt and generation speed of our engine, in a utility process of Electron as in the program, against
 * `llama-bench` of the same llama.cpp, measured in turn. FOLDER is that of `build-llama-cpp.ts`. The
 * model is one of random weights that takes more than 20 ms a token, so that timings are not noise.
 */
import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs, promisify } from 'node:util';
import { testModel } from '../../e2e/fixtures/make-models';
import { nameOf, type SpeedTest } from '../../src-main/evaluation/speed';
import { ensureBuild } from '../build';
import { hasDisplay, startVirtualDisplay } from '../display';
import { referenceTool } from '../reference/tools';
import { describeRuntime, resolveRuntime } from '../runtime/resolve';
import { ensureSystemPackages } from '../system-packages';
import { PlainError, runScript, say } from '../terminal';
import { startBenchApp } from './app-path';
import { HostBench } from './host-bench';
import { describeRatio, measurePairs } from './pairs';
import { quietly } from './quiet';

const tests: readonly { readonly test: SpeedTest; readonly atLeast: number }[] = [
  { test: { kind: 'pp', tokens: 512, sequences: 1 }, atLeast: 0.95 },
  { test: { kind: 'tg', tokens: 64, sequences: 1 }, atLeast: 0.97 },
];

await runScript(async () => {
  const { values } = parseArgs({
    options: {
      reference: { type: 'string' },
      model: { type: 'string' },
      threads: { type: 'string', default: String(availableParallelism()) },
      pairs: { type: 'string', default: '7' },
    },
  });
  if (values.reference === undefined) throw new PlainError('Name the folder: --reference FOLDER');
  const tool = referenceTool(values.reference, 'llama-bench');
  const threads = Number(values.threads);
  const pairs = Number(values.pairs);
  ensureSystemPackages(hasDisplay() ? 'window' : 'virtual-display');
  await ensureBuild();
  const path = values.model ?? (await testModel('bench'));
  const runtime = await resolveRuntime();
  say(describeRuntime(runtime));
  const display = hasDisplay() ? undefined : await startVirtualDisplay();
  try {
    const { app, close } = await startBenchApp(runtime, display?.name);
    try {
      const host = await HostBench.start(app);
      await host.load({ path, contextSize: 768, sequences: 1, threads });
      for (const { test, atLeast } of tests) {
        let disturbed = 0;
        const milliseconds = async (measure: () => Promise<number>, ...own: number[]) => {
          const { value, others } = await quietly(measure, own);
          disturbed = Math.max(disturbed, others);
          return (test.tokens / value) * 1000;
        };
        const ratio = await measurePairs(
          `${nameOf(test)} against llama-bench, ${threads} threads`,
          { sense: '>=', value: atLeast },
          () => milliseconds(async () => (await host.measure(test, 1)).mean, host.pid),
          () => milliseconds(() => llamaBench(tool, path, threads, test)),
          (ours, theirs) => theirs / ours,
          pairs,
        );
        const speed = (time: number): string => ((test.tokens / time) * 1000).toFixed(2);
        say(describeRatio(ratio));
        say(
          `       ${speed(ratio.ours)} against ${speed(ratio.theirs)} tokens/s; other programs used ` +
            `at most ${(disturbed * 100).toFixed(0)} % of the cores`,
        );
      }
    } finally {
      await close();
    }
    return 0;
  } finally {
    await display?.stop();
  }
});

/** @returns tokens a second of one repetition, after a warm-up of its own */
async function llamaBench(
  tool: string,
  path: string,
  threads: number,
  { kind, tokens }: SpeedTest,
): Promise<number> {
  const { stdout } = await promisify(execFile)(tool, [
    ...['-m', path, '-t', String(threads), '-r', '1', '-o', 'json'],
    ...['-p', kind === 'pp' ? String(tokens) : '0', '-n', kind === 'tg' ? String(tokens) : '0'],
    // Read as ours is: weights that are repacked would lie in memory twice with mmap.
    ...['-lm', 'none'],
  ]);
  const [result] = JSON.parse(stdout) as { avg_ts: number }[];
  if (!result) throw new PlainError('llama-bench printed no result.');
  return result.avg_ts;
}

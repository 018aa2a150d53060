/**
 * `tsx scripts/bench/large-model.ts [--folder DIR | --model FILE] [--threads N]`: ChiMed-GPT's own shape
 * with random weights (13.09 G parameters, Q4_0, 7.4 GB, context 4096). Loads it in the program's model
 * host and has it answer, then measures its speeds in another utility process of Electron. Needs 12 GB of
 * memory, and 8 GB of disk in DIR (defaults to the system's folder for temporary files), where the model
 * is written and deleted; FILE is one that `make-models.ts --full-13b FILE` wrote before.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { full13b, full13bVocabulary, writeRandomModel } from '../../e2e/fixtures/random-model';
import { writeTestCard } from '../../e2e/fixtures/test-models';
import { makeVocabulary } from '../../e2e/fixtures/vocabulary';
import { nameOf, type SpeedTest } from '../../src-main/evaluation/speed';
import { ensureBuild } from '../build';
import { hasDisplay, startVirtualDisplay } from '../display';
import { describeRuntime, resolveRuntime, type Runtime } from '../runtime/resolve';
import { ensureSystemPackages } from '../system-packages';
import { PlainError, runScript, say } from '../terminal';
import { extractThroughPort, residentMemory, startBenchApp } from './app-path';
import { HostBench } from './host-bench';
import { timed } from './pairs';

const record = '患者3年前因右上腹疼痛就诊，查腹部CT示胆囊结石，行腹腔镜胆囊切除术。';

const tests: readonly SpeedTest[] = [
  { kind: 'pp', tokens: 512, sequences: 1 },
  { kind: 'tg', tokens: 32, sequences: 1 },
];
const repetitions = 3;

await runScript(async () => {
  const { values } = parseArgs({
    options: {
      folder: { type: 'string', default: tmpdir() },
      model: { type: 'string' },
      threads: { type: 'string', default: String(availableParallelism()) },
    },
  });
  ensureSystemPackages(hasDisplay() ? 'window' : 'virtual-display');
  await ensureBuild();
  const runtime = await resolveRuntime();
  say(describeRuntime(runtime));
  const folder = await mkdtemp(join(values.folder, 'chimed-large-'));
  const display = hasDisplay() ? undefined : await startVirtualDisplay();
  try {
    const path = values.model ?? (await writeModel(join(folder, 'large.gguf')));
    const threads = Number(values.threads);
    await answerInHost(runtime, display?.name, path, threads);
    await measureSpeeds(runtime, display?.name, path, threads);
    return 0;
  } finally {
    await display?.stop();
    await rm(folder, { recursive: true, force: true });
  }
});

async function writeModel(path: string): Promise<string> {
  say('Writing the model ...');
  const vocabulary = makeVocabulary('', { size: full13bVocabulary });
  await writeRandomModel(path, full13b, vocabulary, { seed: 13 });
  await writeTestCard(path, 600);
  return path;
}

/** The program as a person starts it, with the model instead of the built-in one. */
async function answerInHost(
  runtime: Runtime,
  display: string | undefined,
  path: string,
  threads: number,
): Promise<void> {
  const { app, page, close } = await startBenchApp(runtime, display, {
    CHIMED_MODEL: path,
    CHIMED_THREADS: String(threads),
  });
  try {
    const loading = await timed(async () => {
      const ended = page.locator(
        '[data-testid="host-state"][data-phase="ready"], [data-testid="host-state"][data-phase="failed"]',
      );
      await ended.waitFor({ timeout: 600_000 });
      if ((await ended.getAttribute('data-phase')) !== 'ready')
        throw new PlainError('The host did not load the model.');
    });
    say(`host: ready ${seconds(loading)} after the window, checksum and structure included`);
    const answering = await extractThroughPort(page, record, 'ccks2019');
    say(`host: answered about a record of ${record.length} characters in ${seconds(answering)}`);
    for (const { name, mib } of await residentMemory(app)) say(`resident ${name}: ${mib} MiB`);
  } finally {
    await close();
  }
}

async function measureSpeeds(
  runtime: Runtime,
  display: string | undefined,
  path: string,
  threads: number,
): Promise<void> {
  const { app, close } = await startBenchApp(runtime, display);
  try {
    const host = await HostBench.start(app);
    const loading = await host.load({ path, contextSize: full13b.context, sequences: 1, threads });
    say(`utility process: loaded in ${seconds(loading)}, ${await peakMemory(host.pid)}`);
    for (const test of tests) {
      const { mean, sd } = await host.measure(test, repetitions);
      say(`${nameOf(test)}: ${mean.toFixed(2)} ± ${sd.toFixed(2)} tokens/s, ${threads} threads`);
    }
    say(`utility process: ${await peakMemory(host.pid)} after the tests`);
  } finally {
    await close();
  }
}

/** Resident now and at most, of proc_pid_status(5). */
async function peakMemory(pid: number): Promise<string> {
  if (process.platform !== 'linux') return 'memory unknown';
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  const mib = (key: string): string => {
    const [, kib = 'NaN'] = new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(text) ?? [];
    return `${Math.round(Number(kib) / 1024)} MiB`;
  };
  return `resident ${mib('VmRSS')}, at most ${mib('VmHWM')}`;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

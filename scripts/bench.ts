/**
 * `npm run bench`: the speed promises, as ratios taken in one run. Prints medians with their spread
 * and writes `out/reports/bench.json`. No test depends on it.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { testModel } from '../e2e/fixtures/make-models';
import { threadsFor } from '../src-main/domain/rules/threads';
import { verifyModel } from '../src-main/library/verify';
import {
  extractThroughPort,
  residentMemory,
  startBenchApp,
  timeToInteractive,
} from './bench/app-path';
import { runAsTheHost } from './bench/as-the-host';
import { bareLoop, EngineBench, type LoadedForBench } from './bench/decoding';
import { constrainedAgainstFree } from './bench/long-window';
import { withRandomModel } from './bench/random-models';
import { describeRatio, measurePairs, timed, type Ratio } from './bench/pairs';
import { ensureBuild } from './build';
import { hasDisplay, startVirtualDisplay } from './display';
import { projectRoot } from './project';
import { describeRuntime, resolveRuntime } from './runtime/resolve';
import { ensureSystemPackages } from './system-packages';
import { runScript, say } from './terminal';

const schema = 'ccks2019';
/** Characters of windows. */
const windows = [500, 4000];
const slower = (ours: number, theirs: number): number => theirs / ours;

runAsTheHost();
await runScript(async () => {
  ensureSystemPackages(hasDisplay() ? 'window' : 'virtual-display');
  await ensureBuild();
  const runtime = await resolveRuntime();
  say(describeRuntime(runtime));
  const display = hasDisplay() ? undefined : await startVirtualDisplay();
  const ratios: Ratio[] = [];
  const add = (ratio: Ratio): void => {
    ratios.push(ratio);
    say(describeRatio(ratio));
  };
  const note = await readFile(
    join(projectRoot, 'resources/samples/03-progress-stroke.txt'),
    'utf8',
  );

  try {
    const load = async (path: string, short: string): Promise<void> => {
      const { card } = await verifyModel(path);
      const isDefault = card.standing !== 'test';
      const threads = threadsFor(card.shape.parameters, availableParallelism());
      const loaded: LoadedForBench = { path, card, threads };
      const text = isDefault ? note : note.slice(0, 150);
      const engine = await EngineBench.load(loaded);
      const bare = await bareLoop(loaded);
      const work = await engine.workOf(text, schema);
      const app = await startBenchApp(runtime, display?.name, {
        CHIMED_MODEL: path,
        CHIMED_THREADS: String(threads),
      });
      await app.page
        .locator('[data-testid="host-state"][data-phase="ready"]')
        .waitFor({ timeout: 120_000 });
      const tokens = work.reduce((sum, { decoded }) => sum + decoded, 0);
      say(`${short}: ${tokens} tokens decoded in ${work.length} windows, ${threads} threads`);
      add(
        await measurePairs(
          `app path against a bare loop, ${threads} threads both, ${short}`,
          { sense: '>=', value: isDefault ? 0.9 : 0.97 },
          () => extractThroughPort(app.page, text, schema),
          () => timed(() => bare.run(work)),
          slower,
        ),
      );
      const cores = availableParallelism();
      if (cores !== threads) {
        // The program computes a small model with fewer threads than a loop would be given.
        const onAllCores = await bareLoop({ ...loaded, threads: cores });
        add(
          await measurePairs(
            `app path against a bare loop on all ${cores} cores, ${short}`,
            { sense: '>=', value: isDefault ? 0.9 : 0.97 },
            () => extractThroughPort(app.page, text, schema),
            () => timed(() => onAllCores.run(work)),
            slower,
          ),
        );
        await onAllCores.dispose();
      }
      await app.close();
      add(
        await measurePairs(
          `constrained against free decoding, ${short}`,
          { sense: '>=', value: 0.95 },
          () => timed(() => engine.extract(text, schema)),
          () => timed(() => engine.free(work)),
          slower,
        ),
      );
      if (isDefault) {
        for (const count of new Set([threads, availableParallelism()])) {
          const one =
            count === threads ? engine : await EngineBench.load({ ...loaded, threads: count });
          add(
            await measurePairs(
              `marked copy by runs against one token at a time, ${count} threads`,
              { sense: '>=', value: 3 },
              () => timed(() => one.markedCopy(text, 64)),
              () => timed(() => one.markedCopy(text, 1)),
              slower,
            ),
          );
        }
      }
      await bare.dispose();
      await engine.model.dispose();
    };
    await load(join(projectRoot, 'models/default.gguf'), 'default model');
    await load(await testModel('bench'), 'random model');
    await withRandomModel('miniature', async (loaded) => {
      for (const chars of windows) add(await constrainedAgainstFree(loaded, 'miniature', chars));
    });

    const folder = await mkdtemp(join(tmpdir(), 'chimed-bench-'));

    add(
      await measurePairs(
        'window interactive against a bare Electron window',
        { sense: '<=', value: 1.6 },
        () => timeToInteractive(runtime, display?.name, 'workstation', folder),
        () => timeToInteractive(runtime, display?.name, 'bare', folder),
        (ours, theirs) => ours / theirs,
      ),
    );
    await rm(folder, { recursive: true, force: true });
    const idle = await startBenchApp(runtime, display?.name);
    await idle.page.locator('[data-testid="host-state"][data-phase="ready"]').waitFor();
    await idle.page.waitForTimeout(3000);
    const memory = await residentMemory(idle.app);
    await idle.close();
    for (const { name, mib } of memory) say(`idle ${name}: ${mib} MiB`);

    await mkdir(join(projectRoot, 'out/reports'), { recursive: true });
    await writeFile(
      join(projectRoot, 'out/reports/bench.json'),
      `${JSON.stringify({ cores: availableParallelism(), runtime: runtime.version, ratios, memory }, null, 2)}\n`,
    );
    return 0;
  } finally {
    await display?.stop();
  }
});

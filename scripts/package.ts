/**
 * `npm run package:test`: a Linux folder named -test with the runtime for tests, which is then
 * started. `npm run package:release`: this system's installers with the official Electron.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build, Platform, type Configuration } from 'electron-builder';
import { ensureBuild } from './build';
import { hasDisplay } from './display';
import { stagedTestDist } from './package-dist';
import { startPackaged } from './package-start';
import { projectRoot } from './project';
import { releaseRuntime } from './release-runtime';
import { describeRuntime, resolveRuntime } from './runtime/resolve';
import { ensureSystemPackages } from './system-packages';
import { PlainError, runScript, say } from './terminal';

const baseConfig = 'electron-builder.yml';

await runScript(async () => {
  const { values } = parseArgs({
    options: { test: { type: 'boolean' }, release: { type: 'boolean' } },
  });
  if (values.test === values.release) throw new PlainError('usage: package.ts --test | --release');
  return values.test ? packageTest() : packageRelease();
});

async function packageTest(): Promise<number> {
  if (process.platform !== 'linux') throw new PlainError('The test package is for Linux only.');
  ensureSystemPackages(hasDisplay() ? 'window' : 'virtual-display');
  await ensureBuild();
  const runtime = await resolveRuntime();
  say(describeRuntime(runtime));
  const output = join(projectRoot, 'dist', 'test');
  await rm(output, { recursive: true, force: true });
  const dist = await stagedTestDist(runtime, join(projectRoot, 'out', 'test-electron'));
  try {
    await pack(Platform.LINUX.createTarget('dir'), {
      appId: 'org.chimed.workstation.test',
      productName: 'ChiMed Workstation-test',
      directories: { output },
      linux: { executableName: 'chimed-workstation-test' },
      electronDist: dist.folder,
      electronVersion: dist.version,
    });
  } finally {
    await rm(dist.folder, { recursive: true, force: true });
  }
  const executable = join(output, 'linux-unpacked', 'chimed-workstation-test');
  say(`Packaged: ${executable}. Starting it.`);
  const notLookedAt = await startPackaged(executable);
  for (const what of notLookedAt) say(`Not looked at: ${what}.`);
  say(
    'The packaged program opened its window, loaded its model, read a PDF and a Word file and converted a checkpoint.',
  );
  if (notLookedAt.length === 0)
    say('Its fuses are those of a release, and it opened no connection.');
  return 0;
}

async function packageRelease(): Promise<number> {
  const runtime = await releaseRuntime();
  say(describeRuntime(runtime));
  await ensureBuild();
  const config = { electronDist: runtime.dist, electronVersion: runtime.version };
  await pack(Platform.current().createTarget(), config);
  return 0;
}

async function pack(
  targets: ReturnType<Platform['createTarget']>,
  more: Configuration,
): Promise<void> {
  await build({
    projectDir: projectRoot,
    targets,
    config: { extends: baseConfig, ...more },
    publish: 'never',
  });
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hashOfInputs, isBuilt, stampFile } from '../bin/build-stamp.mjs';
import { withLock } from './lock';
import { projectRoot } from './project';
import { PlainError, runScript, say } from './terminal';

/**
 * Builds main, preload and renderer into `out/`, unless `out/` was built from exactly the sources
 * that are there now.
 *
 * The stamp that says so is removed first and written last, so that an interrupted build is never
 * taken for a finished one.
 *
 * @throws PlainError with the bundler's output if the build fails.
 */
export async function ensureBuild(): Promise<void> {
  if (isBuilt(projectRoot)) return;
  await withLock(
    join(projectRoot, 'out', '.build.lock'),
    async () => {
      if (isBuilt(projectRoot)) return;
      say('Building (the sources are new or have changed) ...');
      await build();
    },
    () => say('Another process is building; waiting for it.'),
  );
}

async function build(): Promise<void> {
  const stamp = join(projectRoot, stampFile);
  await mkdir(join(projectRoot, 'out'), { recursive: true });
  await rm(stamp, { force: true });
  // Before the build reads them: a file edited meanwhile makes the stamp stale, not wrong.
  const hash = hashOfInputs(projectRoot);
  const bundler = join(projectRoot, 'node_modules', 'electron-vite', 'bin', 'electron-vite.js');
  const child = spawn(process.execPath, [bundler, 'build', '--logLevel', 'warn'], {
    cwd: projectRoot,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new PlainError(`The build failed:\n${output.trim()}`);
  await writeFile(`${stamp}.tmp`, `${hash}\n`);
  await rename(`${stamp}.tmp`, stamp);
}

if (process.argv[1] === import.meta.filename)
  await runScript(async () => {
    await ensureBuild();
    return 0;
  });

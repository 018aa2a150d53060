/**
 * `tsx scripts/reference/build-llama-cpp.ts FOLDER`: builds `llama-bench`, `llama-quantize` and
 * `llama-server` of exactly the llama.cpp that node-llama-cpp carries, as what our own speed is compared
 * with. Takes 10-20 minutes and 600 MB in FOLDER, which is kept: a second run builds only what is missing.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, realpathSync } from 'node:fs';
import { access, constants, mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { delimiter, dirname, join, resolve, sep } from 'node:path';
import { projectRoot } from '../project';
import { PlainError, runScript, say } from '../terminal';
import { referenceTool } from './tools';

const bundle = join(projectRoot, 'node_modules/node-llama-cpp/llama/gitRelease.bundle');
const targets = ['llama-bench', 'llama-quantize', 'llama-server'] as const;

/**
 * The code paths of the binaries that node-llama-cpp ships: those choose the instruction set of the
 * processor when they start, which for one machine is what NATIVE compiles, and they know no OpenMP.
 */
const options = {
  CMAKE_BUILD_TYPE: 'Release',
  BUILD_SHARED_LIBS: 'OFF',
  GGML_NATIVE: 'ON',
  GGML_OPENMP: 'OFF',
  GGML_METAL: 'OFF',
  GGML_BLAS: 'OFF',
  GGML_CCACHE: 'OFF',
  LLAMA_OPENSSL: 'OFF',
  LLAMA_BUILD_TESTS: 'OFF',
  LLAMA_BUILD_EXAMPLES: 'OFF',
  LLAMA_BUILD_SERVER: 'ON',
};

await runScript(async () => {
  const [name] = process.argv.slice(2);
  if (name === undefined) throw new PlainError('Name the folder to build in, outside of this one.');
  const folder = resolve(name);
  refuseInside(folder);
  await demandTools(['git', 'cmake', 'ninja', 'c++']);
  const source = join(folder, 'llama.cpp');
  if (!existsSync(join(source, 'CMakeLists.txt'))) {
    await mkdir(folder, { recursive: true });
    await run('git', ['clone', '--quiet', bundle, source]);
  }
  const build = join(source, 'build');
  const defines = Object.entries(options).map(([key, value]) => `-D${key}=${value}`);
  await run('cmake', ['-S', source, '-B', build, '-G', 'Ninja', ...defines]);
  await run('cmake', [
    ...['--build', build, '--parallel', String(availableParallelism())],
    ...['--target', ...targets],
  ]);
  for (const target of targets) say(referenceTool(folder, target));
  return 0;
});

/** Thousands of files that are not ours would be searched, formatted and packaged with ours. */
function refuseInside(folder: string): void {
  let existing = folder;
  while (!existsSync(existing)) existing = dirname(existing);
  const real = realpathSync(existing) + sep;
  if (real.startsWith(realpathSync(projectRoot) + sep))
    throw new PlainError(`${folder} lies in this project; choose a folder outside of it.`);
}

async function demandTools(names: readonly string[]): Promise<void> {
  const missing: string[] = [];
  for (const name of names) if (!(await isOnPath(name))) missing.push(name);
  if (missing.length > 0)
    throw new PlainError(
      `Not found: ${missing.join(', ')}. On Debian: apt-get install git cmake ninja-build g++`,
    );
}

async function isOnPath(name: string): Promise<boolean> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    for (const file of [name, `${name}.exe`]) {
      try {
        await access(join(folder, file), constants.X_OK);
        return true;
      } catch {
        // Not there.
      }
    }
  }
  return false;
}

/** @throws PlainError where it ends with anything but 0; what it says goes to the terminal. */
async function run(command: string, args: readonly string[]): Promise<void> {
  const child = spawn(command, args, { stdio: ['ignore', 2, 2] });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new PlainError(`${command} failed.`);
}

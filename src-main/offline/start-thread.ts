/** A thread of the program, from its built file or from its source. */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * Threads know nothing of the environment, and what they print goes nowhere. Their modules are their own:
 * the first import of `source` has to be `offline/begin`.
 * @param source path of the thread's source as it would be beside the caller's, ending in `.ts`; a build
 *   has the file of the same name in its main folder
 */
export function startThread(
  source: string,
  options: Pick<WorkerOptions, 'workerData' | 'resourceLimits' | 'transferList'>,
): Worker {
  const all: WorkerOptions = { ...options, env: {}, stdout: true, stderr: true };
  const folder = dirname(source);
  const name = `${basename(source, '.ts')}.js`;
  // A bundler may put the caller into a folder below the thread's.
  const built = [folder, dirname(folder)].map((place) => join(place, name)).find(existsSync);
  if (built !== undefined) return new Worker(built, all);
  // From source, in development: a thread knows TypeScript only when it is told.
  const start = `import('tsx/esm/api').then((tsx) => { tsx.register(); return import('${pathToFileURL(source).href}'); })`;
  return new Worker(start, { ...all, eval: true });
}

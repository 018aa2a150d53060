/** The tools that `build-llama-cpp.ts` builds, where it puts them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PlainError } from '../terminal';

/**
 * @param folder the one given to `build-llama-cpp.ts`
 * @throws PlainError where it has not been built
 */
export function referenceTool(
  folder: string,
  name: 'llama-bench' | 'llama-quantize' | 'llama-server',
): string {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const path = join(folder, 'llama.cpp', 'build', 'bin', `${name}${suffix}`);
  if (existsSync(path)) return path;
  throw new PlainError(
    `No ${name} in ${folder}. Build it with: npx tsx scripts/reference/build-llama-cpp.ts ${folder}`,
  );
}

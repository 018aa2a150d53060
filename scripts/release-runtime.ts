import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  findOfficial,
  findOverride,
  wantedElectronVersion,
  type ResolveOptions,
  type Runtime,
} from './runtime/resolve';
import { preparedMark } from './runtime/prepare';
import { PlainError } from './terminal';

/**
 * The Electron that a release is packaged with: the official binary of the `electron` dependency, or
 * one named by the environment with the same version. Never the registry's runtime: it is old, its
 * fuses are open, and it was built for another program.
 *
 * @throws PlainError that says what is there instead and how to get the right one.
 */
export async function releaseRuntime(
  options: ResolveOptions = {},
): Promise<Runtime & { readonly version: string }> {
  const wanted = await wantedElectronVersion(options.root);
  const runtime = (await findOverride(options)) ?? (await findOfficial(options));
  const way = `Fetch the official one with: npm run electron:official`;
  if (!runtime)
    throw new PlainError(
      `A release is packaged with the official Electron ${wanted}, which is not here. The registry's\n` +
        `runtime for development and tests is refused for a release.\n${way}`,
    );
  if (existsSync(join(runtime.dist, preparedMark)))
    throw new PlainError(
      `${runtime.dist} is the registry's runtime for development and tests. A release is packaged\n` +
        `with the official Electron ${wanted} only.\n${way}`,
    );
  if (runtime.version !== wanted)
    throw new PlainError(
      `A release is packaged with Electron ${wanted}, but ${runtime.dist} holds ` +
        `${runtime.version ?? 'an unknown version'}.\n${way}`,
    );
  return { ...runtime, version: wanted };
}

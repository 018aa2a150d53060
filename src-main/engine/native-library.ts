/** Where the engine's own native library lies, for calls that node-llama-cpp does not offer. */
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, sep } from 'node:path';
import { AppError } from '../domain/contract/errors';

/** node-llama-cpp's packages of binaries that run without a GPU, by `process.platform` and `arch`. */
const folders: Readonly<Record<string, readonly string[]>> = {
  'linux-x64': ['linux-x64'],
  'linux-arm64': ['linux-arm64'],
  'win32-x64': ['win-x64'],
  'win32-arm64': ['win-arm64'],
  'darwin-x64': ['mac-x64'],
  'darwin-arm64': ['mac-arm64-metal'],
};

/**
 * The path of libllama on this system, outside of an asar archive, where the system can load it.
 * @throws AppError `CPU_UNSUPPORTED` where this system has no binaries
 */
export function libllamaPath(): string {
  const entry = createRequire(import.meta.url).resolve('node-llama-cpp');
  const [modules = ''] = entry.split(`${sep}node-llama-cpp${sep}`);
  const unpacked = modules.replace(`app.asar${sep}`, `app.asar.unpacked${sep}`);
  for (const name of folders[`${process.platform}-${process.arch}`] ?? []) {
    const bins = join(unpacked, '@node-llama-cpp', name, 'bins', name);
    // libllama.v0.5.0.so, libllama.dylib, llama.dll; not libllama-common.so, llama-addon.node
    const file = filesOf(bins).find((found) =>
      /^(lib)?llama(\.[\w.]+)?\.(so|dylib|dll)$/.test(found),
    );
    if (file !== undefined) return join(bins, file);
  }
  throw new AppError('CPU_UNSUPPORTED', {
    params: { detail: `no library for ${process.platform}-${process.arch}` },
  });
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

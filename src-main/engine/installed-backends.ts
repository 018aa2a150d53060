/** Which flavours of the native library are installed: a package for a user holds only its own. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, sep } from 'node:path';
import { backendSchema, type Backend } from '../domain/contract/model-settings';

const systems: Readonly<Record<string, string>> = { linux: 'linux', win32: 'win', darwin: 'mac' };

/** Backends with binaries for this system. A driver may be missing all the same. */
export function installedBackends(): readonly Backend[] {
  const entry = createRequire(import.meta.url).resolve('node-llama-cpp');
  const [modules = ''] = entry.split(`${sep}node-llama-cpp${sep}`);
  // The system's loader cannot read inside an archive.
  const unpacked = modules.replace(`app.asar${sep}`, `app.asar.unpacked${sep}`);
  return backendSchema.options.filter((backend) =>
    packagesOf(backend).some((name) => existsSync(join(unpacked, '@node-llama-cpp', name, 'bins'))),
  );
}

function packagesOf(backend: Backend): string[] {
  const flavour = `${systems[process.platform] ?? process.platform}-${process.arch}`;
  // Apple's chips have one package, which computes on either.
  const metal = `${flavour}-metal`;
  if (backend === 'cpu') return [flavour, metal];
  return [`${flavour}-${backend}`];
}

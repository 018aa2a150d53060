import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import {
  missingNeeds,
  offlineProofNeeds,
  packagesFor,
  planFor,
  recipeNeeds,
  virtualDisplayNeeds,
  windowNeeds,
  type Need,
  type SystemProbes,
} from './system-needs';
import { PlainError, say } from './terminal';

const needsOf = {
  window: windowNeeds,
  'virtual-display': [...windowNeeds, ...virtualDisplayNeeds],
  recipe: recipeNeeds,
  'offline-proof': offlineProofNeeds,
};

/**
 * Makes sure that the system has what is needed. Installs what is missing with apt-get (as root on Debian
 * or Ubuntu, saying so) and does nothing at all when nothing is missing.
 *
 * @param purpose 'window': a desktop that has a screen; 'virtual-display': the demo and the tests,
 * which also need an X server without a screen; 'recipe': the tests of the model's recipe;
 * 'offline-proof': what it watches with.
 * @throws PlainError that names what is missing, where it cannot or could not be installed.
 */
export function ensureSystemPackages(purpose: keyof typeof needsOf): void {
  const probes = probeSystem();
  const needs = needsOf[purpose];
  const missing = missingNeeds(needs, probes);
  const plan = planFor(missing, probes);
  if (plan.action === 'nothing') return;
  if (plan.action === 'refuse') throw new PlainError(plan.message);

  // The lists first: on a fresh image they are empty and no name would be known.
  say(`Missing on this system: ${missing.map((need) => need.name).join(', ')}. Asking apt-get.`);
  aptGet(['update', '-qq']);
  const names = packagesFor(missing, probes);
  say(`Installing system packages: ${names.join(' ')}`);
  aptGet(['install', '-y', '-qq', '--no-install-recommends', ...names]);
  const still = missingNeeds(needs, probeSystem());
  if (still.length > 0)
    throw new PlainError(
      `apt-get ran, but this is still missing: ${still.map((need) => need.name).join(', ')}`,
    );
}

function aptGet(args: readonly string[]): void {
  const { status, stdout, stderr, error } = spawnSync('apt-get', args, {
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (status === 0) return;
  const output = `${stdout ?? ''}${stderr ?? ''}`.trim().slice(-2_000);
  throw new PlainError(`apt-get ${args.join(' ')} failed:\n${error?.message ?? output}`);
}

function probeSystem(): SystemProbes {
  const libraries = loadableLibraries();
  return {
    platform: process.platform,
    isRoot: process.getuid?.() === 0,
    hasApt: existsSync('/etc/debian_version') && findProgram('apt-get'),
    has: (need) => isPresent(need, libraries),
    aptKnows: (name) => {
      const { stdout } = spawnSync('apt-cache', ['policy', name], {
        encoding: 'utf8',
        env: { ...process.env, LC_ALL: 'C' },
      });
      return /^ {2}Candidate: (?!\(none\))/m.test(stdout ?? '');
    },
  };
}

function isPresent(need: Need, libraries: ReadonlySet<string> | undefined): boolean {
  switch (need.kind) {
    case 'library':
      // Without ldconfig nothing can be said; Electron itself names what it misses.
      return libraries?.has(need.name) ?? true;
    case 'program':
      return findProgram(need.name);
    case 'chinese-font': {
      const { stdout } = spawnSync('fc-list', [':lang=zh', 'file'], { encoding: 'utf8' });
      return (stdout ?? '').trim() !== '';
    }
    default:
      return need.kind satisfies never;
  }
}

/** Sonames that the dynamic linker finds for this machine's architecture. */
function loadableLibraries(): Set<string> | undefined {
  if (process.platform !== 'linux') return undefined;
  // Debian keeps /sbin out of an ordinary user's PATH.
  for (const program of ['ldconfig', '/sbin/ldconfig', '/usr/sbin/ldconfig']) {
    const { status, stdout } = spawnSync(program, ['-p'], { encoding: 'utf8', maxBuffer: 1 << 24 });
    if (status !== 0) continue;
    const label = process.arch === 'arm64' ? 'AArch64' : 'x86-64';
    const lines = stdout.split('\n').filter((line) => line.includes(label));
    return new Set(lines.map((line) => line.trim().split(' ')[0] ?? ''));
  }
  return undefined;
}

function findProgram(name: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

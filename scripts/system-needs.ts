/** What the program and its tests need from a Linux system, and what to do about what is missing. No side effects. */

/** One thing that must be there, and the Debian package that brings it. */
export interface Need {
  readonly kind: 'library' | 'program' | 'chinese-font';
  /** Soname or program name; what is printed on systems other than Debian's family. */
  readonly name: string;
  /**
   * Package names, newest first: Debian 13 and Ubuntu 24.04 renamed some for 64-bit time. The first
   * that apt knows is taken.
   */
  readonly packages: readonly string[];
}

/** The window itself: libraries that the Electron executable loads, and fonts for Chinese text. */
export const windowNeeds: readonly Need[] = [
  { kind: 'library', name: 'libnss3.so', packages: ['libnss3'] },
  { kind: 'library', name: 'libgtk-3.so.0', packages: ['libgtk-3-0t64', 'libgtk-3-0'] },
  { kind: 'library', name: 'libasound.so.2', packages: ['libasound2t64', 'libasound2'] },
  { kind: 'library', name: 'libgbm.so.1', packages: ['libgbm1'] },
  {
    kind: 'library',
    name: 'libatk-bridge-2.0.so.0',
    packages: ['libatk-bridge2.0-0t64', 'libatk-bridge2.0-0'],
  },
  { kind: 'library', name: 'libcups.so.2', packages: ['libcups2t64', 'libcups2'] },
  { kind: 'library', name: 'libdrm.so.2', packages: ['libdrm2'] },
  { kind: 'library', name: 'libxkbcommon.so.0', packages: ['libxkbcommon0'] },
  { kind: 'library', name: 'libudev.so.1', packages: ['libudev1'] },
  { kind: 'program', name: 'fc-list', packages: ['fontconfig'] },
  { kind: 'chinese-font', name: 'a Chinese font', packages: ['fonts-noto-cjk'] },
];

/** A display without a screen, for the demo and the tests. */
export const virtualDisplayNeeds: readonly Need[] = [
  { kind: 'program', name: 'Xvfb', packages: ['xvfb'] },
];

/** The tests of how the built-in model is made; training itself needs PyTorch besides. */
export const recipeNeeds: readonly Need[] = [
  { kind: 'program', name: 'python3', packages: ['python3'] },
];

/** What the offline proof makes its worlds and its traces with. */
export const offlineProofNeeds: readonly Need[] = [
  { kind: 'program', name: 'ip', packages: ['iproute2'] },
  { kind: 'program', name: 'strace', packages: ['strace'] },
  { kind: 'program', name: 'unshare', packages: ['util-linux'] },
  { kind: 'program', name: 'nsenter', packages: ['util-linux'] },
  { kind: 'program', name: 'mount', packages: ['mount'] },
];

/** Questions that the decision asks of the system. */
export interface SystemProbes {
  readonly platform: NodeJS.Platform;
  readonly isRoot: boolean;
  /** Whether this is Debian or a descendant, with apt-get. */
  readonly hasApt: boolean;
  readonly has: (need: Need) => boolean;
  /** Whether apt can install a package of this name; asked only after its lists were updated. */
  readonly aptKnows: (name: string) => boolean;
}

/** Everything of `needs` that this system lacks; nothing on systems other than Linux. */
export function missingNeeds(needs: readonly Need[], probes: SystemProbes): Need[] {
  return probes.platform === 'linux' ? needs.filter((need) => !probes.has(need)) : [];
}

/** What to do about missing things. */
export type SystemPlan =
  | { readonly action: 'nothing' }
  | { readonly action: 'install' }
  | { readonly action: 'refuse'; readonly message: string };

/** Installs only as root on Debian's family; everyone else gets the exact names. */
export function planFor(missing: readonly Need[], probes: SystemProbes): SystemPlan {
  if (missing.length === 0) return { action: 'nothing' };
  if (probes.hasApt && probes.isRoot) return { action: 'install' };
  if (probes.hasApt) {
    const names = packagesFor(missing, probes).join(' ');
    return {
      action: 'refuse',
      message:
        `Missing system packages: ${names}\n` +
        `Install them with: sudo apt-get install --no-install-recommends ${names}`,
    };
  }
  const names = missing.map((need) => need.name).join(', ');
  return {
    action: 'refuse',
    message: `Missing on this system: ${names}\n(Debian's packages of these: ${missing
      .map((need) => need.packages.at(-1))
      .join(' ')})`,
  };
}

/** One package name a need: the first that apt knows, else the oldest, which apt will then name. */
export function packagesFor(missing: readonly Need[], probes: SystemProbes): string[] {
  return missing.map(
    ({ packages }) => packages.find((name) => probes.aptKnows(name)) ?? (packages.at(-1) as string),
  );
}

import { describe, expect, it } from 'vitest';
import {
  missingNeeds,
  offlineProofNeeds,
  packagesFor,
  planFor,
  virtualDisplayNeeds,
  windowNeeds,
  type SystemProbes,
} from './system-needs';

const all = [...windowNeeds, ...virtualDisplayNeeds];
const bareDebian: SystemProbes = {
  platform: 'linux',
  isRoot: true,
  hasApt: true,
  has: () => false,
  aptKnows: (name) => !name.endsWith('t64'),
};

describe('system packages', () => {
  it('of a bare Debian 12 are named as Debian 12 names them', () => {
    expect(packagesFor(all, bareDebian)).toEqual(
      expect.arrayContaining(['xvfb', 'libnss3', 'libgtk-3-0', 'libasound2', 'fonts-noto-cjk']),
    );
  });

  it('of the offline proof are named as Debian names them', () => {
    const names = packagesFor(offlineProofNeeds, bareDebian);
    expect(names).toEqual(expect.arrayContaining(['iproute2', 'strace', 'util-linux']));
  });

  it('of a newer Debian are named as that one renamed them', () => {
    const names = packagesFor(all, { ...bareDebian, aptKnows: () => true });
    expect(names).toEqual(expect.arrayContaining(['libgtk-3-0t64', 'libasound2t64', 'libgbm1']));
  });

  it('are left alone when nothing is missing', () => {
    const missing = missingNeeds(all, { ...bareDebian, has: () => true });
    expect(planFor(missing, bareDebian)).toEqual({ action: 'nothing' });
  });

  it('are not asked for on Windows and macOS', () => {
    for (const platform of ['win32', 'darwin'] as const)
      expect(missingNeeds(all, { ...bareDebian, platform })).toEqual([]);
  });

  it('are installed by root on Debian', () => {
    expect(planFor(missingNeeds(all, bareDebian), bareDebian)).toEqual({ action: 'install' });
  });

  it('are named exactly to another user, only those that are missing', () => {
    const probes = {
      ...bareDebian,
      isRoot: false,
      has: ({ name }: { name: string }) => !['Xvfb', 'libgbm.so.1'].includes(name),
    };
    expect(planFor(missingNeeds(all, probes), probes)).toEqual({
      action: 'refuse',
      message:
        'Missing system packages: libgbm1 xvfb\n' +
        'Install them with: sudo apt-get install --no-install-recommends libgbm1 xvfb',
    });
  });

  it('are named by library on a Linux without apt, also to root', () => {
    const probes = { ...bareDebian, hasApt: false };
    const plan = planFor(missingNeeds(windowNeeds, probes), probes);
    expect(plan.action).toBe('refuse');
    expect(plan).toMatchObject({ message: expect.stringContaining('libgtk-3.so.0') as unknown });
  });
});

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { freemem, totalmem, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemMemory } from './system-memory';

const mebibyte = 2 ** 20;

describe.runIf(process.platform === 'linux')('on Linux', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'chimed-proc-'));
    await write(
      'proc/meminfo',
      'MemTotal:       16384000 kB\nMemFree:          102400 kB\nMemAvailable:    8192000 kB\n',
    );
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  async function write(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  const read = () => systemMemory({ proc: join(root, 'proc'), cgroup: join(root, 'cgroup') });

  it('what the file cache would give back is available', () => {
    expect(read()).toEqual({ total: 16_384_000 * 1024, available: 8_192_000 * 1024 });
  });

  it('a container has no more than its limit, less what it holds', async () => {
    await write('proc/self/cgroup', '0::/clinic/app\n');
    await write('cgroup/clinic/app/memory.max', 'max\n');
    await write('cgroup/clinic/memory.max', `${4000 * mebibyte}\n`);
    await write('cgroup/clinic/memory.current', `${1500 * mebibyte}\n`);
    await write('cgroup/clinic/memory.stat', `anon 1\ninactive_file ${500 * mebibyte}\n`);
    expect(read()).toEqual({ total: 4000 * mebibyte, available: 3000 * mebibyte });
  });

  it('limits of the older kind count too, and its huge number is none', async () => {
    await write('proc/self/cgroup', '4:memory:/job\n1:cpu:/\n0::/\n');
    await write('cgroup/memory/memory.limit_in_bytes', '9223372036854771712\n');
    await write('cgroup/memory/job/memory.limit_in_bytes', `${2048 * mebibyte}\n`);
    await write('cgroup/memory/job/memory.usage_in_bytes', `${48 * mebibyte}\n`);
    expect(read()).toEqual({ total: 2048 * mebibyte, available: 2000 * mebibyte });
  });

  it('a limit larger than the machine changes nothing', async () => {
    await write('proc/self/cgroup', '0::/big\n');
    await write('cgroup/big/memory.max', `${2 ** 45}\n`);
    expect(read().available).toBe(8_192_000 * 1024);
  });
});

it('this machine has memory, and no more available than there is', () => {
  const { total, available } = systemMemory();
  expect(total).toBeLessThanOrEqual(totalmem());
  expect(available).toBeGreaterThan(0);
  expect(available).toBeLessThanOrEqual(total);
  // Free memory leaves out what the file cache would give back.
  expect(available).toBeGreaterThan(Math.min(freemem(), total) / 4);
});

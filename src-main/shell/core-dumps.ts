/**
 * A core dump is a copy of a process's memory, records and keys in clear. Linux would write one, or hand
 * it to a collector, when native code crashes; Electron's own crash reporter is never started.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Size in bytes. One, not none: with none the kernel still hands the memory to a collector where there
 * is one (`|` in core_pattern), with one it does not (coredump.c); a file is never that small.
 */
const limit = '1:1';

/**
 * Forbids core dumps of this process and of those that Chromium started before it, from which every
 * later one inherits it. Does nothing on other systems than Linux.
 *
 * @throws the system's error where there is no `prlimit` (util-linux) or it is refused
 */
export async function forbidCoreDumps(pid: number = process.pid): Promise<void> {
  if (process.platform !== 'linux') return;
  try {
    // Parents first: what is started meanwhile inherits it.
    await run('prlimit', [`--pid=${pid}`, `--core=${limit}`]);
  } catch (error) {
    // A child that has ended since it was listed needs no limit.
    if (existsSync(`/proc/${pid}`)) throw error;
  }
  for (const child of await childrenOf(pid)) await forbidCoreDumps(child);
}

async function childrenOf(pid: number): Promise<number[]> {
  const listed = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return listed.split(' ').filter(Boolean).map(Number);
}

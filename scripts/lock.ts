import { readFileSync } from 'node:fs';
import { mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const heartbeatMs = 2_000;
const staleMs = 30_000;

/**
 * Holds a lock file while `work` runs, so that two terminals do not do the same minutes of work.
 *
 * The lock saves work; it is not what keeps the result right. Whoever works under it must publish
 * by an atomic rename, because a lock left by a killed process is taken over (its process is gone,
 * or its heartbeat stopped) and, on a file system shared by two machines, that can be a mistake.
 *
 * @param file path of the lock file; its folder is made.
 * @param work what to do while holding it.
 * @param onWait called once if another process holds it, before waiting.
 */
export async function withLock<T>(
  file: string,
  work: () => Promise<T>,
  onWait: () => void = () => undefined,
): Promise<T> {
  await mkdir(dirname(file), { recursive: true });
  const mine = `${process.pid} ${Math.random().toString(36).slice(2)}`;
  let told = false;
  for (;;) {
    try {
      await writeFile(file, mine, { flag: 'wx' });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (await isStale(file)) {
      await rm(file, { force: true });
      continue;
    }
    if (!told) onWait();
    told = true;
    await sleep(200);
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    void utimes(file, now, now).catch(() => undefined);
  }, heartbeatMs);
  heartbeat.unref();
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    // Only our own: a lock that was taken from us now belongs to another.
    if ((await readFile(file, 'utf8').catch(() => '')) === mine) await rm(file, { force: true });
  }
}

async function isStale(file: string): Promise<boolean> {
  try {
    const [content, { mtimeMs }] = await Promise.all([readFile(file, 'utf8'), stat(file)]);
    if (Date.now() - mtimeMs > staleMs) return true;
    const pid = Number.parseInt(content, 10);
    // Empty: created a moment ago and not written yet.
    return Number.isInteger(pid) && !isAlive(pid);
  } catch {
    // Gone meanwhile: the next attempt to create it decides.
    return false;
  }
}

/** Whether a process with this id runs on this machine (also when it belongs to another user). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  // A killed process whose parent has not reaped it yet still answers signal 0.
  if (process.platform !== 'linux') return true;
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !/^\d+ \(.*\) [ZX] /s.test(status);
  } catch {
    return false;
  }
}

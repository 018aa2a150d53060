/**
 * At most one process works on a data folder. The lock must vanish with its owner, also by kill -9
 * or power loss, or a doctor would be locked out of the records until someone deletes a file.
 *
 * - Linux: a file with the owner's pid, its start time and the boot's id. Pids are reused, so the pid
 *   alone would take a stranger for the owner.
 * - Windows, macOS: the file is held open exclusively, and the system lets go when the owner dies
 *   (libuv: UV_FS_O_EXLOCK is share mode 0; open(2) of macOS: O_EXLOCK).
 */
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  constants,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { AppError } from '../domain/contract/errors';
import { systemCode, writeProblem } from './files';

const ownerSchema = z.object({ pid: z.int().positive(), start: z.string(), boot: z.string() });
type Owner = z.infer<typeof ownerSchema>;

/** Gives the lock back. */
export type ReleaseLock = () => Promise<void>;

/**
 * Takes the lock, also over from an owner that is dead.
 *
 * @throws AppError `STORE_LOCKED` when a living process has it; `DISK_FULL`, `STORE_WRITE_FAILED`
 */
export function acquireLock(path: string): Promise<ReleaseLock> {
  return process.platform === 'linux' ? acquireByOwner(path) : acquireByHandle(path);
}

async function acquireByOwner(path: string): Promise<ReleaseLock> {
  const mine = JSON.stringify(currentOwner());
  for (let attempt = 0; attempt < 60; attempt += 1) {
    if (createExclusively(path, mine))
      return async () => {
        if (readIfThere(path) === mine) unlinkSync(path);
      };
    const found = readIfThere(path);
    if (found === null) continue;
    const owner = parseOwner(found);
    if (owner && isAlive(owner)) break;
    // Without an owner inside, it is one being written just now, or one that a power loss emptied.
    if (!owner && isYoung(path)) {
      await sleep(100);
      continue;
    }
    removeStale(path, found);
  }
  throw new AppError('STORE_LOCKED');
}

function createExclusively(path: string, content: string): boolean {
  try {
    const file = openSync(path, 'wx', 0o600);
    try {
      writeSync(file, content);
    } catch (error) {
      unlinkSync(path);
      throw error;
    } finally {
      closeSync(file);
    }
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw writeProblem(error);
  }
}

/** Moved first: of two processes that found the same dead owner only one can move its file away. */
function removeStale(path: string, expected: string): void {
  const moved = `${path}.${randomUUID()}`;
  try {
    renameSync(path, moved);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    throw writeProblem(error);
  }
  if (readIfThere(moved) === expected) {
    unlinkSync(moved);
    return;
  }
  // The other process was faster and this is its lock.
  renameSync(moved, path);
  throw new AppError('STORE_LOCKED');
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf-8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw new AppError('STORE_READ_FAILED', { cause: error });
  }
}

function isYoung(path: string): boolean {
  try {
    const age = Date.now() - statSync(path).mtimeMs;
    return age >= 0 && age < 2000;
  } catch {
    return false;
  }
}

function parseOwner(content: string): Owner | null {
  try {
    return ownerSchema.parse(JSON.parse(content));
  } catch {
    return null;
  }
}

function currentOwner(): Owner {
  const start = startOf(process.pid);
  if (start === null) throw new AppError('STORE_WRITE_FAILED', { params: { system: 'proc' } });
  return { pid: process.pid, start, boot: bootId() };
}

function isAlive(owner: Owner): boolean {
  return owner.boot === bootId() && owner.start === startOf(owner.pid);
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf-8').trim();
}

/** When a process started, in clock ticks since boot (proc(5)); null when it is dead or a zombie. */
function startOf(pid: number): string | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf-8');
  } catch {
    return null;
  }
  // The second field is a program's name, in brackets, and may hold spaces and brackets itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  if (state === 'Z' || state === 'X') return null;
  return fields[19] ?? null;
}

async function acquireByHandle(path: string): Promise<ReleaseLock> {
  const exclusive = process.platform === 'win32' ? 0x1000_0000 : 0x20 | (constants.O_NONBLOCK ?? 0);
  // A virus scanner may hold a new file for a moment.
  for (let attempt = 0; attempt < 20; attempt += 1) {
    try {
      const file = await open(path, constants.O_RDWR | constants.O_CREAT | exclusive, 0o600);
      return () => file.close();
    } catch (error) {
      const code = systemCode(error);
      if (code !== 'EBUSY' && code !== 'EAGAIN') throw writeProblem(error);
    }
    await sleep(100);
  }
  throw new AppError('STORE_LOCKED');
}

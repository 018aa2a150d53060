/** How much RAM a model may take, as the system and a container's limit allow. */
import { readFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';

export interface SystemMemory {
  /** Bytes. */
  readonly total: number;
  /** Bytes that could be allocated without swapping. */
  readonly available: number;
}

/**
 * On Linux MemAvailable, because free memory leaves out what the file cache would give back: after a
 * model has been read, that is the size of the model. Elsewhere what Node says.
 * @param roots where `/proc` and `/sys/fs/cgroup` are; other places in tests
 */
export function systemMemory(roots = { proc: '/proc', cgroup: '/sys/fs/cgroup' }): SystemMemory {
  if (process.platform !== 'linux') return { total: totalmem(), available: freemem() };
  const info = textOf(`${roots.proc}/meminfo`) ?? '';
  const total = kibibytesIn(info, 'MemTotal') ?? totalmem();
  const available = kibibytesIn(info, 'MemAvailable') ?? freemem();
  const limit = cgroupLimit(roots);
  if (!limit) return { total, available };
  return {
    total: Math.min(total, limit.limit),
    available: Math.max(0, Math.min(available, limit.limit - limit.used)),
  };
}

function kibibytesIn(info: string, name: string): number | null {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(info);
  return found ? Number(found[1]) * 1024 : null;
}

/** The tightest limit of the process's own control group and those around it, version 2 or 1. */
function cgroupLimit(roots: { proc: string; cgroup: string }): {
  limit: number;
  used: number;
} | null {
  const own = textOf(`${roots.proc}/self/cgroup`) ?? '';
  const unified = /^0::(\/.*)$/m.exec(own)?.[1];
  const legacy = /^\d+:(?:[\w,]*,)?memory(?:,[\w,]*)?:(\/.*)$/m.exec(own)?.[1];
  let tightest: { limit: number; used: number } | null = null;
  for (const folder of [
    ...(unified === undefined ? [] : upwards(roots.cgroup, unified)),
    ...(legacy === undefined ? [] : upwards(`${roots.cgroup}/memory`, legacy)),
  ]) {
    const limit = numberIn(`${folder}/memory.max`) ?? numberIn(`${folder}/memory.limit_in_bytes`);
    if (limit === null) continue;
    const used = usedWithoutCache(folder);
    if (!tightest || limit - used < tightest.limit - tightest.used) tightest = { limit, used };
  }
  return tightest;
}

/** What the group holds less the file cache that it would give back under pressure. */
function usedWithoutCache(folder: string): number {
  const used =
    numberIn(`${folder}/memory.current`) ?? numberIn(`${folder}/memory.usage_in_bytes`) ?? 0;
  const stat = textOf(`${folder}/memory.stat`) ?? '';
  const cache = /^(?:total_)?inactive_file (\d+)$/m.exec(stat)?.[1];
  return Math.max(0, used - Number(cache ?? 0));
}

/** The folder of a control group and of all that it lies in, as far as the root. */
function upwards(root: string, group: string): string[] {
  const parts = group.split('/').filter((part) => part !== '');
  return Array.from({ length: parts.length + 1 }, (_, i) =>
    [root, ...parts.slice(0, parts.length - i)].join('/'),
  );
}

/** A limit of `max`, or version 1's huge number, is none. */
function numberIn(path: string): number | null {
  const value = Number(textOf(path) ?? 'none');
  return Number.isFinite(value) && value < 2 ** 60 ? value : null;
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}

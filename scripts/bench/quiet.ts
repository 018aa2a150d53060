/** Measurements on a machine that others use: what disturbed them is known, and the worst is repeated. */
import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** Share of the machine's cores that other programs may use during a measurement. */
const tolerated = 0.03;
const attempts = 6;

/** How long a measurement waits for others to end. */
const patienceMs = 120_000;

/** `USER_HZ` of Linux, the same on every architecture that it is built for here. */
const ticksPerSecond = 100;

export interface Measured<T> {
  readonly value: T;
  /** Share of the cores that other programs used meanwhile; 0 where the system does not tell. */
  readonly others: number;
}

/**
 * Measures when nobody else computes, and again where somebody began to; after a few times the least
 * disturbed result counts.
 * @param processes whose computing is the measurement's own, beside the children that end during it
 */
export async function quietly<T>(
  work: () => Promise<T>,
  processes: readonly number[] = [],
): Promise<Measured<T>> {
  let best: Measured<T> | undefined;
  for (let attempt = 0; attempt < attempts; attempt++) {
    for (let waited = 0; waited < patienceMs; waited += 1_000) {
      if ((await othersDuring(() => sleep(1_000), processes)).others <= tolerated) break;
    }
    const measured = await othersDuring(work, processes);
    if (!best || measured.others < best.others) best = measured;
    if (measured.others <= tolerated) break;
  }
  return best as Measured<T>;
}

async function othersDuring<T>(
  work: () => Promise<T>,
  processes: readonly number[],
): Promise<Measured<T>> {
  const [before, ownBefore] = [machineTimes(), await ownSeconds(processes)];
  const value = await work();
  const [after, ownAfter] = [machineTimes(), await ownSeconds(processes)];
  if (process.platform !== 'linux') return { value, others: 0 };
  const others = after.busy - before.busy - (ownAfter - ownBefore);
  return { value, others: Math.max(0, others) / (after.all - before.all) };
}

/** Seconds of all cores together since the system's start. */
function machineTimes(): { busy: number; all: number } {
  let busy = 0;
  let idle = 0;
  for (const { times } of cpus()) {
    busy += (times.user + times.nice + times.sys + times.irq) / 1000;
    idle += times.idle / 1000;
  }
  return { busy, all: busy + idle };
}

/** Computing time of this process, its ended children and the named processes, in seconds. */
async function ownSeconds(processes: readonly number[]): Promise<number> {
  if (process.platform !== 'linux') return 0;
  const [self, ...named] = await Promise.all(['self', ...processes].map(ticks));
  const sum = (values: readonly number[] = []): number => values.reduce((a, b) => a + b, 0);
  return (sum(self) + sum(named.map(([user = 0, system = 0]) => user + system))) / ticksPerSecond;
}

/** `utime`, `stime`, `cutime`, `cstime` of proc_pid_stat(5). */
async function ticks(pid: number | string): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The program's name, in parentheses, may hold anything; what follows is numbers.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).map(Number);
}

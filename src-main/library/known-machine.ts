/**
 * What was found out of this machine, kept between starts: looking for graphics cards loads drivers,
 * which takes seconds. Losing it costs only those.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { arch, platform, release } from 'node:os';
import { dirname } from 'node:path';
import * as z from 'zod';
import { probedMachineSchema, type ProbedMachine } from '../domain/contract/machine';

const contentSchema = z.object({ key: z.string(), probed: probedMachineSchema });

/** Another program or another kernel may bring other drivers. */
function keyOf(version: string): string {
  return [version, platform(), arch(), release()].join(' ');
}

/**
 * What was kept, or null where it must be found out anew: also where a card failed or none was found,
 * because somebody may have put that right.
 */
export function knownMachine(path: string, version: string): ProbedMachine | null {
  try {
    const { key, probed } = contentSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
    const isWorthKeeping = probed.failures.length === 0 && probed.machine.devices.length > 0;
    return key === keyOf(version) && isWorthKeeping ? probed : null;
  } catch {
    return null;
  }
}

export function keepMachine(path: string, version: string, probed: ProbedMachine): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.new`, JSON.stringify({ key: keyOf(version), probed }));
    renameSync(`${path}.new`, path);
  } catch {
    // It is found out again next time.
  }
}

/** Lives of a process of `append-loop.fixture.ts`, each ended by kill -9, and what must hold then. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { AuditLog } from './audit-log';

const script = fileURLToPath(new URL('./append-loop.fixture.ts', import.meta.url));
/** Marks of a round are apart from those of all others. */
const marksOfRound = 100_000;

/**
 * Lets a process append, and kills it.
 *
 * @param forMs milliseconds from its first word
 * @returns marks of what it acknowledged
 */
export async function killedRound(folder: string, round: number, forMs: number): Promise<number[]> {
  const first = String(round * marksOfRound);
  const child = spawn(process.execPath, ['--import', 'tsx', script, folder, first], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  let output = '';
  try {
    await new Promise<void>((resolve, reject) => {
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        resolve();
      });
      child.once('exit', () => reject(new Error('the process ended by itself')));
    });
    await sleep(forMs);
  } finally {
    child.kill('SIGKILL');
    await closed;
  }
  // The last line may be cut by the kill; what it began to say counts for nothing.
  return output.split('\n').slice(0, -1).map(Number);
}

/**
 * Opens the log that is left and looks whether it holds what was acknowledged.
 *
 * @param promised marks of all rounds so far
 * @returns number of entries
 * @throws Error that says what is missing, twice or wrong
 */
export async function checkLog(folder: string, promised: ReadonlySet<number>): Promise<number> {
  const log = await AuditLog.open(folder);
  try {
    const { entries } = await log.read({}, { limit: 10_000_000 });
    const numbers = entries.map(({ n }) => n).reverse();
    if (numbers.some((n, index) => n !== index + 1)) throw new Error('a number is missing');
    const marks = entries.flatMap(({ event }) => (event.kind === 'copied' ? [event.chars] : []));
    const found = new Set(marks);
    if (found.size !== marks.length) throw new Error('an entry is there twice');
    for (const mark of promised) if (!found.has(mark)) throw new Error(`${mark} is missing`);
    const { faults } = await log.verify({ signingKeysOf: () => [] });
    if (faults[0]) throw new Error(`after entry ${faults[0].after}: ${faults[0].fault}`);
    return entries.length;
  } finally {
    await log.close();
  }
}

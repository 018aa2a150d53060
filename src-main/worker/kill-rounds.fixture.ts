/** One life of a process of `vault-loop.fixture.ts`, ended by kill -9. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { note, type Ledger } from './vault-loop.fixture';

const script = fileURLToPath(new URL('./vault-loop.fixture.ts', import.meta.url));

/**
 * Starts a process, lets it work for a while, kills it, and notes what it said.
 *
 * @param forMs milliseconds from its first word
 */
export async function killedRound(
  dir: string,
  seed: number,
  ledger: Ledger,
  forMs: number,
): Promise<void> {
  const child = spawn(process.execPath, ['--import', 'tsx', script, dir, String(seed)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  let died = false;
  const closed = once(child, 'close');
  try {
    await new Promise<void>((resolve, reject) => {
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        resolve();
      });
      child.once('exit', (exitCode) => {
        died = exitCode !== null;
        reject(new Error('the process ended by itself'));
      });
    });
    await sleep(forMs);
  } finally {
    child.kill('SIGKILL');
    await closed;
  }
  if (died) throw new Error('the process failed');
  // The last line may be cut by the kill; what it began to say counts for nothing.
  note(ledger, output.slice(0, output.lastIndexOf('\n') + 1));
}

/** The command line as a person starts it: the built program, in a process of its own. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeAll, vi } from 'vitest';
import { ensureBuild } from '../../scripts/build';

const root = join(import.meta.dirname, '..', '..');

export interface Ended {
  /** null for a process that a signal ended. */
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/**
 * Builds the program once where the sources have changed, and ends what a test has left running.
 * @returns what starts `chimed` and waits for its end; `interruptAt`: it is interrupted once stderr holds that;
 *   `reader`: whoever reads what it prints
 */
export function builtProgram(): (
  args: readonly string[],
  how?: { interruptAt?: RegExp | undefined; reader?: 'stays' | 'goes' },
) => Promise<Ended> {
  const running = new Set<ChildProcessWithoutNullStreams>();
  // Each test starts whole programs.
  vi.setConfig({ testTimeout: 240_000, hookTimeout: 300_000 });
  beforeAll(ensureBuild);
  afterEach(() => {
    for (const child of running) child.kill('SIGKILL');
  });
  return (args, { interruptAt, reader = 'stays' } = {}) => {
    const child = spawn(process.execPath, [join(root, 'bin', 'chimed.cjs'), ...args], {
      cwd: root,
      env: { ...process.env, LANG: 'C.UTF-8', LC_ALL: '', LC_MESSAGES: '' },
    });
    running.add(child);
    if (reader === 'goes') child.stdout.destroy();
    const ended = { out: '', err: '' };
    let interrupted = false;
    child.stdout.setEncoding('utf8').on('data', (piece: string) => (ended.out += piece));
    child.stderr.setEncoding('utf8').on('data', (piece: string) => {
      ended.err += piece;
      if (!interrupted && interruptAt?.test(ended.err)) interrupted = child.kill('SIGINT');
    });
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => {
        running.delete(child);
        resolve({ code, ...ended });
      });
    });
  };
}

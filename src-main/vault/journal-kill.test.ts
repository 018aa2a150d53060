/** Real processes: killed while they append, and two that want the same journal. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { rowsOf } from './append-loop.fixture';
import { Journal, lockFileName } from './journal';
import { testKeys } from './keys.fixture';

const keys = await testKeys();
let dir = '';
const children = new Set<ChildProcess>();
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'chimed-kill-'));
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rm(dir, { recursive: true, force: true });
});

const script = fileURLToPath(new URL('./append-loop.fixture.ts', import.meta.url));

/** Runs a child until it has acknowledged `count` transactions. Returns it and the list, which goes on growing. */
async function appendUntil(
  prefix: string,
  count: number,
): Promise<{ child: ChildProcess; acknowledged: () => string[] }> {
  const child = spawn(process.execPath, ['--import', 'tsx', script, dir, prefix], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.add(child);
  let output = '';
  // A line is whole once its end is there.
  const acknowledged = (): string[] => output.split('\n').slice(0, -1);
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (acknowledged().length >= count) resolve();
    });
    child.on('exit', () => reject(new Error('the child ended by itself')));
  });
  return { child, acknowledged };
}

async function kill(child: ChildProcess): Promise<void> {
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
  children.delete(child);
}

test('a process killed at any point loses nothing it acknowledged, and nothing is there twice', async () => {
  const promised: string[] = [];
  for (const [round, count] of [1, 7, 40, 23].entries()) {
    const { child, acknowledged } = await appendUntil(`k${round}`, count);
    await kill(child);
    promised.push(...acknowledged());

    const journal = await Journal.open(dir, keys);
    const found = new Map<string, Uint8Array>();
    for (let after = 0; after < journal.lastSeq;) {
      for (const row of (await journal.read(after, 5000)).rows) {
        const key = `${row.table} ${row.id}`;
        expect(found.has(key), 'twice').toBe(false);
        found.set(key, row.sealed);
        after = row.seq;
      }
    }
    await journal.close();
    for (const id of promised)
      for (const row of rowsOf(id)) {
        const stored = found.get(`${row.table} ${row.id}`);
        expect(stored && Buffer.from(stored).equals(row.sealed), id).toBe(true);
      }
    // Both rows of a transaction or none, also of those that were not acknowledged any more.
    const halves = (table: string): string[] =>
      [...found.keys()]
        .filter((key) => key.startsWith(table))
        .map((key) => key.slice(`${table} t-`.length))
        .sort();
    expect(halves('text')).toEqual(halves('record'));
  }
});

test.runIf(process.platform === 'linux')(
  'when the system itself cuts a write short, what was acknowledged is there and nothing half is left',
  async () => {
    // The kernel writes up to the limit and refuses the rest, as a full disk does.
    const limited = 'ulimit -f 4096; exec "$0" --import tsx "$@"';
    const { stdout } = await promisify(execFile)('sh', [
      '-c',
      limited,
      process.execPath,
      script,
      dir,
      'full',
    ]);
    const lines = stdout.split('\n').slice(0, -1);
    expect(lines.at(-1)).toBe('!DISK_FULL');
    const journal = await Journal.open(dir, keys);
    expect(journal.cutBytes).toBe(0);
    for (const id of lines.filter((line) => !line.startsWith('!')))
      expect(journal.latestVersion('record', `r-${id}`), id).toBe(1);
    await journal.close();
  },
);

test('a second process is refused while the first lives, and takes over when it was killed', async () => {
  const { child } = await appendUntil('first', 2);
  await expect(Journal.open(dir, keys)).rejects.toMatchObject({ code: 'STORE_LOCKED' });
  await expect(Journal.open(dir, keys)).rejects.toMatchObject({ code: 'STORE_LOCKED' });
  await kill(child);
  const journal = await Journal.open(dir, keys);
  await expect(Journal.open(dir, keys)).rejects.toMatchObject({ code: 'STORE_LOCKED' });
  await journal.close();
  await (await Journal.open(dir, keys)).close();
});

test.runIf(process.platform === 'linux')(
  'a lock is stale when its pid now belongs to a stranger, comes from before a restart, or is empty',
  async () => {
    const lock = join(dir, lockFileName);
    const journal = await Journal.open(dir, keys);
    const mine = JSON.parse(await readFile(lock, 'utf-8')) as Record<string, unknown>;
    await journal.close();
    for (const content of [
      JSON.stringify({ ...mine, start: '1' }),
      JSON.stringify({ ...mine, boot: 'another boot' }),
      '',
      'not a lock',
    ]) {
      await writeFile(lock, content);
      const old = new Date(Date.now() - 60_000);
      await utimes(lock, old, old);
      await (await Journal.open(dir, keys)).close();
    }
    // The same content as a living owner's is honoured.
    await writeFile(lock, JSON.stringify(mine));
    await expect(Journal.open(dir, keys)).rejects.toMatchObject({ code: 'STORE_LOCKED' });
  },
);

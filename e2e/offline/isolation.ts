/** Runs a command where it can be seen whether it tried to reach anything. Linux only. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../../scripts/project';

/**
 * `black-hole`: a default route into nowhere and a DNS server that answers nothing, so that whoever tries
 * goes on trying. `bare`: loopback alone, where the kernel refuses what has no route.
 */
export type World = 'black-hole' | 'bare';

export interface Order {
  readonly world: World;
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Record<string, string>;
  /** File for what was observed. */
  readonly result: string;
}

export interface Observed {
  readonly exitCode: number | null;
  /** The end of what the command printed. */
  readonly output: string;
  /** Packets that left over the black hole's only way out, without the kernel's own about IPv6. */
  readonly packets: number;
  /** Attempts that the kernel refused because there is no way. */
  readonly unroutable: number;
  /** Names that were asked of the DNS server. */
  readonly queries: readonly string[];
}

/** Options of `unshare`: another user than root needs a user namespace, in which it is root. */
const namespaces = process.getuid?.() === 0 ? ['-n', '-m'] : ['-U', '-r', '-n', '-m'];

/** Why nothing can be isolated here; undefined where it can. */
export function whyNotIsolated(): string | undefined {
  if (process.platform !== 'linux')
    return `network namespaces are Linux's, this is ${process.platform}`;
  for (const program of ['ip', 'nsenter', 'mount']) {
    if (spawnSync(program, ['--version']).error && spawnSync(program, ['-V']).error)
      return `there is no \`${program}\` here`;
  }
  const { status, stderr, error } = spawnSync(
    'unshare',
    [...namespaces, 'ip', 'link', 'add', 'away', 'type', 'veth', 'peer', 'name', 'sink'],
    { encoding: 'utf8' },
  );
  if (error) return 'there is no `unshare` here';
  return status === 0
    ? undefined
    : `this user or system makes no network namespace: ${stderr.trim()}`;
}

/** Why system calls cannot be traced here; undefined where they can. */
export function whyNotTraced(): string | undefined {
  const { status, stderr, error } = spawnSync('strace', ['-f', '-o', '/dev/null', 'true'], {
    encoding: 'utf8',
  });
  if (error) return 'there is no `strace` here';
  return status === 0 ? undefined : `this system does not allow tracing: ${stderr.trim()}`;
}

/**
 * Runs a command in a world of its own.
 * @param env added to this process's environment
 * @throws Error when the world could not be made
 */
export async function observe(
  world: World,
  command: readonly string[],
  env: Record<string, string> = {},
): Promise<Observed> {
  const folder = await mkdtemp(join(tmpdir(), 'chimed-offline-'));
  try {
    const inherited = Object.entries(process.env).filter(
      // A display outside would be reached over its socket; proxies and test runners' own settings go too.
      ([name]) => !/^(DISPLAY|WAYLAND_DISPLAY|NODE_OPTIONS|VITEST.*|.*_proxy)$/i.test(name),
    ) as [string, string][];
    const order: Order = {
      world,
      command,
      cwd: projectRoot,
      env: { ...Object.fromEntries(inherited), NODE_ENV: 'production', ...env },
      result: join(folder, 'observed.json'),
    };
    const inside = join(import.meta.dirname, 'inside.ts');
    const child = spawn(
      'unshare',
      [...namespaces, process.execPath, '--import', 'tsx', inside, JSON.stringify(order)],
      { cwd: projectRoot, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
    await once(child, 'close');
    const result = await readFile(order.result, 'utf8').catch(() => undefined);
    if (result === undefined) throw new Error(`the namespace failed: ${complaint.slice(-2_000)}`);
    return JSON.parse(result) as Observed;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Runs a command as the only thing in a network namespace of its own and writes what left it, or tried to.
 * Started by `isolation.ts`, as root of that namespace and of a mount namespace.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Observed, Order } from './isolation';

/** Of TEST-NET-like space for benchmarks (RFC 2544), and a unique local prefix (RFC 4193). */
const [ours, theirs] = ['198.18.0.2', '198.18.0.1'];
const [ours6, theirs6] = ['fd19:8::2', 'fd19:8::1'];

const order = JSON.parse(process.argv[2] ?? '') as Order;
const queriesFile = `${order.result}.queries`;
const hasIpv6 = existsSync('/proc/net/if_inet6');

const run = (program: string, ...args: string[]): string =>
  execFileSync(program, args, { encoding: 'utf8' });

/** Everything that is sent leaves over `away` and ends nowhere; who answers DNS answers nothing. */
async function digBlackHole(): Promise<() => void> {
  const sink = spawn(
    'unshare',
    ['-n', process.execPath, join(import.meta.dirname, 'sink.mjs'), queriesFile],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  await once(sink.stdout, 'data');
  const peer = (...args: string[]): string =>
    run('nsenter', '-t', `${sink.pid}`, '-n', 'ip', ...args);
  run('ip', 'link', 'add', 'away', 'type', 'veth', 'peer', 'name', 'sink');
  run('ip', 'link', 'set', 'sink', 'netns', `${sink.pid}`);
  const ends = [
    { ip: (...args: string[]) => run('ip', ...args), device: 'away', addresses: [ours, ours6] },
    { ip: peer, device: 'sink', addresses: [theirs, theirs6] },
  ];
  for (const { ip, device, addresses } of ends) {
    // Without an address of its own making IPv6 looks for no router; what it says besides is counted out.
    if (hasIpv6) ip('link', 'set', device, 'addrgenmode', 'none');
    ip('addr', 'add', `${addresses[0]}/24`, 'dev', device);
    if (hasIpv6) ip('addr', 'add', `${addresses[1]}/64`, 'dev', device, 'nodad');
    ip('link', 'set', device, 'up');
  }
  // The way out is known beforehand, so that looking for it adds no packet to those of the program.
  const mac = /link\/ether (\S+)/.exec(peer('link', 'show', 'sink'))?.[1] ?? '';
  run('ip', 'neigh', 'add', theirs, 'lladdr', mac, 'dev', 'away', 'nud', 'permanent');
  run('ip', 'route', 'add', 'default', 'via', theirs);
  if (hasIpv6) {
    run('ip', 'neigh', 'add', theirs6, 'lladdr', mac, 'dev', 'away', 'nud', 'permanent');
    run('ip', '-6', 'route', 'add', 'default', 'via', theirs6);
  }
  return () => sink.kill('SIGKILL');
}

/** Names are asked of the sink, and of no daemon outside of the namespace that would ask for us. */
function askOnlyTheSink(): void {
  const cover = (path: string, text: string): void => {
    if (!existsSync(path)) return;
    const file = `${order.result}.${path.split('/').at(-1)}`;
    writeFileSync(file, text);
    run('mount', '--bind', file, realpathSync(path));
  };
  cover('/etc/resolv.conf', `nameserver ${theirs}\noptions timeout:1 attempts:1\n`);
  cover('/etc/nsswitch.conf', 'passwd: files\ngroup: files\nhosts: files dns\n');
  if (existsSync('/run/nscd')) run('mount', '-t', 'tmpfs', 'none', '/run/nscd');
}

/** A counter of the kernel for this namespace, by file, group and name; 0 where the kernel has none. */
function counter(file: 'snmp' | 'snmp6', group: string, name: string): number {
  const lines = readFileSync(`/proc/net/${file}`, 'utf8').split('\n');
  if (file === 'snmp6') {
    return Number(
      lines
        .find((line) => line.startsWith(`${name} `) || line.startsWith(`${name}\t`))
        ?.split(/\s+/)[1] ?? 0,
    );
  }
  const [names, values] = lines
    .filter((line) => line.startsWith(`${group}: `))
    .map((line) => line.split(' '));
  return Number(values?.[names?.indexOf(name) ?? -1] ?? 0);
}

interface Counters {
  readonly packets: number;
  readonly unroutable: number;
}

function counters(): Counters {
  const device = /^ *away:(.*)$/m
    .exec(readFileSync('/proc/net/dev', 'utf8'))?.[1]
    ?.trim()
    .split(/\s+/);
  const housekeeping = hasIpv6
    ? counter('snmp6', '', 'Icmp6OutMLDv2Reports') + counter('snmp6', '', 'Icmp6OutRouterSolicits')
    : 0;
  const unroutable6 = hasIpv6 ? counter('snmp6', '', 'Ip6OutNoRoutes') : 0;
  return {
    packets: device ? Number(device[9]) - housekeeping : 0,
    unroutable: counter('snmp', 'Ip', 'OutNoRoutes') + unroutable6,
  };
}

/** What the kernel says by itself after a link comes up is over when nothing is said for a while. */
async function settle(): Promise<Counters> {
  let last = counters();
  for (let quiet = 0; quiet < 3;) {
    await delay(200);
    const now = counters();
    quiet = now.packets === last.packets && now.unroutable === last.unroutable ? quiet + 1 : 0;
    last = now;
  }
  return last;
}

run('ip', 'link', 'set', 'lo', 'up');
writeFileSync(queriesFile, '');
const fill = order.world === 'black-hole' ? await digBlackHole() : () => undefined;
askOnlyTheSink();
const before = await settle();
const [program = '', ...args] = order.command;
const child = spawn(program, args, {
  cwd: order.cwd,
  env: order.env,
  stdio: ['ignore', 'pipe', 'pipe'],
});
let output = '';
for (const stream of [child.stdout, child.stderr])
  stream
    .setEncoding('utf8')
    .on('data', (text: string) => (output = (output + text).slice(-20_000)));
const [exitCode] = (await once(child, 'close')) as [number | null];
const after = await settle();
fill();
const observed: Observed = {
  exitCode,
  output,
  packets: after.packets - before.packets,
  unroutable: after.unroutable - before.unroutable,
  queries: readFileSync(queriesFile, 'utf8').split('\n').filter(Boolean),
};
writeFileSync(order.result, JSON.stringify(observed));

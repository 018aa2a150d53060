/**
 * Node's sockets are not Chromium's: what refuses the network there does not see them. http, https,
 * http2, tls, fetch and WebSocket all end in the calls that are refused here. A thread has modules of
 * its own, so what a process refuses its threads do not: each begins with `begin.ts` for itself.
 */
import dgram from 'node:dgram';
import dns from 'node:dns';
import inspector from 'node:inspector';
import net from 'node:net';
import { syncBuiltinESMExports } from 'node:module';
import { isMainThread } from 'node:worker_threads';

/** What code that tried to reach something gets to see. */
const refusal = 'network is refused';

function refused(): never {
  throw Object.assign(new Error(refusal), { code: 'EACCES' });
}

/**
 * Refuses, in this thread, everything but connections to unix sockets and named pipes; nothing can
 * listen either, not even for a debugger. It cannot be taken back.
 */
export function refuseSockets(): void {
  const connect = net.Socket.prototype.connect;
  net.Socket.prototype.connect = function (this: net.Socket, ...args: unknown[]): net.Socket {
    const [first] = args;
    // net.connect() hands over its arguments as one normalised array.
    const target: unknown = Array.isArray(first) ? (first as unknown[])[0] : first;
    const path =
      typeof target === 'object' && target !== null && 'path' in target ? target.path : target;
    return typeof path === 'string' && isLocalPath(path)
      ? (Reflect.apply(connect, this, args) as net.Socket)
      : refused();
  };
  // `_createServerHandle` and `_createSocketHandle` are old back doors that make a bound socket.
  refuseIn(net, ['_createServerHandle']);
  refuseIn(net.Server.prototype, ['listen', '_listen2']);
  refuseIn(dgram, ['createSocket', '_createSocketHandle']);
  refuseIn(dgram.Socket.prototype, ['bind', 'connect', 'send', 'sendto']);
  for (const resolver of [dns, dns.promises]) {
    refuseIn(resolver, queriesOf(resolver));
    refuseIn(resolver.Resolver.prototype, queriesOf(resolver.Resolver.prototype));
  }
  refuseIn(inspector, ['open']);
  refuseBindings();
  syncBuiltinESMExports();
  refuseDebuggerSignal();
}

/**
 * A number as a string is a port. A pipe on Windows may name another machine (`\\server\pipe\...`),
 * which would be reached over the network.
 */
function isLocalPath(path: string): boolean {
  if (/^\d+$/.test(path)) return false;
  return process.platform !== 'win32' || /^[\\/]{2}[.?][\\/]pipe[\\/]/i.test(path);
}

function refuseIn(holder: object, names: readonly string[]): void {
  for (const name of names) {
    if (name in holder) Object.defineProperty(holder, name, { value: refused, writable: false });
  }
}

/** Everything of a resolver that asks the network: also what a later Node adds under these names. */
function queriesOf(resolver: object): string[] {
  return Object.getOwnPropertyNames(resolver).filter((name) =>
    /^(lookup|resolve|reverse)/.test(name),
  );
}

/** The old way to what lies below all of the above. Electron itself asks it for other bindings. */
function refuseBindings(): void {
  const legacy = process as unknown as { binding(name: string): unknown };
  const original = legacy.binding.bind(process);
  legacy.binding = (name) =>
    ['tcp_wrap', 'udp_wrap', 'cares_wrap'].includes(name) ? refused() : original(name);
}

/** Plain Node opens its debugger's port when it gets SIGUSR1; a listener takes the signal's place. */
function refuseDebuggerSignal(): void {
  const isElectron = process.versions['electron'] !== undefined;
  if (process.platform === 'win32' || isElectron || !isMainThread) return;
  process.on('SIGUSR1', () => undefined);
}

/**
 * Node's sockets are not Chromium's: what refuses the network there does not see them. Every process
 * of the program calls this before anything else; http, https, tls and fetch all end in these calls.
 */
import dgram from 'node:dgram';
import dns from 'node:dns';
import net from 'node:net';
import { syncBuiltinESMExports } from 'node:module';

/** Refuses, in this process, everything but unix sockets and named pipes; nothing can listen either. */
export function refuseSockets(): void {
  const refused = (): never => {
    throw Object.assign(new Error('network is refused'), { code: 'EACCES' });
  };
  const connect = net.Socket.prototype.connect;
  net.Socket.prototype.connect = function (this: net.Socket, ...args: unknown[]): net.Socket {
    const [first] = args;
    // net.connect() hands over its arguments as one normalised array.
    const target: unknown = Array.isArray(first) ? (first as unknown[])[0] : first;
    const path = typeof target === 'object' && target !== null && 'path' in target && target.path;
    return typeof path === 'string'
      ? (Reflect.apply(connect, this, args) as net.Socket)
      : refused();
  };
  Object.assign(net.Server.prototype, { listen: refused });
  Object.assign(dgram, { createSocket: refused });
  Object.assign(dns, { lookup: refused, resolve: refused });
  Object.assign(dns.promises, { lookup: refused, resolve: refused });
  syncBuiltinESMExports();
}

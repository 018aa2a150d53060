/**
 * Ports as Electron's main and utility processes see them, described by their shape, so that rooms
 * that must not import electron (or must also run in plain Node) can use them.
 */
import type { Port } from './rpc';

/** The part of Electron's MessagePortMain that is used. */
export interface ProcessPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { data: unknown }) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
  start(): void;
  close(): void;
}

/** The part of a utility process's `process.parentPort` that is used. */
export interface ParentPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { data: unknown; ports: ProcessPort[] }) => void): unknown;
}

/** @throws Error when this process is not a utility process */
export function parentPort(): ParentPort {
  const port = (process as unknown as { parentPort?: ParentPort }).parentPort;
  if (!port) throw new Error('not a utility process');
  return port;
}

/** Adapts a port and starts it; transferring buffers between processes is a copy, so it is ignored. */
export function fromProcessPort(port: ProcessPort): Port {
  let closed = false;
  return {
    post: (message) => {
      if (!closed) port.postMessage(message);
    },
    onMessage: (listener) => {
      port.on('message', (event) => listener(event.data));
      port.start();
    },
    onClose: (listener) => {
      port.on('close', () => {
        closed = true;
        listener();
      });
    },
    close: () => port.close(),
  };
}

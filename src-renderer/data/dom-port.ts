/** A DOM (or Node) MessagePort as the `Port` that requests travel over. */
import type { Port } from '@domain/contract/rpc';

/** What DOM and Node ports have in common; `close` events exist in Chromium >= 122 and Node. */
export interface EventPort {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  addEventListener(type: string, listener: (event: Event) => void): void;
  start(): void;
  close(): void;
}

export function domPort(port: EventPort): Port {
  return {
    post: (message, transfer) => port.postMessage(message, transfer ?? []),
    onMessage: (listener) => {
      port.addEventListener('message', (event) => listener((event as MessageEvent).data));
      // Messages wait in the port until it is started, so none is lost before this line.
      port.start();
    },
    onClose: (listener) => port.addEventListener('close', () => listener()),
    close: () => port.close(),
  };
}

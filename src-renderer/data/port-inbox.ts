/** Where the ports that main brokers arrive: as window messages posted by our own preload. */
import type { PortName } from '@domain/contract/ipc';
import type { Port } from '@domain/contract/rpc';
import { domPort } from './dom-port';

export interface PortInbox {
  /** @returns the way to stop listening */
  onPort(name: PortName, listener: (port: Port) => void): () => void;
}

export function windowInbox(target: Window): PortInbox {
  return {
    onPort(name, listener) {
      const receive = (event: MessageEvent<unknown>): void => {
        // Only this very page (that is, its preload) may hand over a port, never a frame or opener.
        if (event.source !== target) return;
        const data = event.data as { type?: unknown; name?: unknown } | null;
        if (data?.type !== 'chimed.port' || data.name !== name) return;
        const port = event.ports[0];
        if (port) listener(domPort(port));
      };
      target.addEventListener('message', receive);
      return () => target.removeEventListener('message', receive);
    },
  };
}

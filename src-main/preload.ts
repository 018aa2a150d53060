/** The bridge: one typed object on the page's window, and the ports that main brokers. */
import { contextBridge, ipcRenderer, webUtils } from 'electron';
import type {
  Bridge,
  InvokeReply,
  PortMessage,
  PortName,
  PushChannel,
} from './domain/contract/ipc';

const pushed: readonly PushChannel[] = [
  'host.state',
  'host.vitals',
  'worker.state',
  'library.changed',
  'library.import',
  'conversion.state',
  'vault.state',
  'vault.locking',
  'backup.state',
  'rotation.state',
  'batch.locked',
  'problem',
  'menu.command',
];

const bridge: Bridge = {
  invoke: (channel, ...params) =>
    ipcRenderer.invoke('chimed.invoke', channel, params[0]) as Promise<InvokeReply>,
  subscribe: (channel, listener) => {
    if (!pushed.includes(channel)) return () => undefined;
    // The Electron event is not passed on: it would hand the page the sender.
    const receive = (_event: unknown, payload: unknown): void => listener(payload as never);
    ipcRenderer.on(channel, receive);
    return () => ipcRenderer.off(channel, receive);
  },
  pathOf: (file) => webUtils.getPathForFile(file),
};
contextBridge.exposeInMainWorld('chimed', bridge);

// A port cannot cross the context bridge; a window message of our own origin can carry it.
ipcRenderer.on('chimed.port', (event, name: PortName) => {
  const message: PortMessage = { type: 'chimed.port', name };
  window.postMessage(message, window.location.origin, event.ports);
});

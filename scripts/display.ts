import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { PlainError } from './terminal';

/** Whether windows can be shown to a person here. */
export function hasDisplay(env: NodeJS.ProcessEnv = process.env): boolean {
  return process.platform !== 'linux' || Boolean(env['DISPLAY'] || env['WAYLAND_DISPLAY']);
}

/** An X server without a screen. */
export interface VirtualDisplay {
  /** What DISPLAY must be for its programs. */
  readonly name: string;
  /** Ends it; resolves when it is gone. */
  stop(): Promise<void>;
}

/**
 * Starts Xvfb on a free display number of its own choosing.
 * @throws PlainError if it cannot be started.
 */
export async function startVirtualDisplay(): Promise<VirtualDisplay> {
  const server: ChildProcess = spawn(
    'Xvfb',
    // The server picks the number and tells it on descriptor 3 once it accepts connections.
    ['-displayfd', '3', '-screen', '0', '1920x1080x24', '-nolisten', 'tcp', '-noreset'],
    { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] },
  );
  let complaint = '';
  server.stderr?.on('data', (chunk: Buffer) => (complaint = (complaint + chunk).slice(-2_000)));
  const number = await new Promise<string>((resolve, reject) => {
    const failed = (why: string) => reject(new PlainError(`Xvfb did not start: ${why}`));
    server.once('error', (error) => failed(error.message));
    server.once('exit', () => failed(complaint.trim() || 'it ended at once'));
    let text = '';
    (server.stdio[3] as Readable).on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('\n')) resolve(text.trim());
    });
  });
  // Not left behind when this process ends without calling stop.
  const end = () => server.kill('SIGKILL');
  process.once('exit', end);
  return {
    name: `:${number}`,
    stop: async () => {
      process.removeListener('exit', end);
      if (server.exitCode !== null || server.signalCode !== null) return;
      server.kill('SIGTERM');
      await once(server, 'exit');
    },
  };
}

/**
 * The environment for an Electron process, from the given one.
 * @param display DISPLAY to use, if another than the environment's.
 */
export function electronEnvironment(
  display?: string,
  env: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) if (value !== undefined) result[name] = value;
  // Would turn Electron into plain Node; editors set it for their own children.
  delete result['ELECTRON_RUN_AS_NODE'];
  if (display !== undefined) {
    result['DISPLAY'] = display;
    delete result['WAYLAND_DISPLAY'];
  }
  // Without a bus Electron prints one error a service it looks for; an invalid address keeps it
  // from looking.
  const hasBus =
    Boolean(result['DBUS_SESSION_BUS_ADDRESS']) ||
    existsSync(`/run/user/${process.getuid?.() ?? ''}/bus`);
  if (process.platform === 'linux' && !hasBus) result['DBUS_SESSION_BUS_ADDRESS'] = 'disabled:';
  return result;
}

/** Chromium's sandbox refuses to start as root. */
export function sandboxArguments(): string[] {
  return process.platform === 'linux' && process.getuid?.() === 0 ? ['--no-sandbox'] : [];
}

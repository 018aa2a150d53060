/**
 * The native library, opened once in a process for each backend and kept until the process ends.
 *
 * Kept, because a second instance of the same binary is deaf: when node-llama-cpp replaces the logger,
 * the end of the old one switches the new one off (addonLog.cpp), and the reasons of failed loads go
 * to the console, with paths in them, instead of to us. The memory of a model is given back when the
 * model is disposed, not the library.
 */
import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Llama } from 'node-llama-cpp';
import type { Backend, GpuKind } from '../domain/contract/model-settings';

export interface LlamaBinding {
  readonly llama: Llama;
  /** Starts collecting what the library complains of. */
  listen(): Complaints;
}

export interface Complaints {
  /** What was said so far, one line each, after giving lines that are on their way time to arrive. */
  lines(): Promise<readonly string[]>;
  stop(): void;
}

/** A load that fails says a handful of lines; a broken driver may say them for every token. */
const mostLines = 200;

/** The library's lines arrive on later turns of the event loop; the error does not wait for them. */
const arrivalMs = 20;
const longestArrivalMs = 400;

async function arrived(lines: readonly string[]): Promise<readonly string[]> {
  for (let waited = 0; waited < longestArrivalMs; waited += arrivalMs) {
    const before = lines.length;
    await delay(arrivalMs);
    if (before > 0 && lines.length === before) break;
  }
  return lines;
}

type Binary = GpuKind | false;

const opened = new Map<Binary, Promise<LlamaBinding>>();

/**
 * @throws the library's own error where there is no binary for this backend, or it cannot be loaded;
 *   see `loadFailure`
 */
export function openLlama(backend: Backend): Promise<LlamaBinding> {
  const binary = binaryOf(backend);
  const known = opened.get(binary);
  if (known) return known;
  const opening = open(binary);
  opened.set(binary, opening);
  // A driver that is installed later is found at the next try.
  opening.catch(() => opened.delete(binary));
  return opening;
}

/** For Apple's chips there is one binary, which also computes on the CPU alone. */
function binaryOf(backend: Backend): Binary {
  if (backend !== 'cpu') return backend;
  return process.platform === 'darwin' && process.arch === 'arm64' ? 'metal' : false;
}

async function open(binary: Binary): Promise<LlamaBinding> {
  const { getLlama, LlamaLogLevel } = await import('node-llama-cpp');
  const listeners = new Set<(line: string) => void>();
  const llama = await getLlama({
    gpu: binary,
    build: 'never',
    skipDownload: true,
    progressLogs: false,
    // The library's own default is at least 4, which on 2 cores is 500 times slower.
    maxThreads: availableParallelism(),
    logLevel: LlamaLogLevel.warn,
    logger: (_level, message) => {
      for (const line of message.trim().split('\n')) {
        for (const listener of listeners) listener(line);
      }
    },
  });
  return {
    llama,
    listen: () => {
      const lines: string[] = [];
      const listener = (line: string): void => {
        if (lines.length < mostLines) lines.push(line);
      };
      listeners.add(listener);
      return {
        lines: () => arrived(lines),
        stop: () => void listeners.delete(listener),
      };
    },
  };
}

/** Whether the backend found something to compute on: Vulkan loads on machines without any card. */
export async function hasDevice({ llama }: LlamaBinding): Promise<boolean> {
  return llama.supportsGpuOffloading && (await llama.getGpuDeviceNames()).length > 0;
}

/**
 * What has to be arranged before node-llama-cpp loads its native library inside Electron.
 */
import childProcess from 'node:child_process';
import { EventEmitter } from 'node:events';
import { readdirSync } from 'node:fs';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { constants } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type Koffi from 'koffi';

/**
 * Loads llama-addon.node with RTLD_DEEPBIND on Linux.
 *
 * Electron replaces malloc (PartitionAlloc) for every library it loads, and one native allocation
 * above about 1 GiB then kills the process (exit code 4); a 13B needs such allocations. Deep binding
 * lets the library and what it links use glibc's allocator. The constant does not exist elsewhere.
 *
 * ggml opens its backends by itself, and not deeply: `libggml-cpu-*.so` would then free with Electron's
 * allocator what the deeply bound C++ library had allocated (the processor's name, while it scores the
 * variants), which kills the process wherever the address does not happen to be readable. A library
 * that is open already is bound as it was first, so they are all opened deeply before.
 */
function deepBindAddon(): void {
  const deepBind = (constants.dlopen as Record<string, number | undefined>)['RTLD_DEEPBIND'];
  const now = constants.dlopen.RTLD_NOW;
  if (process.platform !== 'linux' || deepBind === undefined) return;
  const original = process.dlopen.bind(process);
  process.dlopen = (module: object, filename: string, flags?: number) => {
    const isAddon = basename(filename) === 'llama-addon.node';
    if (isAddon) openDeeply(dirname(filename));
    const wanted = isAddon ? now | deepBind : flags;
    return wanted === undefined ? original(module, filename) : original(module, filename, wanted);
  };
}

/** Kept for as long as the process lives: what is closed would be opened anew, and not deeply. */
const deeplyBound: unknown[] = [];

/** Variants for other processors, or without their driver, do not open; ggml passes them over too. */
function openDeeply(folder: string): void {
  const koffi = createRequire(import.meta.url)('koffi') as typeof Koffi;
  for (const name of readdirSync(folder).filter((file) => /^libggml.*\.so/.test(file))) {
    try {
      deeplyBound.push(koffi.load(join(folder, name), { deep: true, lazy: false }));
    } catch {
      continue;
    }
  }
}

/**
 * Answers node-llama-cpp's self-test of its binary without a child process.
 *
 * The test forks Electron as Node, which the RunAsNode fuse forbids in a release (it then reports
 * that there is no binary at all). The host is itself the process that may die, and its supervisor
 * falls back to the CPU when it dies while starting, so nothing is lost by not testing first.
 */
function answerBinaryTest(): void {
  const original = childProcess.fork;
  const intercepted = (modulePath: string | URL, ...rest: unknown[]): unknown => {
    if (basename(String(modulePath)) !== 'testBindingBinary.js') {
      return Reflect.apply(original, childProcess, [modulePath, ...rest]);
    }
    const child = Object.assign(new EventEmitter(), {
      exitCode: null as number | null,
      killed: false,
      stdout: null,
      stderr: null,
      kill: () => true,
      send: (message: { type: string }) => {
        if (message.type === 'start') setImmediate(() => child.emit('message', { type: 'done' }));
        if (message.type === 'exit') {
          child.exitCode = 0;
          setImmediate(() => child.emit('exit', 0));
        }
        return true;
      },
    });
    setImmediate(() => child.emit('message', { type: 'ready' }));
    return child;
  };
  Object.assign(childProcess, { fork: intercepted });
  syncBuiltinESMExports();
}

/** Call once, before node-llama-cpp is imported. Does nothing in plain Node. */
export function prepareNativeLoading(): void {
  if (!process.versions['electron']) return;
  deepBindAddon();
  answerBinaryTest();
}

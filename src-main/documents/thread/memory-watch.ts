/**
 * A thread's heap has a limit of its own; what lies outside of the heap, as unpacked bytes do, has none,
 * and only the process as a whole can be asked for it.
 */
import { readFile } from 'node:fs/promises';

const everyMs = 250;

/**
 * @param growth bytes
 * @param onGrown called once, when the process has grown by more since now
 * @returns the way to stop watching
 */
export function memoryWatch(growth: number, onGrown: () => void): () => void {
  let start: number | null = null;
  let isOver = false;
  const timer = setInterval(() => {
    void usedBytes().then((used) => {
      start ??= used;
      if (isOver || used - start <= growth) return;
      stop();
      onGrown();
    });
  }, everyMs);
  const stop = (): void => {
    isOver = true;
    clearInterval(timer);
  };
  void usedBytes().then((used) => (start ??= used));
  return stop;
}

/** On Linux without files that are mapped into memory, as a model is while it loads. */
async function usedBytes(): Promise<number> {
  if (process.platform === 'linux') {
    const status = await readFile('/proc/self/status', 'latin1').catch(() => '');
    const kibibytes = /^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1];
    if (kibibytes !== undefined) return Number(kibibytes) * 1024;
  }
  return process.memoryUsage.rss();
}

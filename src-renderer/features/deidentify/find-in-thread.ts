/** Identifiers of a text, looked for in a thread of their own that ends with the answer. */
import { AppError } from '@domain/contract/errors';
import type { Identifier } from '@domain/rules/deidentify/identifier';

/**
 * @returns as `findIdentifiers`; never, once the signal is aborted
 * @throws AppError `INTERNAL` if the thread fails
 */
export function findInThread(text: string, signal: AbortSignal): Promise<Identifier[]> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL('./find-worker.ts', import.meta.url), { type: 'module' });
    const end = (): void => thread.terminate();
    signal.addEventListener('abort', end, { once: true });
    thread.onmessage = ({ data }: MessageEvent<Identifier[]>) => {
      end();
      resolve(data);
    };
    thread.onerror = (event) => {
      // It would also be reported to the window, with words that may quote the text.
      event.preventDefault();
      end();
      reject(new AppError('INTERNAL'));
    };
    thread.postMessage(text);
  });
}

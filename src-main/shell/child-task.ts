/** A short-lived utility process that is given one task, may die of it, and is ended with it. */
import { utilityProcess } from 'electron';
import { AppError } from '../domain/contract/errors';
import { Cancelled } from '../domain/contract/rpc';

export interface ChildTask<T> {
  /** Path of the process's built entry. */
  readonly entry: string;
  /** Name under which the system lists it. */
  readonly serviceName: string;
  readonly task: unknown;
  /** Code of its failure when it exits before it ended the task. */
  readonly whenItDies: AppError['code'];
  readonly signal?: AbortSignal | undefined;
  /** The result that a message of the child's is, or undefined when it goes on. */
  read(message: unknown): T | undefined;
  /** Called with the way to tell the running child something else. */
  onStart?(tell: (message: unknown) => void): void;
}

/**
 * Ends the process when the task is done, and kills it at once when the signal says so.
 * @throws AppError with `whenItDies` (code: its exit code)
 * @throws Cancelled
 */
export function runChildTask<T>(task: ChildTask<T>): Promise<T> {
  const { entry, serviceName, signal, whenItDies } = task;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(new Cancelled());
      return;
    }
    const child = utilityProcess.fork(entry, [], { serviceName, stdio: 'inherit' });
    const stop = (): void => {
      reject(new Cancelled());
      child.kill();
    };
    signal?.addEventListener('abort', stop, { once: true });
    child.once('spawn', () => {
      child.postMessage(task.task);
      task.onStart?.((message) => child.postMessage(message));
    });
    child.on('message', (message: unknown) => {
      const result = task.read(message);
      if (result === undefined) return;
      resolve(result);
      child.kill();
    });
    child.once('exit', (code) => {
      signal?.removeEventListener('abort', stop);
      reject(new AppError(whenItDies, { params: { code } }));
    });
  });
}

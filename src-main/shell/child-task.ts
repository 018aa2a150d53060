/** A short-lived utility process that is asked one thing and may die of it. */
import { utilityProcess } from 'electron';
import { AppError } from '../domain/contract/errors';

/**
 * Starts `entry`, sends `question`, resolves with its first message and ends it.
 * @throws AppError with `whenItDies` when it exits before it answered
 */
export function askChild(
  entry: string,
  question: unknown,
  whenItDies: AppError['code'],
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const child = utilityProcess.fork(entry, [], { serviceName: 'chimed-probe', stdio: 'inherit' });
    child.once('spawn', () => child.postMessage(question));
    child.once('message', (answer: unknown) => {
      resolve(answer);
      child.kill();
    });
    child.once('exit', (code) => reject(new AppError(whenItDies, { params: { code } })));
  });
}

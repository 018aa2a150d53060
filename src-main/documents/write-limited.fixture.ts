/** Writes a megabyte at the place of its first argument, for a test that limits how much it may. */
import { problemOf } from '../domain/contract/errors';
import { writeChosenFile } from './write-chosen-file';

const [path = '', ownFolder = ''] = process.argv.slice(2);
// Above the limit the kernel sends a signal that ends a process which does not listen.
process.on('SIGXFSZ', () => undefined);
writeChosenFile({ path, format: 'txt' }, 'x'.repeat(1_000_000), { ownFolder }).then(
  (bytes) => process.stdout.write(`${bytes}`),
  (error: unknown) => process.stdout.write(problemOf(error).code),
);

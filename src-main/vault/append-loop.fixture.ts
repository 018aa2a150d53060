/**
 * A process that appends until it is killed, for the tests of the journal: prints the id of a
 * transaction once its append has resolved, and `!CODE` once one failed; then it closes and ends.
 * Arguments: data folder, prefix of the ids.
 */
import { writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { AppError } from '../domain/contract/errors';
import { Journal, type NewRow } from './journal';
import { testKeys } from './keys.fixture';

/** What the transaction `id` holds: two rows, whose bytes follow from the id. */
export function rowsOf(id: string): NewRow[] {
  const seed = [...id].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) >>> 0, 7);
  const text = new Uint8Array(seed % 200_000).fill(seed % 251);
  return [
    { table: 'text', id: `t-${id}`, version: 1, sealed: text },
    { table: 'record', id: `r-${id}`, version: 1, sealed: new TextEncoder().encode(id) },
  ];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [dataDir = '', prefix = ''] = process.argv.slice(2);
  const journal = await Journal.open(dataDir, await testKeys());
  let next = 0;
  const appendForEver = async (): Promise<void> => {
    for (;;) {
      const id = `${prefix}-${next++}`;
      await journal.append(rowsOf(id));
      // Synchronous, so that what is acknowledged has left this process before it can be killed.
      writeSync(1, `${id}\n`);
    }
  };
  const outcomes = await Promise.allSettled([appendForEver(), appendForEver(), appendForEver()]);
  const [first] = outcomes;
  const failure: unknown = first?.status === 'rejected' ? first.reason : null;
  await journal.close();
  writeSync(1, `!${failure instanceof AppError ? failure.code : String(failure)}\n`);
}

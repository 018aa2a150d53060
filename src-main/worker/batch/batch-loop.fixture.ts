/**
 * A process that works on batches until it is killed: it opens the vault, begins a batch of a folder, or
 * without one of all records, or two of these, unless they are there, and goes on with them. It prints a dot for
 * every step. Its model takes a random time for each record, and is gone now and then; where there are two
 * batches, it also fails for some, which are tried anew all the time. Arguments: data folder, folder of
 * files or nothing, seed, number of batches.
 */
import { writeSync } from 'node:fs';
import { AppError } from '../../domain/contract/errors';
import { openDesk, orderOf, resultOf, TestExtractor } from './batch.fixture';

const [dir = '', files = '', seedText = '1', batches = '1'] = process.argv.slice(2);
let seed = Number(seedText);
/** Below `limit`. */
const random = (limit: number): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 2 ** 32) * limit);
};
const extractor = new TestExtractor();
extractor.sequences = 3;
extractor.answer = async (request) => {
  await new Promise((resolve) => setTimeout(resolve, random(12)));
  if (random(40) === 0) throw new AppError('HOST_UNAVAILABLE');
  if (batches === '2' && random(6) === 0) throw new AppError('DECODE_FAILED');
  return resultOf(request);
};
// Synchronous, so that whoever kills this process knows how far it is.
const { desk, vault } = await openDesk(dir, extractor, {
  onChange: () => void writeSync(1, '.'),
});
for (let begun = desk.summaries.length; begun < Number(batches); begun += 1) {
  const source =
    files === ''
      ? { kind: 'records' as const, recordIds: [...vault.journal.idsOf('record')] }
      : { kind: 'files' as const, paths: [files], tables: [] };
  // Copies of the records' texts are made beside.
  await desk.start({ ...orderOf(files === ''), source });
}
while (batches === '2') {
  await new Promise((resolve) => setTimeout(resolve, random(20)));
  for (const { id, canRetry } of desk.summaries) if (canRetry) await desk.retry(id);
}

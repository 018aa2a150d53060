/**
 * A process that compares what is stored with its audit log, and then confirms reviews and deletes records
 * for good until it is killed. It prints a dot before the comparison and for each review. Every other act it
 * forgets to tell of, as one that dies right then. Arguments: folder, seed.
 */
import { writeSync } from 'node:fs';
import { confirmedEntry } from '../vault/audit/missing-acts';
import { doctor, openConfirming } from './stored-acts.fixture';

const [dir = '', seedText = '1'] = process.argv.slice(2);
let seed = Number(seedText);
/** Below `limit`. */
const random = (limit: number): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 2 ** 32) * limit);
};
const { log, store, confirm, compare } = await openConfirming(dir);
writeSync(1, '.');
await compare();
for (;;) {
  const act = await confirm();
  // Synchronous, so that whoever kills this process knows how far it is.
  writeSync(1, '.');
  if (random(2) === 0) void log.append(confirmedEntry(act));
  if (random(4) > 0) continue;
  const { recordId } = await confirm();
  await store.shred(recordId);
  if (random(2) > 0) continue;
  void log.append({ actor: doctor, event: { kind: 'record-shredded' }, subject: recordId });
}

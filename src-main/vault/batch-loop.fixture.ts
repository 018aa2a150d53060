/**
 * A process that appends to a batch's box with the batch key alone until it is killed: prints the value
 * of an entry once its append has resolved, and `!CODE` once one failed.
 * Arguments: path of the box, batch key as hexadecimal digits, prefix of the values.
 */
import { writeSync } from 'node:fs';
import { problemOf } from '../domain/contract/errors';
import { openBatchBox } from './batch-box';

const [path = '', key = '', prefix = ''] = process.argv.slice(2);
const box = await openBatchBox(path, { batchKey: Buffer.from(key, 'hex') });
let next = 0;
const appendForEver = async (): Promise<void> => {
  for (;;) {
    const value = `${prefix}-${next++}`;
    await box.append('result', { value, text: '头痛'.repeat((next * 7919) % 30_000) });
    // Synchronous, so that what is acknowledged has left this process before it can be killed.
    writeSync(1, `${value}\n`);
  }
};
await Promise.all([appendForEver(), appendForEver(), appendForEver()]).catch((error: unknown) => {
  writeSync(1, `!${problemOf(error).code}\n`);
});

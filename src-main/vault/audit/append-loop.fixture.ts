/**
 * A process that appends to an audit log until it is killed: prints the mark of each entry once it is
 * stored, and `!CODE` when one failed; then it ends. Arguments: the log's folder, the first mark.
 */
import { writeSync } from 'node:fs';
import { AppError } from '../../domain/contract/errors';
import { AuditLog } from './audit-log';

const [folder = '', first = '0'] = process.argv.slice(2);
// Short, so that many deaths fall between two segments.
const log = await AuditLog.open(folder, { segmentBytes: 20_000 });
let next = Number(first);
const appendForEver = async (): Promise<never> => {
  for (;;) {
    const mark = next++;
    await log.append({ event: { kind: 'copied', chars: mark } });
    // Synchronous, so that what is acknowledged has left this process before it can be killed.
    writeSync(1, `${mark}\n`);
  }
};
const outcomes = await Promise.allSettled([appendForEver(), appendForEver(), appendForEver()]);
const failure: unknown = outcomes[0]?.status === 'rejected' ? outcomes[0].reason : null;
await log.close();
writeSync(1, `!${failure instanceof AppError ? failure.code : String(failure)}\n`);

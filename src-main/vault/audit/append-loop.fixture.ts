/**
 * A process that appends to an audit log until it is killed: prints the number of each entry once it
 * is stored. Argument: the log's folder.
 */
import { writeSync } from 'node:fs';
import { AuditLog } from './audit-log';

const log = await AuditLog.open(process.argv[2] ?? '', { segmentBytes: 2_000 });
const appendForEver = async (): Promise<never> => {
  for (;;) {
    const { n } = await log.append({ event: { kind: 'app-ended' } });
    // Synchronous, so that what is acknowledged has left this process before it can be killed.
    writeSync(1, `${n}\n`);
  }
};
await Promise.all([appendForEver(), appendForEver(), appendForEver()]);

/**
 * A process that works on a batch of a folder until it is done or has to stop, and says how it stands. Its
 * caller limits how large a file may become. Arguments: data folder, folder of files.
 */
import { problemOf } from '../../domain/contract/errors';
import { openDesk, orderOf, TestExtractor } from './batch.fixture';

const [dir = '', files = ''] = process.argv.slice(2);
// Above the limit the kernel sends a signal that ends a process which does not listen.
process.on('SIGXFSZ', () => undefined);
const extractor = new TestExtractor();
let said: object;
try {
  const { desk, problems } = await openDesk(dir, extractor);
  const source = { kind: 'files' as const, paths: [files], tables: [] };
  for (const { id } of desk.summaries) await desk.resume(id).catch(() => undefined);
  if (desk.summaries.length === 0) await desk.start({ ...orderOf(), source });
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const [batch] = desk.summaries;
    const isIdle = batch?.phase === 'paused' && extractor.inHand === 0;
    if (!batch || (!isIdle && batch.phase !== 'finished')) continue;
    said = { phase: batch.phase, problem: batch.problem?.code, problems: problems.length };
    break;
  }
} catch (error) {
  said = { phase: 'not open', problem: problemOf(error).code };
}
// Ended in the middle, as a person ends a program that says that the disk is full.
process.stdout.write(JSON.stringify(said), () => process.exit(0));

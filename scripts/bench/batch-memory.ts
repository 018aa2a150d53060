/**
 * `tsx scripts/bench/batch-memory.ts [--few 100] [--many 10000]`: resident memory of a worker after a batch of
 * many notes against one of few: the real queue, boxes and journal, each in a process of its own; a model
 * that answers at once stands in for the host. Wanted: at most 1.1.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { openDesk, orderOf, TestExtractor } from '../../src-main/worker/batch/batch.fixture';
import { PlainError, runScript, say } from '../terminal';

const note = '患者男，45岁，因头痛三天入院。高血压病史10年，口服硝苯地平控释片，查头颅CT未见异常。';

/** So many notes, one a file. */
async function writeNotes(folder: string, count: number): Promise<void> {
  await mkdir(folder);
  for (let i = 0; i < count; i += 1) {
    await writeFile(join(folder, `${i}.txt`), `第${i}例。${note.repeat(12)}`);
  }
}

/** Resident bytes once nothing is left to be collected. */
async function residentAtRest(): Promise<number> {
  for (let i = 0; i < 3; i += 1) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return process.memoryUsage.rss();
}

/** One batch of the files in `root`; prints resident bytes at its end. */
async function batchOf(root: string): Promise<void> {
  const extractor = new TestExtractor();
  extractor.sequences = 4;
  const opened = await openDesk(join(root, 'data'), extractor);
  const source = { kind: 'files' as const, paths: [join(root, 'files')], tables: [] };
  const id = await opened.desk.start({ ...orderOf(), source });
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    // What the stand-in remembers of the texts is not the worker's.
    extractor.asked.length = 0;
    const now = opened.desk.summary(id);
    if (now?.phase === 'finished' && now.unsaved === 0) break;
  }
  process.stdout.write(`${await residentAtRest()}\n`);
  await opened.close();
}

await runScript(async () => {
  const { values } = parseArgs({
    options: {
      few: { type: 'string', default: '100' },
      many: { type: 'string', default: '10000' },
      child: { type: 'string' },
    },
  });
  if (values.child !== undefined) {
    await batchOf(values.child);
    return 0;
  }
  const measure = async (count: string): Promise<number> => {
    const root = await mkdtemp(join(tmpdir(), 'chimed-batch-memory-'));
    try {
      // Not by the process that is measured, which ten thousand files leave larger than a hundred.
      await writeNotes(join(root, 'files'), Number(count));
      const script = fileURLToPath(import.meta.url);
      const { stdout } = await promisify(execFile)(process.execPath, [
        ...['--expose-gc', '--import', 'tsx', script, '--child', root],
      ]);
      const bytes = Number(stdout.trim());
      if (!(bytes > 0)) throw new PlainError('It said nothing.');
      return bytes;
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  };
  const megabytes = (bytes: number): string => `${Math.round(bytes / 1024 ** 2)} MB`;
  const few = await measure(values.few);
  const many = await measure(values.many);
  say(`${megabytes(many)} after ${values.many} notes, ${megabytes(few)} after ${values.few}`);
  say(`${many <= few * 1.1 ? 'met   ' : 'MISSED'} ${(many / few).toFixed(2)}, wanted <= 1.1`);
  return 0;
});

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

/** One batch of so many files; prints resident bytes at its end. */
async function batchOf(count: number): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'chimed-batch-memory-'));
  try {
    const [dir, files] = [join(root, 'data'), join(root, 'files')];
    await mkdir(dir);
    await mkdir(files);
    for (let i = 0; i < count; i += 1) {
      await writeFile(join(files, `${i}.txt`), `第${i}例。${note.repeat(12)}`);
    }
    const extractor = new TestExtractor();
    extractor.sequences = 4;
    const opened = await openDesk(dir, extractor);
    const source = { kind: 'files' as const, paths: [files], tables: [] };
    const id = await opened.desk.start({ ...orderOf(), source });
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      // What the stand-in remembers of the texts is not the worker's.
      extractor.asked.length = 0;
      const now = opened.desk.summary(id);
      if (now?.phase === 'finished' && now.unsaved === 0) break;
    }
    globalThis.gc?.();
    process.stdout.write(`${process.memoryUsage.rss()}\n`);
    await opened.close();
  } finally {
    await rm(root, { recursive: true, force: true });
  }
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
    await batchOf(Number(values.child));
    return 0;
  }
  const measure = async (count: string): Promise<number> => {
    const script = fileURLToPath(import.meta.url);
    const { stdout } = await promisify(execFile)(process.execPath, [
      ...['--expose-gc', '--import', 'tsx', script, '--child', count],
    ]);
    const bytes = Number(stdout.trim());
    if (!(bytes > 0)) throw new PlainError('It said nothing.');
    return bytes;
  };
  const megabytes = (bytes: number): string => `${Math.round(bytes / 1024 ** 2)} MB`;
  const few = await measure(values.few);
  const many = await measure(values.many);
  say(`${megabytes(many)} after ${values.many} notes, ${megabytes(few)} after ${values.few}`);
  say(`${many <= few * 1.1 ? 'met   ' : 'MISSED'} ${(many / few).toFixed(2)}, wanted <= 1.1`);
  return 0;
});

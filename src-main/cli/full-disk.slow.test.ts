/** The command on a disk that fills up in the middle of an extraction. */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

vi.setConfig({ testTimeout: 180_000 });

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-cli-full-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const count = 12;

/** @param blocks of 512 bytes, that no file may be larger than */
function extract(
  blocks: number | 'unlimited',
  ...args: string[]
): Promise<{ code: number | null; err: string }> {
  const script = join(import.meta.dirname, 'main.ts');
  // The kernel writes up to the limit and refuses the rest, as a full disk does; the signal that goes with
  // it would end a process that does not listen.
  const listen = 'data:text/javascript,process.on("SIGXFSZ",()=>undefined)';
  const command = `ulimit -f ${blocks}; exec "$0" --import tsx --import '${listen}' "$@"`;
  const words = [script, 'extract', '--threads', '1', '--out', join(folder, 'out'), ...args];
  const child = spawn('sh', ['-c', command, process.execPath, ...words, join(folder, 'in')], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, LANG: 'C.UTF-8', LC_ALL: '' },
  });
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, err }));
  });
}

const sources = async (name: string): Promise<string[]> =>
  (await readFile(join(folder, name), 'utf8'))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { record: { source: string } }).record.source);

test.runIf(process.platform === 'linux')(
  'it says so, keeps whole results, and --resume goes on from them: each record once',
  async () => {
    await mkdir(join(folder, 'in'));
    const all: string[] = [];
    for (let i = 0; i < count; i += 1) {
      all.push(join(folder, 'in', `${10 + i}.txt`));
      await writeFile(all.at(-1) ?? '', `病例${i}。患者因胃癌行胃癌根治术，术后口服阿司匹林。`);
    }
    // Some two kilobytes a line.
    await extract(16, '--format', 'json');
    const whole = JSON.parse(await readFile(join(folder, 'out'), 'utf8')) as unknown[];
    expect(whole.length).toBeGreaterThan(0);
    const plain = await extract(16, '--force');
    expect(plain).toMatchObject({ code: 1, err: expect.stringContaining('DISK_FULL') as string });
    expect(await sources('out')).toEqual(all.slice(0, whole.length));

    const resumed = await extract(32, '--resume');
    expect(resumed).toMatchObject({ code: 1, err: expect.stringContaining('DISK_FULL') as string });
    expect(await extract('unlimited', '--resume')).toMatchObject({ code: 0 });
    expect(await sources('out')).toEqual(all);
    expect((await readdir(folder)).sort()).toEqual(['in', 'out']);
  },
);

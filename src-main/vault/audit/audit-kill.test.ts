/** Real processes: killed while they append, and stopped by a full disk. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AuditLog } from './audit-log';
import { checkLog, killedRound } from './kill-rounds.fixture';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-audit-kill-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('killed a dozen times: nothing acknowledged is missing, nothing is there twice', async () => {
  const promised = new Set<number>();
  for (let round = 0; round < 12; round += 1) {
    for (const mark of await killedRound(folder, round, Math.random() * 150)) promised.add(mark);
    expect(await checkLog(folder, promised)).toBeGreaterThanOrEqual(promised.size);
  }
});

test('a second process is refused while the first lives', async () => {
  const log = await AuditLog.open(folder);
  await expect(AuditLog.open(folder)).rejects.toMatchObject({ code: 'STORE_LOCKED' });
  await log.close();
  await (await AuditLog.open(folder)).close();
});

test.runIf(process.platform === 'linux')(
  'when the system itself cuts a write short, what was acknowledged is there and nothing half is left',
  async () => {
    // The kernel writes up to the limit (blocks of 512 bytes) and refuses the rest, as a full disk does.
    const script = fileURLToPath(new URL('./append-loop.fixture.ts', import.meta.url));
    for (const blocks of [9, 17, 30]) {
      const limited = `ulimit -f ${blocks}; exec "$0" --import tsx "$@"`;
      const args = ['-c', limited, process.execPath, script, folder, String(blocks * 100_000)];
      const { stdout } = await promisify(execFile)('sh', args, {
        // The loader's own cache would meet the limit first.
        env: { ...process.env, TSX_DISABLE_CACHE: '1' },
      });
      const lines = stdout.split('\n').slice(0, -1);
      expect(lines.at(-1)).toBe('!DISK_FULL');
      expect(await checkLog(folder, new Set(lines.slice(0, -1).map(Number)))).toBeGreaterThan(1);
      await rm(folder, { recursive: true });
    }
  },
);

import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BackupState } from '../domain/contract/backup';
import { BackupDesk } from './backup-desk';

const day = 86_400_000;
let root: string;
let own: string;
let disk: string;
let now: number;
let states: BackupState[];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'chimed-desk-'));
  own = join(root, 'profile');
  disk = join(root, 'disk');
  await mkdir(own);
  await mkdir(disk);
  now = Date.UTC(2026, 0, 5);
  states = [];
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function desk(): Promise<BackupDesk> {
  const made = new BackupDesk({
    path: join(own, 'backups.json'),
    ownFolder: own,
    now: () => now,
    onState: (state) => states.push(state),
    make: async (destination) => {
      const folder = join(destination, `chimed-backup-${now}`);
      await mkdir(folder);
      return { folder, createdAt: now, bytes: 5, records: 1 };
    },
  });
  await made.load();
  return made;
}

test('a place inside the program’s own folder is refused, one beside it is taken', async () => {
  const backups = await desk();
  for (const inside of [own, join(own, 'data'), join(own, 'x', '..')]) {
    await expect(backups.choose(inside)).rejects.toMatchObject({ code: 'BACKUP_PLACE_INSIDE' });
  }
  await backups.choose(`${own}-backups`);
  expect(backups.state.destination).toBe(`${own}-backups`);
});

test('due by the schedule, also when the clock was moved back; never without a place', async () => {
  const backups = await desk();
  await backups.setSchedule('daily');
  expect(backups.isDue()).toBe(false);
  await backups.choose(disk);
  expect(backups.isDue()).toBe(true);
  await backups.run();
  expect(backups.isDue()).toBe(false);
  now += day;
  expect(backups.isDue()).toBe(true);
  await backups.setSchedule('weekly');
  expect(backups.isDue()).toBe(false);
  now -= 3 * day;
  expect(backups.isDue()).toBe(true);
  await backups.setSchedule('off');
  expect(backups.isDue()).toBe(false);
});

test('what was chosen and made is known after a restart; a damaged file begins anew', async () => {
  const first = await desk();
  await first.choose(disk);
  await first.setSchedule('weekly');
  await first.run();
  const again = await desk();
  expect(again.state).toMatchObject({ destination: disk, schedule: 'weekly', running: false });
  expect(again.state.last).toMatchObject({ createdAt: now, records: 1 });
  await writeFile(join(own, 'backups.json'), '{"destination":');
  expect((await desk()).state).toMatchObject({ destination: null, last: null });
});

test('a disk that is not there is said so, is kept as the problem, and nothing is written', async () => {
  const backups = await desk();
  await backups.choose(join(root, 'unplugged'));
  await expect(backups.run()).rejects.toMatchObject({ code: 'BACKUP_PLACE_MISSING' });
  expect(states.at(-1)).toMatchObject({
    running: false,
    problem: { code: 'BACKUP_PLACE_MISSING' },
  });
  expect((await readdir(root)).sort()).toEqual(['disk', 'profile']);
});

test('backups that were thrown away are known no more; those on an absent disk still are', async () => {
  const backups = await desk();
  await backups.choose(disk);
  const old = await backups.run();
  now += day;
  const newer = await backups.run();
  await rm(old.folder, { recursive: true });
  expect((await backups.known()).map(({ folder }) => folder)).toEqual([newer.folder]);
  await rm(disk, { recursive: true });
  expect(await backups.known()).toHaveLength(2);
});

test('asked twice at once, one backup is made', async () => {
  const backups = await desk();
  await backups.choose(disk);
  await Promise.all([backups.run(), backups.run()]);
  expect(await readdir(disk)).toHaveLength(1);
});

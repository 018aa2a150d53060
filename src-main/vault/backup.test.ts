import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  truncate,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openRow, sealRow } from '../domain/sealing/row';
import { backUp, backupKeyId, restoreBackup } from './backup';
import { testDataKey } from './keys.fixture';
import { Vault } from './vault';

const day = Date.UTC(2026, 0, 5, 8, 30);
const loop = fileURLToPath(new URL('./backup-loop.fixture.ts', import.meta.url));

let root = '';
let dataDir = '';
let destination = '';
let restored = '';
let vault: Vault;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'chimed-backup-test-'));
  dataDir = join(root, 'data');
  destination = join(root, 'disk');
  restored = join(root, 'restored');
  await mkdir(destination);
  vault = await Vault.open(dataDir, testDataKey());
});
afterEach(async () => {
  await vault.close();
  await rm(root, { recursive: true, force: true });
});

const plainOf = (id: string): Uint8Array => new TextEncoder().encode(`头痛 ${id}`.repeat(400));
async function save(id: string): Promise<string> {
  const { keyId } = await vault.takeKey();
  const key = await vault.recordKeys.key(keyId);
  const address = { table: 'record' as const, id, version: 1 };
  const sealed = await sealRow(key, keyId, address, plainOf(id));
  await vault.journal.append([{ ...address, sealed }]);
  return keyId;
}
async function read(from: Vault, id: string): Promise<Uint8Array | null> {
  const row = await from.journal.latest('record', id);
  const keyId = from.journal.keyIdOf('record', id);
  if (!row || !keyId) return null;
  return openRow(await from.recordKeys.key(keyId), keyId, row, row.sealed);
}
/** What a restored folder holds. */
async function inRestored<T>(look: (opened: Vault) => Promise<T>): Promise<T> {
  const opened = await Vault.open(restored, testDataKey());
  try {
    return await look(opened);
  } finally {
    await opened.close();
  }
}
const order = () => ({ destination, now: day });

describe('a backup', () => {
  test('holds everything that was saved before it, and is restored elsewhere as it was', async () => {
    const users = join(root, 'users.json');
    await writeFile(users, '{"users":"sealed"}');
    for (const id of ['a', 'b', 'c']) await save(id);
    await vault.shred(vault.journal.keyIdOf('record', 'c') ?? '', {
      recordId: 'c',
      at: 1,
      by: null,
    });
    const made = await backUp(vault, {
      ...order(),
      extraFiles: [{ name: 'vault.json', path: users }],
    });
    expect(made.folder).toBe(join(destination, 'chimed-backup-20260105T083000'));
    expect(made.head).toEqual(vault.journal.head);
    expect(await backupKeyId(made.folder)).toBe(testDataKey().keyId);
    await save('later');
    await restoreBackup(made.folder, restored, testDataKey());
    expect(await readFile(join(restored, 'vault.json'), 'utf-8')).toBe('{"users":"sealed"}');
    await inRestored(async (opened) => {
      expect(opened.journal.head).toEqual(made.head);
      expect(opened.lostKeys).toBe(0);
      expect(await read(opened, 'a')).toEqual(plainOf('a'));
      expect(await read(opened, 'c')).toBeNull();
      expect(await read(opened, 'later')).toBeNull();
    });
  });

  test('made while records are saved and deleted is one state of the vault', async () => {
    const keys = await Promise.all(Array.from({ length: 40 }, (_, at) => save(`${at}`)));
    const saving = Array.from({ length: 40 }, (_, at) => save(`n${at}`));
    const shreds = keys
      .slice(0, 10)
      .map((keyId, at) => vault.shred(keyId, { recordId: `${at}`, at: 1, by: null }));
    const [made] = await Promise.all([backUp(vault, order()), ...saving, ...shreds]);
    await restoreBackup(made.folder, restored, testDataKey());
    await inRestored(async (opened) => {
      expect(opened.lostKeys).toBe(0);
      for (let at = 10; at < 40; at += 1)
        expect(await read(opened, `${at}`)).toEqual(plainOf(`${at}`));
      for (const id of opened.journal.idsOf('record'))
        expect(await read(opened, id)).toEqual(plainOf(id));
    });
  });

  test('of the same second gets another name, and nothing half is left beside', async () => {
    await mkdir(join(destination, 'chimed-backup-20250101T000000.part'));
    await writeFile(join(destination, 'notes.part'), 'not ours');
    await backUp(vault, order());
    await backUp(vault, order());
    expect((await readdir(destination)).sort()).toEqual([
      'chimed-backup-20260105T083000',
      'chimed-backup-20260105T083000-2',
      'notes.part',
    ]);
  });

  test('with files that are not there, or whose names are no names, is refused and leaves nothing', async () => {
    for (const [name, path, code] of [
      ['x.json', join(root, 'nothing'), 'STORE_READ_FAILED'],
      ['../x.json', dataDir, 'BAD_REQUEST'],
      ['journal.cmj', dataDir, 'BAD_REQUEST'],
      ['manifest.json', dataDir, 'BAD_REQUEST'],
    ] as const)
      await expect(
        backUp(vault, { ...order(), extraFiles: [{ name, path }] }),
      ).rejects.toMatchObject({ code });
    await expect(
      backUp(vault, { ...order(), destination: join(root, 'no such folder') }),
    ).rejects.toMatchObject({ code: 'STORE_WRITE_FAILED' });
    expect(await readdir(destination)).toEqual([]);
  });
});

describe('restoring refuses, and touches nothing', () => {
  let folder = '';
  beforeEach(async () => {
    for (const id of ['a', 'b']) await save(id);
    ({ folder } = await backUp(vault, order()));
  });
  const refusal = (key = testDataKey()): Promise<unknown> =>
    restoreBackup(folder, restored, key).then(
      () => 'no error',
      async (error: unknown) => {
        expect((await readdir(root)).sort()).toEqual(['data', 'disk']);
        return (error as { code?: string }).code;
      },
    );

  test('a file that is missing or cut short, and a manifest that is', async () => {
    for (const name of ['journal.cmj', 'record-keys.cmk', 'manifest.json']) {
      const path = join(folder, name);
      const sound = await readFile(path);
      await truncate(path, sound.length - 3);
      expect(await refusal(), name).toBe('BACKUP_INCOMPLETE');
      await unlink(path);
      expect(await refusal(), name).toBe('BACKUP_INCOMPLETE');
      await writeFile(path, sound);
    }
  });

  test('a file that was edited or made longer, anywhere', async () => {
    for (const name of ['journal.cmj', 'record-keys.cmk']) {
      const path = join(folder, name);
      const sound = await readFile(path);
      for (const at of [0, 40, sound.length >> 1, sound.length - 1]) {
        const changed = Buffer.from(sound);
        changed[at] = (changed[at] ?? 0) ^ 1;
        await writeFile(path, changed);
        expect(await refusal(), `${name} ${at}`).toBe('BACKUP_TAMPERED');
      }
      await writeFile(path, Buffer.concat([sound, Buffer.alloc(1)]));
      expect(await refusal()).toBe('BACKUP_TAMPERED');
      await writeFile(path, sound);
    }
  });

  test('a manifest that was edited, of another backup, of another vault, or of a newer program', async () => {
    const path = join(folder, 'manifest.json');
    const sound = await readFile(path, 'utf-8');
    const edit = async (change: (manifest: Record<string, unknown>) => void): Promise<unknown> => {
      const manifest = JSON.parse(sound) as Record<string, unknown>;
      change(manifest);
      await writeFile(path, JSON.stringify(manifest));
      return refusal();
    };
    expect(await edit((manifest) => (manifest['createdAt'] = 1))).toBe('BACKUP_TAMPERED');
    expect(await edit((manifest) => (manifest['files'] = []))).toBe('BACKUP_TAMPERED');
    expect(await edit((manifest) => (manifest['format'] = 2))).toBe('STORE_NEWER');
    expect(await edit((manifest) => (manifest['keyId'] = '..'))).toBe('BACKUP_INCOMPLETE');
    expect(
      await edit((manifest) => {
        const [first] = manifest['files'] as { name: string }[];
        if (first) first.name = '../../elsewhere';
      }),
    ).toBe('BACKUP_INCOMPLETE');
    await writeFile(path, 'x'.repeat(300 * 1024));
    expect(await refusal()).toBe('BACKUP_INCOMPLETE');

    await save('c');
    const later = await backUp(vault, order());
    await cp(join(later.folder, 'manifest.json'), path);
    expect(['BACKUP_INCOMPLETE', 'BACKUP_TAMPERED']).toContain(await refusal());

    await writeFile(path, sound);
    expect(await refusal(testDataKey(9))).toBe('BACKUP_TAMPERED');
    const otherKey = { keyId: testDataKey().keyId, key: new Uint8Array(32) };
    expect(await refusal(otherKey)).toBe('BACKUP_TAMPERED');
    expect(await refusal()).toBe('no error');
  });

  test('a data folder that holds something', async () => {
    await mkdir(restored);
    await writeFile(join(restored, 'something'), '');
    await expect(restoreBackup(folder, restored, testDataKey())).rejects.toMatchObject({
      code: 'RESTORE_NOT_EMPTY',
    });
    expect(await readdir(restored)).toEqual(['something']);
    await rm(restored, { recursive: true });
    await mkdir(restored);
    await restoreBackup(folder, restored, testDataKey());
    expect(await inRestored((opened) => read(opened, 'a'))).toEqual(plainOf('a'));
  });
});

/** Runs the fixture: backs up and restores in turn. */
const argumentsOf = (mode: string): string[] => [
  '--import',
  'tsx',
  loop,
  mode,
  dataDir,
  destination,
  restored,
];

test('killed while backing up and restoring: a folder with a backup’s name is whole, and a data folder is restored or not there', async () => {
  for (let at = 0; at < 30; at += 1) await save(`${at}`);
  await vault.close();
  for (let round = 0; round < 5; round += 1) {
    const child = spawn(process.execPath, argumentsOf('loop'), {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const closed = once(child, 'close');
    await once(child.stdout, 'data');
    await sleep(round * 23);
    child.kill('SIGKILL');
    await closed;
    for (const name of await readdir(destination)) {
      if (name.endsWith('.part')) continue;
      const copy = join(root, 'check');
      await restoreBackup(join(destination, name), copy, testDataKey());
      await rm(copy, { recursive: true });
    }
    const there = (await readdir(root)).includes('restored');
    if (there) expect(await inRestored((opened) => read(opened, '7'))).toEqual(plainOf('7'));
    await rm(restored, { recursive: true, force: true });
    await rm(destination, { recursive: true, force: true });
    await mkdir(destination);
  }
  vault = await Vault.open(dataDir, testDataKey());
});

test.runIf(process.platform === 'linux')(
  'a disk that is full: told as such, no backup and no half of a data folder is left',
  async () => {
    for (let at = 0; at < 30; at += 1) await save(`${at}`);
    const { folder } = await backUp(vault, { destination: root, now: day });
    await vault.close();
    // The kernel refuses what goes beyond 64 KiB of a file, as a full disk does.
    const limited = 'ulimit -f 64; exec "$0" "$@"';
    for (const mode of ['backup', `restore:${folder}`]) {
      const { stdout } = await promisify(execFile)('sh', [
        '-c',
        limited,
        process.execPath,
        ...argumentsOf(mode),
      ]);
      expect(stdout.trim()).toBe('DISK_FULL');
    }
    expect(await readdir(destination)).toEqual([]);
    expect((await readdir(root)).filter((name) => name.startsWith('restored'))).toEqual([]);
    vault = await Vault.open(dataDir, testDataKey());
  },
);

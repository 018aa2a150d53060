import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  recordHeadSchema,
  recordTextSchema,
  storedRunSchema,
  type JournalRow,
} from '../domain/contract/record';
import { keyIdOfSealed, openJson } from '../domain/sealing/row';
import { journalFileName, journalKeyId } from './journal';
import { readPlainKey } from './key-file';
import { recordKeysFileName } from './record-keys-format';
import { Vault } from './vault';

const fixture = fileURLToPath(new URL('./fixtures/v1', import.meta.url));
const [a, b, c] = [
  'ff8a2b61-0e03-4853-a1c8-de0278d792b8',
  '308f7c71-416d-498b-b762-c9b4ce2f402f',
  '85a6bcaa-f8b7-4faa-898d-022cffc5c86d',
] as const;
const shared = '患者，男，45岁，因“头痛三天”入院。否认高血压病史。';
const runId = (n: number): string => `5b1f4d6e-0000-4000-8000-00000000000${n}`;

let dir = '';
async function plainKeyOf(folder: string): Promise<{ keyId: string; bytes: Uint8Array }> {
  const key = await readPlainKey(folder);
  if (!key) throw new Error('the fixture has no key');
  return { keyId: key.id, bytes: key.bytes };
}

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'chimed-v1-'));
  for (const name of [journalFileName, 'data.key']) await cp(join(fixture, name), join(dir, name));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function opened(of = dir): Promise<Vault> {
  const { keyId, bytes } = await plainKeyOf(of);
  return Vault.open(of, { keyId, key: bytes });
}
async function contents(vault: Vault): Promise<string[]> {
  const { rows } = await vault.journal.read(0, 100);
  return Promise.all(rows.map((row) => described(vault, row)));
}
async function described(vault: Vault, row: JournalRow): Promise<string> {
  const keyId = keyIdOfSealed(row.sealed);
  const key = await vault.recordKeys.key(keyId);
  const open = <T>(schema: Parameters<typeof openJson<T>>[4]): Promise<T> =>
    openJson(key, keyId, row, row.sealed, schema);
  if (row.table === 'text') return `text ${(await open(recordTextSchema)).text}`;
  if (row.table === 'run') {
    const run = await open(storedRunSchema);
    return `run ${row.id} of ${run.recordId}: ${run.facts.map((fact) => fact.text).join()}`;
  }
  const head = await open(recordHeadSchema);
  return `record ${row.id}.${row.version} ${head.title}${head.deletedAt === null ? '' : ' (bin)'}`;
}

const other = '患者胸闷两天，查体：心率 96 次/分。\r\n予以心电图检查。';
const expected = [
  `text ${shared}`,
  `record ${a}.1 头痛待查`,
  `text ${shared}`,
  `record ${b}.1 头痛待查（副本）`,
  `text ${other}`,
  `record ${c}.1 胸闷`,
  `record ${a}.2 头痛待查，已补充`,
  `record ${b}.2 头痛待查（副本） (bin)`,
  `record ${c}.2 胸闷两天`,
  `record ${c}.3 胸闷两天 (bin)`,
  `record ${c}.4 胸闷两天`,
  `run ${runId(1)} of ${a}: 高血压`,
  `run ${runId(2)} of ${b}: 高血压`,
  `run ${runId(3)} of ${c}: 心电图`,
];

test('a folder of version 1 keeps every version of everything, each record under its own key', async () => {
  expect(await journalKeyId(dir)).toBeNull();
  const old = (await readFile(join(dir, journalFileName))).subarray(12, 28).toString('hex');
  for (let round = 0; round < 2; round += 1) {
    const vault = await opened();
    expect(await contents(vault)).toEqual(expected);
    expect(vault.journal.journalId).not.toBe(old);
    expect(vault.lostKeys).toBe(0);
    const { rows } = await vault.journal.read(0, 100);
    const keyOf = (id: string): string | undefined =>
      rows.filter((row) => row.id === id).map((row) => keyIdOfSealed(row.sealed))[0];
    expect(new Set([keyOf(a), keyOf(b), keyOf(c)]).size).toBe(3);
    expect(keyOf(runId(2))).toBe(keyOf(b));
    const texts = rows.filter((row) => row.table === 'text').map((row) => row.id);
    expect(new Set(texts).size).toBe(3);
    await vault.close();
  }
  expect(await journalKeyId(dir)).toBe((await plainKeyOf(dir)).keyId);
  expect((await readdir(dir)).sort()).toEqual(['data.key', journalFileName, recordKeysFileName]);
});

test('whatever an interrupted migration left beside is of no consequence', async () => {
  await writeFile(join(dir, `${journalFileName}.new`), 'half of a new journal');
  await writeFile(join(dir, recordKeysFileName), 'keys that no journal needs');
  const vault = await opened();
  expect(await contents(vault)).toEqual(expected);
  await vault.close();
});

test('a torn tail of version 1 is left behind, and the rest is migrated', async () => {
  const path = join(dir, journalFileName);
  const bytes = await readFile(path);
  await writeFile(path, bytes.subarray(0, bytes.length - 9));
  const vault = await opened();
  expect(await contents(vault)).toEqual(expected.slice(0, -1));
  await vault.close();
});

test('damage, and another key, are refused and change nothing', async () => {
  const path = join(dir, journalFileName);
  const sound = await readFile(path);
  const damaged = Buffer.from(sound);
  damaged[900] = (damaged[900] ?? 0) ^ 1;
  await writeFile(path, damaged);
  await expect(opened()).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
  expect((await readFile(path)).equals(damaged)).toBe(true);

  await writeFile(path, sound);
  const { keyId } = await plainKeyOf(dir);
  for (const [id, code] of [
    ['0011223344556677', 'STORE_OTHER_KEY'],
    [keyId, 'SEAL_INVALID'],
  ] as const)
    await expect(Vault.open(dir, { keyId: id, key: new Uint8Array(32) })).rejects.toMatchObject({
      code,
    });
  expect((await readFile(path)).equals(sound)).toBe(true);
  expect((await readdir(dir)).sort()).toEqual(['data.key', journalFileName]);
});

test('killed at any moment of it, the next opening migrates everything', async () => {
  const script = fileURLToPath(new URL('./migrate-loop.fixture.ts', import.meta.url));
  const root = join(dir, 'many');
  for (let round = 0; round < 4; round += 1) {
    for (let at = 0; at < 25; at += 1) {
      await mkdir(join(root, String(at)), { recursive: true });
      for (const name of [journalFileName, 'data.key'])
        await cp(join(fixture, name), join(root, String(at), name));
    }
    const child = spawn(process.execPath, ['--import', 'tsx', script, root], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const closed = once(child, 'close');
    await once(child.stdout, 'data');
    await sleep(5 + round * 31);
    child.kill('SIGKILL');
    await closed;
    for (let at = 0; at < 25; at += 1) {
      const vault = await opened(join(root, String(at)));
      expect(await contents(vault)).toEqual(expected);
      await vault.close();
    }
    await rm(root, { recursive: true });
  }
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SearchHit, SearchRequest } from '../domain/contract/search';
import { maxQueryChars } from '../domain/contract/search';
import { bitsOf, itemsOf } from '../domain/search/signature';
import { keyIdOfSealed, openRow } from '../domain/sealing/row';
import { sealJsonAtOnce } from '../vault/seal-at-once';
import { Vault } from '../vault/vault';
import { SignatureTable } from './signature-table';
import { RecordStore } from './store';

const keyId = '0011223344556677';
const source = { kind: 'paste' as const, notices: [] };
let dir = '';
let vault: Vault;
let store: RecordStore;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'chimed-search-'));
  await start();
});
afterEach(async () => {
  await vault.close();
  await rm(dir, { recursive: true, force: true });
});

async function start(): Promise<void> {
  vault = await Vault.open(dir, { keyId, key: new Uint8Array(32).fill(7) });
  store = new RecordStore({ vault });
}
async function restart(): Promise<void> {
  await vault.close();
  await start();
}

async function create(title: string, text: string): Promise<string> {
  return (await store.create({ title, text, source })).recordId;
}

/** A record as a program before the search saved it: without a signature. */
async function createOld(id: string, text: string): Promise<void> {
  const key = await vault.takeKey();
  const head = {
    title: id,
    createdAt: 1,
    updatedAt: 1,
    deletedAt: null,
    textId: `text-${id}`,
    textSha256: 'x',
    chars: text.length,
    source,
  };
  const rows = [
    { address: { table: 'text' as const, id: head.textId, version: 1 }, value: { text } },
    { address: { table: 'record' as const, id, version: 1 }, value: head },
  ];
  await vault.journal.append(
    rows.map(({ address, value }) => ({
      ...address,
      sealed: sealJsonAtOnce(key.key, key.keyId, address, value),
    })),
  );
}

async function search(query: string, more: Partial<SearchRequest> = {}) {
  const hits: SearchHit[] = [];
  const request = { query, limit: 200, ...more };
  const result = await store.search.run(request, new AbortController().signal, (some) =>
    hits.push(...some),
  );
  return { hits, ids: hits.map(({ recordId }) => recordId), ...result };
}
const found = async (query: string): Promise<string[]> => (await search(query)).ids;

describe('the search', () => {
  test('finds by one character, by several words, in title and text, whatever the writing; newest first', async () => {
    const a = await create('入院记录', '患者既往高血压病史，行ＣＴ检查。');
    const b = await create('随訪', '高血壓控制良好。疝修補術後。');
    for (const round of ['before', 'after a restart']) {
      expect(await found('高血压'), round).toEqual([b, a]);
      expect(await found('疝'), round).toEqual([b]);
      expect(await found('ct'), round).toEqual([a]);
      expect(await found('随访'), round).toEqual([b]);
      expect(await found('高血压　入院'), round).toEqual([a]);
      expect(await found('高血压 糖尿病'), round).toEqual([]);
      expect(await found('血高'), round).toEqual([]);
      await restart();
    }
  });

  test('finds records by their ids, as a cell of an exported table holds them', async () => {
    const [a, b] = [await create('甲', '高血压。'), await create('乙', '糖尿病。')];
    const binned = await create('丙', '肺炎。');
    await store.delete(binned);
    for (const query of [a, a.toUpperCase(), ` ${a}\n`]) expect(await found(query)).toEqual([a]);
    expect(await found(`${a} | ${b}`)).toEqual([a, b]);
    expect((await search(a)).hits[0]).toMatchObject({
      ...{ byId: true, match: null, snippet: [], title: [{ text: '甲', found: false }] },
    });
    expect(await found(`${binned} | ${b}`)).toEqual([b]);
    expect(await found(binned)).toEqual([]);
    expect(await found(a.slice(0, -1))).toEqual([]);
    expect(await found(`${a} 高血压`)).toEqual([]);
    // One that quotes an id is found where no record is called so.
    const nobody = globalThis.crypto.randomUUID();
    const quoting = await create('引用', `见 ${nobody}。`);
    expect(await found(nobody)).toEqual([quoting]);
  });

  test('a hit says where in the original text, and shows its surroundings', async () => {
    const text = `${'无殊。'.repeat(100)}😀既往高血壓病史。${'无殊。'.repeat(100)}`;
    await create('随访', text);
    const [hit] = (await search('血压')).hits;
    expect(hit?.match && text.slice(hit.match.start, hit.match.end)).toBe('血壓');
    const shown = hit?.snippet.map((part) => part.text).join('') ?? '';
    expect(text).toContain(shown);
    expect(shown).toContain('😀既往高血壓病史');
    expect(hit?.title).toEqual([{ text: '随访', found: false }]);
  });

  test('an empty query finds nothing, and one of 10,000 characters is answered', async () => {
    const long = Array.from({ length: maxQueryChars }, (_, at) =>
      String.fromCharCode(0x4e00 + (at % 5_000)),
    ).join('');
    const id = await create('长', `前${long}后`);
    for (const nothing of ['', '   ', '\u3000', '\u200b']) expect(await found(nothing)).toEqual([]);
    expect(await found(long)).toEqual([id]);
    expect(await found(`${long.slice(1)}错`)).toEqual([]);
    expect(await found([...long].slice(0, 5_000).join(' '))).toEqual([id]);
  });

  test('stops at its limit and goes on from there, without one twice', async () => {
    const ids: string[] = [];
    for (let at = 0; at < 25; at += 1) ids.unshift(await create(`${at}`, '头痛'));
    const all: string[] = [];
    let after: number | undefined;
    for (let round = 0; round < 10; round += 1) {
      const part = await search('头痛', { limit: 10, ...(after === undefined ? {} : { after }) });
      expect(part.ids.length).toBeLessThanOrEqual(10);
      all.push(...part.ids);
      if (part.next === null) break;
      after = part.next;
    }
    expect(all).toEqual(ids);
  });

  test('ends soon when nobody waits for it any more', async () => {
    for (let at = 0; at < 40; at += 1) await create(`${at}`, '头痛');
    const controller = new AbortController();
    let heard = 0;
    const request = { query: '头痛', limit: 1_000 };
    await store.search.run(request, controller.signal, (hits) => {
      heard += hits.length;
      controller.abort();
    });
    expect(heard).toBeLessThan(40);
  });

  test('what lies in the bin is not found until it is restored', async () => {
    const id = await create('随访', '头痛');
    await store.delete(id);
    expect(await found('头痛')).toEqual([]);
    await store.restore(id);
    expect(await found('头痛')).toEqual([id]);
  });

  test('a renamed record is found by its new title, before and after a restart, and not by the old one', async () => {
    const id = await create('旧题', '头痛三天');
    await store.search.prepare();
    await store.rename(id, '新名');
    for (let round = 0; round < 2; round += 1) {
      expect(await found('新名')).toEqual([id]);
      expect(await found('旧题')).toEqual([]);
      expect(await found('头痛')).toEqual([id]);
      await restart();
    }
    await store.rename(id, '又名');
    expect(await found('又名')).toEqual([id]);
  });

  test('a record deleted for good is never found, and nothing opens its signature', async () => {
    const id = await create('随访', '头痛');
    const kept = await create('随访', '头痛');
    await store.search.prepare();
    const row = await vault.journal.latest('signature', id);
    if (!row) throw new Error('no signature');
    const key = await vault.recordKeys.key(keyIdOfSealed(row.sealed));
    await openRow(key, keyIdOfSealed(row.sealed), row, row.sealed);
    await store.shred(id);
    for (let round = 0; round < 2; round += 1) {
      expect(await found('头痛')).toEqual([kept]);
      expect(await vault.journal.latest('signature', id)).toBeNull();
      await expect(vault.recordKeys.key(keyIdOfSealed(row.sealed))).rejects.toMatchObject({
        code: 'RECORD_NOT_FOUND',
      });
      await vault.compact();
      await restart();
    }
  });

  test('goes on under a new data key, and over a journal that was compacted', async () => {
    const a = await create('随访', '头痛');
    const gone = await create('随访', '头痛');
    await store.shred(gone);
    await vault.compact();
    expect(await found('头痛')).toEqual([a]);
    await vault.rotate({ keyId: '7766554433221100', key: new Uint8Array(32).fill(9) });
    expect(await found('头痛')).toEqual([a]);
    const b = await create('随访', '头痛');
    expect(await found('头痛')).toEqual([b, a]);
  });

  test('a record that cannot be opened is counted, and the others are found', async () => {
    const a = await create('随访', '头痛');
    const lost = await create('随访', '头痛');
    await store.search.prepare();
    const lostKey = vault.journal.keyIdOf('record', lost) ?? '';
    vault.recordKeys.wrapped(lostKey)?.fill(1);
    expect(await search('头痛')).toMatchObject({ ids: [a], unreadable: 1, next: null });
  });

  test('a record that is saved while the signatures are being read is found', async () => {
    for (let at = 0; at < 20; at += 1) await create(`${at}`, '头痛');
    await restart();
    const ready = store.search.prepare();
    const id = await create('新', '腹痛');
    await ready;
    expect(await found('腹痛')).toEqual([id]);
    expect(await found('头痛')).toHaveLength(20);
  });
});

describe('records that older programs saved', () => {
  test('are found before they have a signature, get one behind, once, and are found by it', async () => {
    for (let at = 0; at < 70; at += 1) await createOld(`old-${at}`, `既往高血压，第${at}份`);
    const ids = Array.from({ length: 70 }, (_, at) => `old-${69 - at}`);
    expect(await found('高血压')).toEqual(ids);
    await store.search.signed();
    for (const id of ids) expect(vault.journal.latestVersion('signature', id)).toBe(1);
    await restart();
    expect(await found('高血压')).toEqual(ids);
    expect(await found('第7份')).toEqual(['old-7']);
    const { lastSeq } = vault.journal;
    await store.search.signed();
    expect(vault.journal.lastSeq).toBe(lastSeq);
  });

  test('whose making of signatures was interrupted get the rest at the next time', async () => {
    for (let at = 0; at < 40; at += 1) await createOld(`old-${at}`, '既往高血压');
    await store.search.prepare();
    await restart();
    expect(await found('高血压')).toHaveLength(40);
    await store.search.signed();
    const signed = [...vault.journal.idsOf('signature')];
    expect(signed).toHaveLength(40);
    await restart();
    expect(await found('高血压')).toHaveLength(40);
  });

  test('are found by their new title when they are renamed first', async () => {
    await createOld('old', '既往高血压');
    await store.rename('old', '新名');
    await restart();
    expect(await found('新名')).toEqual(['old']);
    expect(await found('高血压')).toEqual(['old']);
  });
});

test('50,000 signatures take their own length in memory, and little more', () => {
  const table = new SignatureTable();
  const bits = new Uint8Array(1024).fill(0xff);
  for (let at = 0; at < 50_000; at += 1) table.put(`record-${at}`, bits);
  expect(table.records).toBe(50_000);
  expect(table.bytes).toBeLessThan(1.1 * 50_000 * 1024);
  const items = itemsOf(['头痛']);
  expect(table.candidates(table.length, items, 3).recordIds).toEqual([
    'record-49999',
    'record-49998',
    'record-49997',
  ]);
  table.put('record-49999', new Uint8Array(1024));
  table.remove('record-49998');
  expect(table.candidates(table.length, items, 1).recordIds).toEqual(['record-49997']);
  expect(bitsOf(Uint8Array.of(1))).toBeNull();
});

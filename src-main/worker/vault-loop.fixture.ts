/**
 * A process that works on a vault until it is killed: it saves, renames, deletes for good, compacts and
 * rotates the key, at random and several at once. It prints what it is about to do in capitals and what
 * is done in small letters; `checkVault` then holds a vault against all that was printed.
 * Arguments: data folder, seed.
 */
import { writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { recordHeadSchema, recordTextSchema } from '../domain/contract/record';
import { keyIdOfSealed, openJson } from '../domain/sealing/row';
import { journalKeyId } from '../vault/journal';
import { recordKeysFileName } from '../vault/record-keys-format';
import { Vault, type DataKeyBytes } from '../vault/vault';
import { RecordStore } from './store';

/** The n-th data key of such a vault. */
function dataKeyOf(n: number): DataKeyBytes {
  return { keyId: n.toString(16).padStart(16, '0'), key: new Uint8Array(32).fill(n & 0xff) };
}

/** Opens it with the key that its journal asks for, as main does after an interrupted rotation. */
export async function openLoopVault(dir: string): Promise<Vault> {
  return Vault.open(dir, dataKeyOf(Number.parseInt((await journalKeyId(dir)) ?? '1', 16)));
}

const textOf = (tag: string): string => `病历 ${tag}：头痛三天。`.repeat(1 + (tag.length % 7));

/** What the processes said so far. */
export interface Ledger {
  /** Record id to what its title may be: the last that was acknowledged, or one asked for after it. */
  readonly titles: Map<string, Set<string>>;
  readonly tags: Map<string, string>;
  readonly shredded: Set<string>;
  /** Asked for, not acknowledged. */
  readonly shredding: Set<string>;
  /** Ids of deleted records' keys, and the keys as they lay in the file, wrapped. */
  readonly keys: Map<string, { readonly keyId: string; readonly wrapped: string }>;
  lines: number;
}

export const newLedger = (): Ledger => ({
  titles: new Map(),
  tags: new Map(),
  shredded: new Set(),
  shredding: new Set(),
  keys: new Map(),
  lines: 0,
});

/** @param output whole lines of one process */
export function note(ledger: Ledger, output: string): void {
  for (const line of output.split('\n').slice(0, -1)) {
    const [what, id = '', word = '', wrapped = ''] = line.split(' ');
    ledger.lines += 1;
    if (what === 'c') {
      ledger.titles.set(id, new Set([word]));
      ledger.tags.set(id, word);
    } else if (what === 'R') ledger.titles.get(id)?.add(word);
    else if (what === 'r') ledger.titles.set(id, new Set([word]));
    else if (what === 'S') {
      ledger.shredding.add(id);
      ledger.keys.set(id, { keyId: word, wrapped });
    } else if (what === 's') ledger.shredded.add(id);
    else if (what !== 'k' && what !== 'o') throw new Error(`unexpected: ${line}`);
  }
}

/** @throws Error that says which promise does not hold */
export async function checkVault(dir: string, ledger: Ledger): Promise<void> {
  const vault = await openLoopVault(dir);
  try {
    if (vault.lostKeys > 0) throw new Error('a key is lost');
    const seen = new Map<string, number>();
    for (let after = 0; after < vault.journal.lastSeq;) {
      const { rows, upTo } = await vault.journal.read(after, 1000);
      for (const { table, id, version } of rows) {
        const place = `${table} ${id}`;
        if ((seen.get(place) ?? 0) + 1 !== version) throw new Error('twice, or out of order');
        seen.set(place, version);
      }
      after = upTo;
    }
    const keysFile = await readFile(join(dir, recordKeysFileName));
    for (const [id, titles] of ledger.titles) {
      const row = await vault.journal.latest('record', id);
      if (ledger.shredded.has(id)) {
        const { keyId, wrapped } = ledger.keys.get(id) ?? { keyId: '', wrapped: '' };
        if (row || wrapped === '') throw new Error('a deleted record is there');
        if (vault.recordKeys.wrapped(keyId) || keysFile.includes(Buffer.from(wrapped, 'hex')))
          throw new Error('the key of a deleted record is there');
        continue;
      }
      if (!row) {
        if (ledger.shredding.has(id)) continue;
        throw new Error('a record that was saved is missing');
      }
      const keyId = keyIdOfSealed(row.sealed);
      const key = await vault.recordKeys.key(keyId);
      const head = await openJson(key, keyId, row, row.sealed, recordHeadSchema);
      if (!titles.has(head.title)) throw new Error('a record has an old title');
      const text = await vault.journal.latest('text', head.textId);
      if (!text) throw new Error('a text is missing');
      const stored = await openJson(key, keyId, text, text.sealed, recordTextSchema);
      if (stored.text !== textOf(ledger.tags.get(id) ?? '')) throw new Error('another text');
    }
  } finally {
    await vault.close();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [dir = '', seedText = '1'] = process.argv.slice(2);
  let seed = Number(seedText);
  /** Below `limit`. */
  const random = (limit: number): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * limit);
  };
  // Synchronous, so that what is acknowledged has left this process before it can be killed.
  const say = (...words: readonly (string | number)[]): void => {
    writeSync(1, `${words.join(' ')}\n`);
  };
  const vault = await openLoopVault(dir);
  const store = new RecordStore({ vault });
  say('o');
  let count = 0;
  let nextKey = Number.parseInt(vault.keys.keyId, 16) + 1;
  const work = async (): Promise<void> => {
    const mine: string[] = [];
    for (;;) {
      const dice = random(100);
      const id = mine[random(mine.length)];
      if (dice < 55 || !id) {
        const tag = `${seedText}-${count++}`;
        const source = { kind: 'paste' as const, notices: [] };
        const { recordId } = await store.create({ title: tag, text: textOf(tag), source });
        say('c', recordId, tag);
        mine.push(recordId);
      } else if (dice < 75) {
        const title = `${seedText}-${count++}`;
        say('R', id, title);
        await store.rename(id, title);
        say('r', id, title);
      } else if (dice < 90) {
        const keyId = vault.journal.keyIdOf('record', id) ?? '';
        say('S', id, keyId, Buffer.from(vault.recordKeys.wrapped(keyId) ?? []).toString('hex'));
        mine.splice(mine.indexOf(id), 1);
        await store.shred(id);
        say('s', id);
      } else if (dice < 97) {
        await vault.compact();
        say('k');
      } else {
        await vault.rotate(dataKeyOf(nextKey++));
        say('k');
      }
    }
  };
  await Promise.all([work(), work(), work()]);
}

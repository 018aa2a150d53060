/** The first hit of a search against a scan that opens every note, both by the worker's own code. */
import { join } from 'node:path';
import { openProfile } from '../../e2e/profile';
import { termsOf, matchOf } from '../../src-main/domain/search/query';
import { Vault } from '../../src-main/vault/vault';
import { openRecord } from '../../src-main/worker/open-records';
import { RecordStore } from '../../src-main/worker/store';
import { say } from '../terminal';
import { commonWord, rareWord } from './notes-profile';
import { measurePairs, timed, type Ratio } from './pairs';

/** Records opened at once by the scan, as many as the search opens. */
const atOnce = 64;

/** Words of one note only, the oldest and the one in the middle; of two characters; of many notes. */
export const queriesOf = (notes: number): string[] => [
  rareWord(3),
  rareWord(Math.floor(notes / 2)),
  commonWord,
  '第4份',
];

export async function measureSearch(
  userData: string,
  notes: number,
  pairs: number,
): Promise<Ratio[]> {
  const { keyId, bytes } = await openProfile(userData);
  const vault = await Vault.open(join(userData, 'data'), { keyId, key: bytes });
  const store = new RecordStore({ vault });
  try {
    const reading = await timed(() => store.search.prepare());
    say(`${notes} signatures read in ${reading.toFixed(0)} ms`);
    const scan = async (query: string): Promise<number> =>
      timed(async () => {
        const terms = termsOf(query);
        const ids = [...vault.journal.idsOf('record')].reverse();
        for (let at = 0; at < ids.length; at += atOnce) {
          await Promise.all(
            ids.slice(at, at + atOnce).map(async (id) => {
              const record = await openRecord(vault, id);
              return record && matchOf(record.head.title, record.text, terms);
            }),
          );
        }
      });
    const firstHit = (query: string): Promise<number> =>
      timed(async () => {
        const controller = new AbortController();
        let hits = 0;
        await store.search.run({ query, limit: 1 }, controller.signal, (found) => {
          hits += found.length;
          controller.abort();
        });
        if (hits === 0) throw new Error('not found');
      });
    const ratios: Ratio[] = [];
    for (const query of queriesOf(notes)) {
      ratios.push(
        await measurePairs(
          `first hit of 「${query}」 in ${notes} notes against opening all of them`,
          { sense: '<=', value: 0.3 },
          () => firstHit(query),
          () => scan(query),
          (ours, theirs) => ours / theirs,
          pairs,
        ),
      );
    }
    return ratios;
  } finally {
    await vault.close();
  }
}

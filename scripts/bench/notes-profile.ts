/** Data folders with many notes, made by the program's own code, for measuring. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import simplified from '../../resources/lexicons/simplified.json';
import { openProfile } from '../../e2e/profile';
import { Vault } from '../../src-main/vault/vault';
import { RecordStore } from '../../src-main/worker/store';

/** Saves under way together. */
const atOnce = 64;
const noteChars = 1_700;

/** A word that only the note with this number holds. */
export const rareWord = (note: number): string => `罕见词${note}号`;
/** A word that every seventh note holds. */
export const commonWord = '常见词';

/** Numbers from 0 to 1, always the same ones (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Words of one to four characters; the first ones are those of every note, as in any language. */
const words = (() => {
  const random = randomFrom(1);
  const chars = [...new Set(simplified.simplified)];
  return Array.from({ length: 6_000 }, () =>
    Array.from(
      { length: 1 + Math.floor(random() * 4) },
      () => chars[Math.floor(random() ** 2 * chars.length)],
    ).join(''),
  );
})();

/** About 5 KB of UTF-8, as a progress note has; each is another text. */
export function noteOf(number: number): string {
  const random = randomFrom(number + 1);
  const parts = [`第${number}份。`];
  for (let chars = 0; chars < noteChars;) {
    const word = words[Math.floor(random() ** 3 * words.length)] ?? '';
    const stop = random() < 0.12 ? '，' : random() < 0.04 ? '。\n' : '';
    parts.push(word, stop);
    chars += word.length + stop.length;
  }
  parts.splice(Math.floor(parts.length / 2), 0, rareWord(number));
  if (number % 7 === 0) parts.push(commonWord);
  return parts.join('');
}

/** Makes a profile with this many notes, unless the folder has one. */
export async function makeNotesProfile(userData: string, notes: number): Promise<void> {
  await mkdir(userData, { recursive: true });
  const { keyId, bytes } = await openProfile(userData);
  const vault = await Vault.open(join(userData, 'data'), { keyId, key: bytes });
  const store = new RecordStore({ vault });
  const source = { kind: 'paste' as const, notices: [] };
  const first = [...vault.journal.idsOf('record')].length;
  for (let at = first; at < notes; at += atOnce) {
    const group = Array.from({ length: Math.min(atOnce, notes - at) }, (_, index) => at + index);
    await Promise.all(
      group.map((number) =>
        store.create({ title: `病程 ${number}`, text: noteOf(number), source }),
      ),
    );
  }
  await vault.close();
}

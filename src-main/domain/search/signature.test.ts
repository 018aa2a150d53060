import { describe, expect, it } from 'vitest';
import { foldText } from './fold';
import { termsOf } from './query';
import { bitsOf, itemsOf, maxSignatureBytes, mayHold, signatureOf } from './signature';

let seed = 11;
const next = (below: number): number =>
  ((seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) % 65521) % below;

const alphabet = [...'患者高血壓病史头痛ＣＴabcABC１２3，。 \n㎎Ⅱ𠮷😀é\u200b'];
const textOf = (length: number): string =>
  Array.from({ length }, () =>
    next(3) === 0 ? String.fromCodePoint(0x4e00 + next(6000)) : alphabet[next(alphabet.length)],
  ).join('');

const holds = (signature: Uint8Array, query: string): boolean => {
  const bits = bitsOf(signature);
  if (!bits) throw new Error('no signature');
  return mayHold(bits, 0, bits.length, itemsOf(termsOf(query)));
};

describe('a signature', () => {
  it('never denies what the text holds, whatever text and query', () => {
    for (let round = 0; round < 400; round += 1) {
      const title = textOf(1 + next(12));
      const text = textOf(1 + next(round % 40 === 0 ? 20_000 : 400));
      const chars = [...text];
      const cut = (from: number, length: number): string =>
        chars.slice(from, from + length).join('');
      const signature = signatureOf([title, text]);
      for (let query = 0; query < 10; query += 1) {
        const from = next(chars.length);
        const asked = [
          cut(from, 1 + next(12)),
          title,
          `${cut(from, 2)}\u3000${[...title].slice(0, 2).join('')}`,
          cut(from, 5).toUpperCase(),
          cut(from, 5).normalize('NFKC'),
        ][query % 5];
        expect(holds(signature, asked ?? ''), asked).toBe(true);
      }
    }
  });

  it('denies most of what the text does not hold', () => {
    const signatures = Array.from({ length: 200 }, () => signatureOf([textOf(1_700)]));
    const perhaps = signatures.filter((each) => holds(each, 'zq')).length;
    expect(perhaps).toBeLessThan(60);
    expect(signatures.filter((each) => holds(each, '从未出现的词')).length).toBeLessThan(5);
  });

  it('grows with the text, a note of 1,700 characters takes 1 or 2 KB, and the longest 32 KB', () => {
    expect(signatureOf(['痛']).length).toBe(65);
    expect([1025, 2049]).toContain(signatureOf([textOf(1_700)]).length);
    const long = Array.from({ length: 200_000 }, () =>
      String.fromCodePoint(0x4e00 + next(20_000)),
    ).join('');
    expect(signatureOf([long]).length).toBe(maxSignatureBytes);
    expect(holds(signatureOf([long]), long.slice(5_000, 5_010))).toBe(true);
  });

  it('of another version, cut short or grown counts as none', () => {
    const sound = signatureOf(['头痛三天']);
    expect(bitsOf(sound)).not.toBeNull();
    expect(bitsOf(Uint8Array.from(sound, (byte, at) => (at === 0 ? byte + 1 : byte)))).toBeNull();
    expect(bitsOf(sound.subarray(0, sound.length - 1))).toBeNull();
    expect(bitsOf(new Uint8Array(1 + 2 * (maxSignatureBytes - 1)).fill(1))).toBeNull();
    expect(bitsOf(new Uint8Array())).toBeNull();
  });

  it('finds nothing across title and text', () => {
    expect(holds(signatureOf(['甲', '乙']), '甲乙')).toBe(false);
    expect(foldText('甲')).toBe('甲');
  });
});

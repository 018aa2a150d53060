import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { isWellFormed } from '../text/well-formed';
import { foldText, originalSpan } from './fold';

it('width, capitals, traditional writing, composition, squared letters and blanks make no difference', () => {
  const same: [string, string][] = [
    ['ＣＴ示ＡＬＴ１２０', 'ct示alt120'],
    ['高血壓病史，頭痛', '高血压病史,头痛'],
    ['５㎎', '5mg'],
    ['Ⅱ型', 'ii型'],
    ['ｶﾞ', 'ガ'],
    ['e\u0301', 'é'],
    ['①', '1'],
    ['甲\u3000乙\t丙\r\n', '甲 乙 丙  '],
    ['ﬁ', 'fi'],
    ['𝐀', 'a'],
    ['\uF900', '豈'],
  ];
  for (const [one, other] of same) expect(foldText(one), one).toBe(foldText(other));
  expect(foldText('高血压')).not.toBe(foldText('低血压'));
});

it('what cannot be seen does not keep a word from being found', () => {
  expect(foldText('高\u200b血\u00ad压\ufeff\u202e\u{e0100}\ufe0f')).toBe('高血压');
});

it('a place in the folded text is a place of whole characters in the original one', () => {
  const text = '😀５㎎\u200bＣＴ\u{2f800}𠮷e\u0301壓';
  const folded = foldText(text);
  const place = (word: string) => {
    const at = folded.indexOf(foldText(word));
    const { start, end } = originalSpan(text, at, at + foldText(word).length);
    return text.slice(start, end);
  };
  expect(place('mg')).toBe('㎎');
  expect(place('5m')).toBe('５㎎');
  expect(place('gct')).toBe('㎎\u200bＣＴ');
  expect(place('😀')).toBe('😀');
  expect(place('𠮷')).toBe('𠮷');
  expect(place('é')).toBe('e\u0301');
  expect(place('压')).toBe('壓');
});

it('the place of a stretch is that which folds to it, whatever the text', () => {
  const pieces = ['痛', '㎎', 'Ａ', '\u200b', '𝐀', '𠮷', '壓', ' ', 'e\u0301', '￼', '½'];
  let seed = 7;
  const next = (below: number) =>
    ((seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) % 65521) % below;
  for (let round = 0; round < 300; round += 1) {
    const text = Array.from({ length: 1 + next(20) }, () => pieces[next(pieces.length)]).join('');
    const folded = foldText(text);
    if (folded === '') continue;
    const start = next(folded.length);
    const end = start + 1 + next(folded.length - start);
    // Queries hold no half of a pair.
    if (!isWellFormed(folded.slice(start, end))) continue;
    const span = originalSpan(text, start, end);
    expect(foldText(text.slice(span.start, span.end))).toContain(folded.slice(start, end));
    expect(foldText(text.slice(0, span.start)).length).toBeLessThanOrEqual(start);
  }
});

it('is what signatures that are stored were made with: another folding needs another signatureVersion', () => {
  const hash = createHash('sha256');
  for (let point = 0; point <= 0x10ffff; point += 1) {
    if (point >= 0xd800 && point < 0xe000) continue;
    const char = String.fromCodePoint(point);
    const folded = foldText(char);
    if (folded !== char) hash.update(`${point} ${folded}\n`);
  }
  expect(hash.digest('hex')).toBe(
    '823826b1ffcef5556348e64d72137640632a7e87eaaabdec6bdc23d3d09713eb',
  );
});

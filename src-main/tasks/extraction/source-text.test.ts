import { expect, it } from 'vitest';
import { sourceText } from './source-text';

const read = (text: string, how: Parameters<typeof sourceText>[1]): string =>
  sourceText(text, how).chars.join('');

it('every code point becomes one code point, so that a place in the one is a place in the other', () => {
  for (const text of ['ＣＴ示㎎ﬁ㍿İ', '高血壓、糖尿病', '𠀀👨‍👩‍👧\ud800\0', 'Ⅱ型①〔', '']) {
    for (const how of ['none', 'nfkc-lower', 'nfkc-lower-simplified'] as const) {
      const { chars, offsets } = sourceText(text, how);
      expect(chars).toHaveLength(Array.from(text).length);
      expect(offsets.at(-1)).toBe(text.length);
      for (const char of chars) expect(Array.from(char)).toHaveLength(1);
    }
  }
});

it('capitals and full width are read as what training saw, traditional writing only where asked', () => {
  expect(read('ＣＴ：高血壓，癥狀；（頭痛）', 'none')).toBe('ＣＴ：高血壓，癥狀；（頭痛）');
  expect(read('ＣＴ：高血壓，癥狀；（頭痛）', 'nfkc-lower')).toBe('ct:高血壓,癥狀;(頭痛)');
  expect(read('ＣＴ：高血壓，癥狀；（頭痛）', 'nfkc-lower-simplified')).toBe(
    'ct:高血压,症状;(头痛)',
  );
});

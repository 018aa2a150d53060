import { describe, expect, it } from 'vitest';
import { singleLine, visiblePieces } from './visible-text';

describe('text on screen', () => {
  it('ordinary text, tabs and line ends are shown as they are', () => {
    const text = '主诉：\t腹痛\r\n现病史\n👨‍👩‍👧 𠮷';
    expect(visiblePieces(text)).toEqual([{ kind: 'text', text }]);
    expect(visiblePieces('')).toEqual([]);
  });

  it('characters that reorder others are labelled, not obeyed', () => {
    expect(visiblePieces('剂量\u202Egm05\u202C')).toEqual([
      { kind: 'text', text: '剂量' },
      { kind: 'control', label: 'U+202E', count: 1, units: 1 },
      { kind: 'text', text: 'gm05' },
      { kind: 'control', label: 'U+202C', count: 1, units: 1 },
    ]);
    for (const bidi of '\u061C\u200E\u200F\u202A\u202B\u202D\u2066\u2067\u2068\u2069') {
      expect(visiblePieces(bidi)[0]?.kind).toBe('control');
    }
  });

  it('a thousand NULs are one label', () => {
    expect(visiblePieces('\0'.repeat(1000))).toEqual([
      { kind: 'control', label: 'U+0000', count: 1000, units: 1000 },
    ]);
  });

  it('half characters and zero-width spaces are labelled', () => {
    expect(visiblePieces('\uD800')).toEqual([
      { kind: 'control', label: 'U+D800', count: 1, units: 1 },
    ]);
    expect(visiblePieces('a\u200Bb')[1]).toEqual({
      kind: 'control',
      label: 'U+200B',
      count: 1,
      units: 1,
    });
  });

  it('a label knows how much of the text it stands for', () => {
    expect(visiblePieces('\u{E0041}\u{E0041}')).toEqual([
      { kind: 'control', label: 'U+E0041', count: 2, units: 4 },
    ]);
  });

  it('titles become one line without odd characters', () => {
    expect(singleLine(' a\n\u202Eb\u2028\0 c ')).toBe('a b c');
  });
});

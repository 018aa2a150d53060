import { createHash } from 'node:crypto';
import iconv from 'iconv-lite';
import { describe, expect, it } from 'vitest';
import { AppError } from '../domain/contract/errors';
import { maxRecordFileBytes } from '../domain/contract/worker-port';
import { decodeText, textExtractor } from './decode-text';

const record =
  '患者，男，58岁。\r\n主诉：反复胸闷3天，伴气促。\n既往史：高血压病10年；否认糖尿病史。';
const utf8 = (text: string): Buffer => Buffer.from(text, 'utf8');
const utf16le = (text: string): Buffer => Buffer.from(text, 'utf16le');
const utf16be = (text: string): Buffer => Buffer.from(utf16le(text)).swap16();

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
  return 'no error';
}

describe('a text file in each encoding hospitals use', () => {
  const cases: [string, Buffer, string][] = [
    ['UTF-8', utf8(record), 'utf-8'],
    ['UTF-8 with BOM', utf8('\uFEFF' + record), 'utf-8'],
    ['UTF-16 LE with BOM', utf16le('\uFEFF' + record), 'utf-16le'],
    ['UTF-16 BE with BOM', utf16be('\uFEFF' + record), 'utf-16be'],
    ['UTF-16 LE without BOM', utf16le(record), 'utf-16le'],
    ['UTF-16 BE without BOM', utf16be(record), 'utf-16be'],
    ['GB18030', iconv.encode(record, 'gb18030'), 'gb18030'],
    ['GB18030 with its BOM', iconv.encode('\uFEFF' + record, 'gb18030'), 'gb18030'],
  ];
  it.each(cases)('%s gives the same text, line ends kept and BOM removed', (_, bytes, encoding) => {
    const decoded = decodeText(bytes);
    expect(decoded.text).toBe(record);
    expect(decoded.encoding).toBe(encoding);
    expect(decoded.notices).toEqual([]);
    expect(decoded.extractor).toBe(textExtractor);
    expect(decoded.fileSha256).toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  it('keeps rare characters outside the BMP in every encoding', () => {
    const rare = '患者𠮷某，药名䓖、㐀、🩺。';
    for (const bytes of [utf8(rare), iconv.encode(rare, 'gb18030'), utf16le('\uFEFF' + rare)]) {
      expect(decodeText(bytes).text).toBe(rare);
    }
  });

  it('recognises UTF-16 that is Chinese only or ASCII only', () => {
    expect(decodeText(utf16le('患者一般情况可神志清楚')).encoding).toBe('utf-16le');
    expect(decodeText(utf16be('患者一般情况可神志清楚')).encoding).toBe('utf-16be');
    expect(decodeText(utf16le('WBC 6.5, PLT 180')).encoding).toBe('utf-16le');
    expect(decodeText(utf16be('WBC 6.5, PLT 180')).encoding).toBe('utf-16be');
    // Letters are plausible Chinese in the other byte order.
    expect(decodeText(utf16le('hemoglobin')).text).toBe('hemoglobin');
    expect(decodeText(utf16be('hemoglobin')).text).toBe('hemoglobin');
  });

  it('does not take plain ASCII for UTF-16', () => {
    expect(decodeText(utf8('bush hid the facts')).text).toBe('bush hid the facts');
  });

  it('decodes a view into a larger buffer, not the buffer', () => {
    const outer = Buffer.concat([utf8('xx'), utf8(record), utf8('yy')]);
    expect(
      decodeText(new Uint8Array(outer.buffer, outer.byteOffset + 2, outer.length - 4)).text,
    ).toBe(record);
  });

  it('takes short GB18030 for GB18030', () => {
    for (const text of ['患者', '无', 'CT示：右肺结节', '一']) {
      const decoded = decodeText(iconv.encode(text, 'gb18030'));
      expect([decoded.text, decoded.encoding]).toEqual([text, 'gb18030']);
    }
  });
});

it('takes ASCII with units and Greek letters for UTF-8', () => {
  expect(decodeText(utf8('IL-6 3.2±0.4 µg/L, β2-MG 37.5°')).encoding).toBe('utf-8');
});

describe('what had to be replaced is said', () => {
  it('lone surrogates become U+FFFD, in place, with a notice', () => {
    const decoded = decodeText(utf16le('\uFEFF患者\uD800，好'));
    expect(decoded.text).toBe('患者\uFFFD，好');
    expect(decoded.notices).toEqual(['LONE_SURROGATES_REPLACED']);
  });

  it('a UTF-8 file cut in a character stays UTF-8 instead of turning into other characters', () => {
    const decoded = decodeText(utf8(record).subarray(0, -1));
    expect(decoded.encoding).toBe('utf-8');
    expect(decoded.text).toBe(record.slice(0, -1) + '\uFFFD');
    expect(decoded.notices).toEqual(['UNDECODABLE_BYTES_REPLACED']);
  });

  it('a UTF-16 file with an odd last byte says so', () => {
    const decoded = decodeText(Buffer.concat([utf16le('\uFEFF患者'), Buffer.from([0x41])]));
    expect(decoded.text).toBe('患者\uFFFD');
    expect(decoded.notices).toEqual(['UNDECODABLE_BYTES_REPLACED']);
  });

  it('a genuine U+FFFD is text, not damage', () => {
    expect(decodeText(utf8('旧系统导出\uFFFD字')).notices).toEqual([]);
    expect(decodeText(iconv.encode('旧系统导出\uFFFD字', 'gb18030')).text).toBe(
      '旧系统导出\uFFFD字',
    );
  });
});

describe('what is no text is refused with a code', () => {
  it('an empty file, and one that holds only a byte order mark', () => {
    expect(codeOf(() => decodeText(new Uint8Array(0)))).toBe('FILE_EMPTY');
    expect(codeOf(() => decodeText(utf8('\uFEFF')))).toBe('FILE_EMPTY');
    expect(codeOf(() => decodeText(utf16le('\uFEFF')))).toBe('FILE_EMPTY');
  });

  it('a file larger than a record may be', () => {
    expect(codeOf(() => decodeText(new Uint8Array(maxRecordFileBytes + 1).fill(0x61)))).toBe(
      'FILE_TOO_LARGE',
    );
  });

  it('a text of more characters than a record may have', () => {
    expect(codeOf(() => decodeText(new Uint8Array(2_000_001).fill(0x61)))).toBe('TEXT_TOO_LARGE');
    expect(decodeText(new Uint8Array(2_000_000).fill(0x61)).text.length).toBe(2_000_000);
  });

  it.each([
    ['zip', 'PK\x03\x04\x14\x00'],
    ['pdf', '%PDF-1.7\n%\xe2\xe3'],
    ['png', '\x89PNG\r\n\x1a\n'],
    ['gguf', 'GGUF\x03\x00\x00\x00'],
    ['exe', 'MZ\x90\x00\x03\x00\x00\x00'],
    ['elf', '\x7fELF\x02\x01'],
    ['rtf', '{\\rtf1\\ansi'],
    ['doc', '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'],
  ])('a %s renamed to .txt', (_, head) => {
    expect(codeOf(() => decodeText(Buffer.from(head + 'x'.repeat(100), 'latin1')))).toBe(
      'FILE_NOT_TEXT',
    );
  });

  it('bytes full of NULs and controls', () => {
    const bytes = Uint8Array.from({ length: 4000 }, (_, i) => (i * 7919) % 32);
    expect(codeOf(() => decodeText(bytes))).toBe('FILE_NOT_TEXT');
    expect(codeOf(() => decodeText(new Uint8Array(64)))).toBe('FILE_NOT_TEXT');
  });

  it('bytes that are legal in no encoding', () => {
    const bytes = iconv.encode(record, 'gb18030');
    bytes[21] = 0xff;
    expect(codeOf(() => decodeText(bytes))).toBe('ENCODING_UNKNOWN');
    expect(codeOf(() => decodeText(iconv.encode(record, 'gb18030').subarray(0, -1)))).toBe(
      'ENCODING_UNKNOWN',
    );
    expect(codeOf(() => decodeText(Buffer.from('caf\xe9 au lait', 'latin1')))).toBe(
      'ENCODING_UNKNOWN',
    );
  });

  it('four-byte GB18030 beyond Unicode is not text', () => {
    const bytes = Buffer.concat([iconv.encode('患者', 'gb18030'), Buffer.from('fe39fe39', 'hex')]);
    expect(codeOf(() => decodeText(bytes))).toBe('ENCODING_UNKNOWN');
  });
});

it('stray controls, bidi marks and emoji in a text are kept where they are', () => {
  const odd = `患者\0某，\u202E血压\u001b正常。👨‍⚕️${'查体配合。'.repeat(10)}`;
  expect(decodeText(utf8(odd)).text).toBe(odd);
});

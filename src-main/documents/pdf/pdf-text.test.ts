/** PDFs, read without the thread that bounds them. */
import { describe, expect, it } from 'vitest';
import { AppError } from '../../domain/contract/errors';
import { pdfOf, scannedPage, textAt, type PdfOf } from '../fixtures/pdf.fixture';
import { pdfText } from './pdf-text';

const read = (of: PdfOf) => pdfText(new Uint8Array(pdfOf(of)));
const long =
  '患者因反复胸闷气促三天入院，既往高血压病史十年，否认糖尿病史，否认药物过敏史，入院查体未见明显异常。';

describe('the text of a PDF', () => {
  it('has the lines from top to bottom, whatever order they were written in, page after page', async () => {
    const first =
      textAt(50, 700, '第三行。') + textAt(50, 760, '第一行。') + textAt(50, 730, '第二行。');
    const { text, pagesWithoutText } = await read({ pages: [first, textAt(50, 780, '次页。')] });
    expect(text).toBe('第一行。\n第二行。\n第三行。\n次页。');
    expect(pagesWithoutText).toEqual([]);
  });

  it('joins what stands on one line, and names pages that are scans among the others', async () => {
    const line = textAt(50, 780, '血钾') + textAt(300, 780, '3.2');
    const { text, pagesWithoutText } = await read({
      pages: [line + textAt(50, 740, long), scannedPage, scannedPage + textAt(280, 20, '3')],
    });
    expect(text).toMatch(/^血钾\s+3\.2\n患者因反复/);
    expect(pagesWithoutText).toEqual([2, 3]);
  });

  it.each([90, 180, 270])(
    'is the same where its pages are turned by %i degrees',
    async (rotate) => {
      const page = textAt(50, 780, '一二三四五。');
      expect((await read({ pages: [page], rotate })).text).toBe('一二三四五。');
    },
  );

  it('opens without a password that only forbids printing', async () => {
    const page = textAt(50, 780, '可读。');
    const { text } = await read({ pages: [page], encrypt: { user: '', owner: 'secret' } });
    expect(text).toBe('可读。');
  });
});

describe('a PDF that cannot be read says why', () => {
  const codeOf = (reading: Promise<unknown>): Promise<unknown> =>
    reading.then(
      () => 'none',
      (error: unknown) => (error instanceof AppError ? error.code : error),
    );

  it('encrypted, scanned, empty, or with nothing in it', async () => {
    const pages = [textAt(50, 780, long)];
    expect(await codeOf(read({ pages, encrypt: { user: 'a', owner: 'b' } }))).toBe(
      'DOCUMENT_ENCRYPTED',
    );
    expect(await codeOf(read({ pages: [scannedPage, scannedPage] }))).toBe('SCANNED_PDF');
    expect(await codeOf(read({ pages: [''] }))).toBe('EMPTY_TEXT');
    expect(await codeOf(pdfText(new TextEncoder().encode('%PDF-1.7\nnothing\n%%EOF')))).toBe(
      'DOCUMENT_DAMAGED',
    );
  });

  it('cut anywhere, it is damaged and never half a record', async () => {
    const whole = pdfOf({ pages: [textAt(50, 780, long), textAt(50, 780, long)] });
    const shares = [0.1, 0.5, 0.9, 0.99].map((share) => Math.floor(whole.length * share));
    // Without its last mark alone it would still open.
    for (const end of [...shares, whole.lastIndexOf('%%EOF')]) {
      const cut = new Uint8Array(whole.subarray(0, end));
      expect(await codeOf(pdfText(cut))).toBe('DOCUMENT_DAMAGED');
    }
  });
});

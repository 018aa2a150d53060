/**
 * The text layer of a PDF. Pages that show something and hold no text are scans; they are named, never
 * passed over. Nothing is drawn, no image is unpacked, and no script of the file runs.
 */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as PdfjsModule from 'pdfjs-dist/types/src/pdf';
import type { PDFDocumentProxy, PDFPageProxy } from 'pdfjs-dist/types/src/display/api';
import { AppError } from '../../domain/contract/errors';
import { maxRecordChars } from '../../domain/contract/extraction';
import { formRuns } from './form-runs';
import { linesOf, runOf, type Run } from './page-lines';

export const pdfExtractor = 'pdf/1';

export interface PdfText {
  readonly text: string;
  /** Numbers, from 1, of pages that show something and hold no text. */
  readonly pagesWithoutText: readonly number[];
}

/** A page number or a stamp beside an image is no text layer; fewer characters than this are looked into. */
const fewChars = 40;
const maxPages = 10_000;

type Pdfjs = typeof PdfjsModule;

/**
 * @throws AppError `DOCUMENT_DAMAGED` (page), `DOCUMENT_ENCRYPTED`, `SCANNED_PDF` (pages) where no page
 *   has text, `EMPTY_TEXT` where no page shows anything, `TEXT_TOO_LARGE`
 */
export async function pdfText(bytes: Uint8Array): Promise<PdfText> {
  if (Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).lastIndexOf('%%EOF') < 0)
    throw new AppError('DOCUMENT_DAMAGED', { params: { part: 'end' } });
  const pdfjs = await loadPdfjs();
  const document = await open(pdfjs, bytes.slice());
  if (document.numPages > maxPages)
    throw new AppError('DOCUMENT_TOO_COMPLEX', { params: { pages: document.numPages } });
  const pages: string[] = [];
  const doubtful: number[] = [];
  let chars = 0;
  for (let number = 1; number <= document.numPages; number++) {
    const text = await pageText(document, number);
    chars += text.length + 1;
    if (chars > maxRecordChars)
      throw new AppError('TEXT_TOO_LARGE', { params: { chars, limit: maxRecordChars } });
    if (text.replace(/\s/g, '').length < fewChars) doubtful.push(number);
    pages.push(text);
  }
  const strict = doubtful.length === 0 ? null : await open(pdfjs, bytes.slice(), true);
  const scanned: number[] = [];
  for (const number of doubtful) {
    if (strict && (await showsSomething(pdfjs, { document, strict, number }))) scanned.push(number);
  }
  const text = pages.filter((page) => page !== '').join('\n');
  if (text.trim() === '') {
    if (scanned.length === 0) throw new AppError('EMPTY_TEXT');
    throw new AppError('SCANNED_PDF', { params: { pages: document.numPages } });
  }
  return { text, pagesWithoutText: scanned };
}

async function pageText(document: PDFDocumentProxy, number: number): Promise<string> {
  let page: PDFPageProxy | undefined;
  try {
    page = await document.getPage(number);
    const view = page.getViewport({ scale: 1 }).transform;
    // Ligatures and such stay as they are: offsets point into what the file says.
    const { items } = await page.getTextContent({ disableNormalization: true });
    const runs = items.flatMap((item): Run[] => ('str' in item ? runOf(item, view) : []));
    return linesOf([...runs, ...(await formRuns(page, view))]).join('\n');
  } catch (cause) {
    throw new AppError('DOCUMENT_DAMAGED', { params: { page: number }, cause });
  } finally {
    page?.cleanup();
  }
}

/** Strokes and areas of letters that were turned into drawings; a form has fewer lines. */
const manyPaths = 200;

/**
 * Whether there is an image on the page, or a drawing of many parts. Images of any size are forbidden:
 * the tolerant document leaves them out before they are unpacked, the strict one stops at the first, and
 * its list of what to draw is then the shorter one.
 */
async function showsSomething(
  pdfjs: Pdfjs,
  places: {
    readonly document: PDFDocumentProxy;
    readonly strict: PDFDocumentProxy;
    readonly number: number;
  },
): Promise<boolean> {
  const operations: number[][] = [];
  for (const document of [places.document, places.strict]) {
    const page = await document.getPage(places.number);
    const { fnArray } = await page.getOperatorList();
    operations.push(fnArray);
    page.cleanup();
  }
  const [all = [], upToImage = []] = operations;
  const paths = all.filter((operation) => operation === pdfjs.OPS.constructPath).length;
  return upToImage.length < all.length || paths >= manyPaths;
}

async function open(
  pdfjs: Pdfjs,
  data: Uint8Array,
  stopAtErrors = false,
): Promise<PDFDocumentProxy> {
  const folder = pdfjsFolder();
  try {
    return await pdfjs.getDocument({
      data,
      stopAtErrors,
      maxImageSize: 0,
      cMapUrl: join(folder, 'cmaps', '/'),
      standardFontDataUrl: join(folder, 'standard_fonts', '/'),
      useWorkerFetch: false,
      useSystemFonts: false,
      useWasm: false,
      disableFontFace: true,
      isEvalSupported: false,
      isOffscreenCanvasSupported: false,
      isImageDecoderSupported: false,
      enableXfa: false,
      verbosity: pdfjs.VerbosityLevel.ERRORS,
    }).promise;
  } catch (cause) {
    const isLocked = cause instanceof Error && cause.name === 'PasswordException';
    throw new AppError(isLocked ? 'DOCUMENT_ENCRYPTED' : 'DOCUMENT_DAMAGED', { cause });
  }
}

/** Where its character maps and fonts lie. */
function pdfjsFolder(): string {
  return dirname(createRequire(import.meta.url).resolve('pdfjs-dist/package.json'));
}

async function loadPdfjs(): Promise<Pdfjs> {
  pretendToBeNode();
  pretendToDraw();
  // Found there, it is not looked for by a path relative to a file that may be bundled.
  const worker: unknown = await import('pdfjs-dist/legacy/build/pdf.worker.min.mjs' as string);
  Object.assign(globalThis, { pdfjsWorker: worker });
  return (await import('pdfjs-dist/legacy/build/pdf.min.mjs' as string)) as Pdfjs;
}

/** The library takes every process of Electron but the main one for a page, and would want a DOM. */
function pretendToBeNode(): void {
  if ('type' in process) Object.defineProperty(process, 'type', { value: undefined });
}

/**
 * What the library draws with has to be there when it is loaded. It would take them from a drawing
 * library of 32 MB of native code, which no file of ours needs to meet and no package of ours holds.
 */
function pretendToDraw(): void {
  const scope = globalThis as Record<string, unknown>;
  for (const name of ['DOMMatrix', 'ImageData', 'Path2D']) scope[name] ??= Object;
}

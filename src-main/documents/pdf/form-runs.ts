/** What was typed into a form or onto a page lies beside the page's text, and is read with it. */
import type { PDFPageProxy } from 'pdfjs-dist/types/src/display/api';
import type { Run } from './page-lines';

interface Annotation {
  readonly subtype?: unknown;
  readonly fieldType?: unknown;
  readonly fieldValue?: unknown;
  readonly contentsObj?: { readonly str?: unknown };
  readonly rect?: unknown;
  readonly hidden?: unknown;
}

/** @param view the transform of the page's viewport at scale 1 */
export async function formRuns(page: PDFPageProxy, view: readonly number[]): Promise<Run[]> {
  const annotations = (await page.getAnnotations({ intent: 'display' })) as Annotation[];
  return annotations.flatMap((annotation) => {
    const words = wordsOf(annotation);
    const { rect } = annotation;
    if (words === '' || annotation.hidden === true || !isRect(rect)) return [];
    const [left, bottom, right, top] = rect;
    const [a = 1, b = 0, c = 0, d = 1, e = 0, f = 0] = view;
    const lines = words.split(/\r\n?|\n/);
    const size = Math.min(12, (top - bottom) / lines.length || 12);
    return lines.map((text, i) => {
      const y = top - (i + 1) * ((top - bottom) / lines.length) + 0.2 * size;
      return {
        text,
        x: a * left + c * y + e,
        y: b * left + d * y + f,
        width: Math.min(right - left, text.length * size),
        size,
        isUpright: true,
      };
    });
  });
}

function wordsOf({ subtype, fieldType, fieldValue, contentsObj }: Annotation): string {
  if (subtype === 'Widget' && (fieldType === 'Tx' || fieldType === 'Ch')) {
    if (Array.isArray(fieldValue))
      return fieldValue.filter((value) => typeof value === 'string').join('；');
    return typeof fieldValue === 'string' ? fieldValue.trim() : '';
  }
  const typed = contentsObj?.str;
  return subtype === 'FreeText' && typeof typed === 'string' ? typed.trim() : '';
}

function isRect(value: unknown): value is [number, number, number, number] {
  return (
    Array.isArray(value) && value.length === 4 && value.every((part) => typeof part === 'number')
  );
}

/**
 * Records that people have annotated, out of public sets: one JSON object a line.
 *
 * Two layouts, told apart by the keys of each line:
 * - `{text, entities:[{type, start, end, text?}]}`;
 * - CCKS-2019: `{originalText, entities:[{label_type, start_pos, end_pos}]}`.
 * Both count code points, end exclusive. A byte order mark may begin the file, or any line where
 * files were put together. Other keys are ignored.
 */
import { isUtf8 } from 'node:buffer';
import { basename } from 'node:path';
import * as z from 'zod';
import { AppError } from '../domain/contract/errors';
import { maxRecordChars } from '../domain/contract/extraction';
import { Cancelled } from '../domain/contract/rpc';
import { toWellFormed } from '../domain/text/well-formed';
import { readLines } from './lines';

/** Room for the longest record with each of its characters escaped (`\u0000`), and annotations. */
const maxLineBytes = 16_000_000;

export interface Annotation {
  /** As the data set names it. */
  readonly label: string;
  /** UTF-16 units of the record's text, end exclusive. */
  readonly start: number;
  readonly end: number;
}

export interface LabelledRecord {
  /** Number of its line, from 1. */
  readonly line: number;
  /** Well-formed UTF-16, as the program itself would hold it. */
  readonly text: string;
  readonly annotations: readonly Annotation[];
  /** Every label of the line, those of dropped annotations too. */
  readonly labels: ReadonlySet<string>;
  /**
   * Annotations that were dropped, because they end before they begin, lie outside the text or say
   * other words than the text has there; and 1 for a record without any words.
   */
  readonly defects: number;
}

export interface ReadOptions {
  /** Records to read. Defaults to all. */
  readonly limit?: number | undefined;
  readonly signal: AbortSignal;
}

// Labels are shown in errors, so they must be names: a file with its words in the wrong column is not.
const label = z.string().regex(/^[\p{L}\p{N}_+/.-]{1,24}$/u);
const nativeLine = z.object({
  text: z.string(),
  entities: z.array(
    z.object({ type: label, start: z.int(), end: z.int(), text: z.string().optional() }),
  ),
});
const ccksLine = z.object({
  originalText: z.string(),
  entities: z.array(z.object({ label_type: label, start_pos: z.int(), end_pos: z.int() })),
});

/** An annotation as it stands in the file: code points. */
interface Claim {
  readonly label: string;
  readonly start: number;
  readonly end: number;
  readonly words: string | undefined;
}

/**
 * @throws AppError `FILE_UNREADABLE`; `FILE_EMPTY` where there is no record; `DATASET_LINE_INVALID`
 *   and `TEXT_TOO_LARGE` with the line's number, never its words
 * @throws Cancelled
 */
export async function* labelledRecords(
  path: string,
  { limit = Infinity, signal }: ReadOptions,
): AsyncGenerator<LabelledRecord> {
  let count = 0;
  for await (const { number, bytes } of readLines(path, maxLineBytes)) {
    if (signal.aborted) throw new Cancelled();
    const text = textOf(bytes, number);
    if (text === '') continue;
    yield recordOf(text, number);
    if (++count >= limit) break;
  }
  if (count === 0) throw new AppError('FILE_EMPTY', { params: { file: basename(path) } });
}

function textOf(bytes: Buffer, line: number): string {
  if (!isUtf8(bytes)) throw invalid(line, 'UTF-8');
  // `trim` also takes a byte order mark away, which is white space in ECMAScript.
  return bytes.toString('utf8').trim();
}

function recordOf(json: string, line: number): LabelledRecord {
  const { text: raw, claims } = parse(json, line);
  if (raw.length > maxRecordChars) {
    throw new AppError('TEXT_TOO_LARGE', {
      params: { line, chars: raw.length, limit: maxRecordChars },
    });
  }
  const text = toWellFormed(raw);
  const offsets = codePointOffsets(text);
  const annotations: Annotation[] = [];
  for (const { label, start, end, words } of claims) {
    const from = offsets[start];
    const to = offsets[end];
    if (from === undefined || to === undefined || end <= start) continue;
    if (words !== undefined && text.slice(from, to) !== toWellFormed(words)) continue;
    annotations.push({ label, start: from, end: to });
  }
  return {
    line,
    text,
    annotations,
    labels: new Set(claims.map((claim) => claim.label)),
    defects: claims.length - annotations.length + (text.trim() === '' ? 1 : 0),
  };
}

function parse(json: string, line: number): { text: string; claims: Claim[] } {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    // Not kept as the cause: the parser's message quotes the line.
    throw invalid(line, 'JSON');
  }
  if (typeof value === 'object' && value !== null && 'originalText' in value) {
    const { originalText, entities } = checked(ccksLine.safeParse(value), line);
    const claims = entities.map(({ label_type, start_pos, end_pos }) => ({
      label: label_type,
      start: start_pos,
      end: end_pos,
      words: undefined,
    }));
    return { text: originalText, claims };
  }
  const { text, entities } = checked(nativeLine.safeParse(value), line);
  const claims = entities.map(({ type, start, end, text: words }) => ({
    label: type,
    start,
    end,
    words,
  }));
  return { text, claims };
}

function checked<T>(result: z.ZodSafeParseResult<T>, line: number): T {
  if (result.success) return result.data;
  const path = result.error.issues[0]?.path.join('.') ?? '';
  throw invalid(line, path === '' ? 'record' : path);
}

function invalid(line: number, field: string): AppError {
  return new AppError('DATASET_LINE_INVALID', { params: { line, field } });
}

/** UTF-16 offset of each code point, and of the text's end. */
function codePointOffsets(text: string): readonly number[] {
  const offsets: number[] = [];
  let offset = 0;
  for (const char of text) {
    offsets.push(offset);
    offset += char.length;
  }
  offsets.push(offset);
  return offsets;
}

/**
 * The audit log's files, format version 1: JSON lines, readable without this program and without a
 * key, because they hold nothing clinical and an auditor's tools should read them.
 *
 * `audit-000001.jsonl`, `audit-000002.jsonl` and so on. The first line of each says the format, the
 * number of the entry that follows and the hash of the last line before; each later line is an entry
 * with `prev`, the SHA-256 of the line before it (its bytes without the line end). So a line cannot be
 * changed, put in, taken out or moved without changing every later one, and the signed anchors among
 * them fix where they stand.
 */
import { createHash } from 'node:crypto';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { AppError } from '../../domain/contract/errors';
import { auditEntrySchema, type AuditEntry } from '../../domain/contract/audit';
import { readFully, readProblem, systemCode } from '../files';

export const auditFormat = 1;

/** A segment is closed when it is longer, so that reading one takes little memory. */
export const segmentBytes = 8 * 1024 * 1024;
/** Longest segment that is read at all; a longer one was not written by this program. */
const mostSegmentBytes = 4 * segmentBytes;

/** What precedes the first entry of all. */
export const genesis = '0'.repeat(64);

const hashSchema = z.string().regex(/^[0-9a-f]{64}$/);
const headSchema = z.object({
  format: z.literal(auditFormat),
  firstN: z.int().positive(),
  prev: hashSchema,
});
export type SegmentHead = z.infer<typeof headSchema>;

const lineSchema = auditEntrySchema.extend({ prev: hashSchema });

export interface Line {
  readonly entry: AuditEntry;
  /** Hash of the line before. */
  readonly prev: string;
  /** Hash of this line. */
  readonly hash: string;
}

export interface Segment {
  readonly head: SegmentHead | null;
  /** Hash of the head's line. */
  readonly headHash: string;
  /** Entries in their order; null for a line that is none. */
  readonly lines: readonly (Line | null)[];
  /** Bytes after the last line end. */
  readonly tornBytes: number;
  readonly bytes: number;
}

export function segmentName(number: number): string {
  return `audit-${String(number).padStart(6, '0')}.jsonl`;
}

/** Numbers of the segments of a folder, in order. */
export async function segmentsOf(folder: string): Promise<number[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return [];
    throw readProblem(error);
  });
  return names
    .flatMap((name) => {
      const digits = /^audit-([0-9]{6})\.jsonl$/.exec(name)?.[1];
      return digits === undefined ? [] : [Number(digits)];
    })
    .sort((a, b) => a - b);
}

/**
 * Reads a segment as it lies; what is wrong in it is for the caller to judge.
 *
 * @throws AppError `STORE_READ_FAILED`, `STORE_NEWER`, `STORE_CORRUPT` for one that is far too long
 */
export async function readSegment(folder: string, number: number): Promise<Segment> {
  let bytes: Buffer;
  try {
    const file = await open(join(folder, segmentName(number)), 'r');
    try {
      const { size } = await file.stat();
      if (size > mostSegmentBytes) {
        throw new AppError('STORE_CORRUPT', { params: { offset: mostSegmentBytes } });
      }
      bytes = Buffer.alloc(size);
      bytes = bytes.subarray(0, await readFully(file, bytes, 0));
    } finally {
      await file.close();
    }
  } catch (error) {
    throw error instanceof AppError ? error : readProblem(error);
  }
  const end = bytes.lastIndexOf(0x0a) + 1;
  const [first, ...rest] = splitLines(bytes.subarray(0, end));
  const head = first ? parse(first) : null;
  const format = z.object({ format: z.number() }).safeParse(head);
  if (format.success && format.data.format > auditFormat) {
    throw new AppError('STORE_NEWER', { params: { format: format.data.format } });
  }
  const parsed = headSchema.safeParse(head);
  return {
    head: parsed.success ? parsed.data : null,
    headHash: first ? hashOf(first) : genesis,
    lines: rest.map(lineOf),
    tornBytes: bytes.byteLength - end,
    bytes: bytes.byteLength,
  };
}

export function encodeHead(head: SegmentHead): Buffer {
  return Buffer.from(`${JSON.stringify(head)}\n`, 'utf-8');
}

/** @returns the line with its end, and its hash */
export function encodeEntry(entry: AuditEntry, prev: string): { line: Buffer; hash: string } {
  const text = JSON.stringify({ ...entry, prev });
  return { line: Buffer.from(`${text}\n`, 'utf-8'), hash: hashOf(Buffer.from(text, 'utf-8')) };
}

export function hashOf(line: Uint8Array): string {
  return createHash('sha256').update(line).digest('hex');
}

function splitLines(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let from = 0; from < bytes.byteLength;) {
    const end = bytes.indexOf(0x0a, from);
    lines.push(bytes.subarray(from, end));
    from = end + 1;
  }
  return lines;
}

function lineOf(bytes: Buffer): Line | null {
  const parsed = lineSchema.safeParse(parse(bytes));
  if (!parsed.success) return null;
  const { prev, ...entry } = parsed.data;
  return { entry, prev, hash: hashOf(bytes) };
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

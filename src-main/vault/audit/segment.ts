/**
 * The audit log's files, format version 1: JSON lines, readable without this program and without a
 * key, because they hold nothing clinical and an auditor's tools should read them.
 *
 * `audit-000001.jsonl`, `audit-000002.jsonl` and so on. The first line of each says the format, the
 * number of the entry that follows and the hash of the last line before; each later line is an entry
 * with `prev`, the SHA-256 of the line before it (its bytes without the line end). So a line cannot be
 * changed, put in, taken out or moved without changing every later one, and the signed anchors among
 * them fix where they stand.
 *
 * A line has one form only: the keys in the order of the schema, nothing between them. Whatever else
 * would parse to the same entry is no line of ours.
 */
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import * as z from 'zod';
import { AppError } from '../../domain/contract/errors';
import { auditEntrySchema, type AuditEntry } from '../../domain/contract/audit';
import { readProblem, systemCode } from '../files';

export const auditFormat = 1;

/** A segment is closed when it is longer. */
export const segmentBytes = 8 * 1024 * 1024;
/** Longest segment that is read at all; a longer one was not written by this program. */
export const mostSegmentBytes = 4 * segmentBytes;
/** Longest line; the longest entry has a tenth of it. */
export const mostLineBytes = 16 * 1024;

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

export function segmentName(number: number): string {
  return `audit-${String(number).padStart(6, '0')}.jsonl`;
}

/** Numbers of the segments of a folder, in order. @throws AppError `STORE_READ_FAILED` */
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

export function encodeHead({ firstN, prev }: Omit<SegmentHead, 'format'>): Buffer {
  return Buffer.from(`${JSON.stringify({ format: auditFormat, firstN, prev })}\n`, 'utf-8');
}

/** @returns null for what is no head. @throws AppError `STORE_NEWER` */
export function decodeHead(bytes: Buffer): SegmentHead | null {
  const value = parse(bytes);
  const format = z.object({ format: z.number() }).safeParse(value);
  if (format.success && format.data.format > auditFormat) {
    throw new AppError('STORE_NEWER', { params: { format: format.data.format } });
  }
  const head = headSchema.safeParse(value);
  return head.success && encodeHead(head.data).subarray(0, -1).equals(bytes) ? head.data : null;
}

/**
 * @param entry as the schema gives it, so that its keys have their order
 * @returns the line with its end, and its hash
 */
export function encodeEntry(entry: AuditEntry, prev: string): { line: Buffer; hash: string } {
  const line = Buffer.from(`${JSON.stringify({ ...entry, prev })}\n`, 'utf-8');
  return { line, hash: hashOf(line.subarray(0, -1)) };
}

/** @param bytes without the line end. @returns null for what is no entry in its one form */
export function decodeLine(bytes: Buffer): Line | null {
  const parsed = lineSchema.safeParse(parse(bytes));
  if (!parsed.success) return null;
  const { prev, ...entry } = parsed.data;
  const { line, hash } = encodeEntry(entry, prev);
  return line.subarray(0, -1).equals(bytes) ? { entry, prev, hash } : null;
}

/** Number and time of a line, from its first bytes; null for what is no entry. A fraction of `decodeLine`. */
export function placeOfLine(bytes: Buffer): { n: number; at: number } | null {
  const found = /^\{"n":([0-9]{1,16}),"at":([0-9]{1,16}),/.exec(bytes.toString('latin1', 0, 64));
  return found ? { n: Number(found[1]), at: Number(found[2]) } : null;
}

export function hashOf(line: Uint8Array): string {
  return createHash('sha256').update(line).digest('hex');
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

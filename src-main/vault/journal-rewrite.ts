/**
 * A journal made of another one, frame by frame: without the rows whose key was destroyed, or under
 * another data key. Both keep every sequence number, so that windows need not read everything again.
 */
import { AppError } from '../domain/contract/errors';
import type { JournalRow } from '../domain/contract/record';
import { readFully, readProblem, type VaultFile } from './files';
import type { Chain } from './journal-chain';
import { decodeRowHead, type DroppedRow, type HeaderFields, type NewRow } from './journal-format';
import type { FramePlace, JournalIndex } from './journal-index';
import type { ScanResult } from './journal-scan';
import { JournalWriter } from './journal-writer';

export interface RewriteSource {
  readonly file: VaultFile;
  readonly index: JournalIndex;
}

/** Called with how many parts of how many are done. */
export type OnProgress = (done: number, total: number) => void;

/** Seals a row of no record under the key that comes. */
export type ReSealed = (row: JournalRow) => Promise<JournalRow['sealed']>;

/**
 * Writes the journal to `path` without what can no longer be read.
 *
 * @throws AppError `DISK_FULL`, `STORE_WRITE_FAILED`, `STORE_READ_FAILED`, `STORE_CORRUPT`; nothing is
 *   left at `path` then
 */
export function compacted(
  source: RewriteSource,
  path: string,
  header: HeaderFields,
  chain: Chain,
  dataKeyId: string,
): Promise<ScanResult> {
  return rewritten(source, path, { ...header, dataKeyId }, chain, async (row) => row);
}

/** Writes the journal to `path` under the data key of `fields`, also without such rows. @throws as `compacted` */
export function resealed(
  source: RewriteSource,
  path: string,
  fields: HeaderFields,
  chain: Chain,
  reseal: ReSealed,
  onProgress?: OnProgress,
): Promise<ScanResult> {
  return rewritten(
    source,
    path,
    fields,
    chain,
    async (row, seq) =>
      row.table === 'deletion' ? { ...row, sealed: await reseal({ ...row, seq }) } : row,
    onProgress,
  );
}

async function rewritten(
  { file, index }: RewriteSource,
  path: string,
  fields: HeaderFields,
  chain: Chain,
  change: (row: NewRow, seq: number) => Promise<NewRow>,
  onProgress?: OnProgress,
): Promise<ScanResult> {
  const writer = await JournalWriter.create(path, fields, chain);
  try {
    for (let number = 0; number < index.frames; number += 1) {
      const frame = index.frame(number);
      if (!frame) throw new AppError('INTERNAL');
      const rows: (NewRow | DroppedRow)[] = [];
      for (const { row, seq } of await rowsOfFrame(file, frame, index))
        rows.push('dropped' in row ? row : await change(row, seq));
      await writer.frame(rows);
      onProgress?.(number + 1, index.frames);
    }
    return await writer.finish();
  } catch (error) {
    await writer.discard();
    throw error;
  }
}

/** The rows of a frame; those whose key was destroyed only as what the chain needs of them. */
async function rowsOfFrame(
  file: VaultFile,
  frame: FramePlace,
  index: JournalIndex,
): Promise<{ seq: number; row: NewRow | DroppedRow }[]> {
  const bytes = new Uint8Array(frame.end - frame.offset);
  let got: number;
  try {
    got = await readFully(file, bytes, frame.offset);
  } catch (error) {
    throw readProblem(error);
  }
  if (got !== bytes.byteLength) throw new AppError('STORE_READ_FAILED');
  const rows: { seq: number; row: NewRow | DroppedRow }[] = [];
  for (let seq = frame.firstSeq; seq <= frame.lastSeq; seq += 1) {
    const place = index.place(seq);
    const at = (place?.offset ?? 0) - frame.offset;
    const head = place ? decodeRowHead(bytes, at) : null;
    if (!place || !head?.table) throw new AppError('STORE_CORRUPT', { params: { seq } });
    const { table, id, version, sealedBytes } = head;
    if (index.isReadable(place)) {
      const from = at + head.headBytes;
      rows.push({
        seq,
        row: { table, id, version, sealed: bytes.subarray(from, from + sealedBytes) },
      });
      continue;
    }
    const keyId = new Uint8Array(Buffer.from(place.keyId, 'hex'));
    rows.push({
      seq,
      row: { table, id, version, dropped: { sealedBytes, keyId, sha256: place.sha256 } },
    });
  }
  return rows;
}

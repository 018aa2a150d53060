/**
 * Reading a journal from its beginning, when it is opened: fills the index and decides whether the
 * end is whole, torn (to be cut off), or the file is damaged or was changed by someone. Nothing is
 * modified here, and memory is bounded by one window whatever the file claims about its sizes.
 */
import { createHash } from 'node:crypto';
import { AppError } from '../domain/contract/errors';
import { readFully, type VaultFile } from './files';
import { endOfSoundFrame, ReadWindow, windowBytes } from './frame-scan';
import { macBytes, sameMac, type Chain, type RowProof } from './journal-chain';
import {
  checkFileHeader,
  decodeFileHeader,
  decodeRowHead,
  droppedBytes,
  fileHeaderBytes,
  frameHeaderBytes,
  maxFrameRows,
  maxRowHeadBytes,
  payloadHeadBytes,
  provenHead,
  viewOf,
  type JournalHeader,
  type RowHead,
} from './journal-format';
import { JournalIndex } from './journal-index';

export interface ScanResult {
  readonly header: JournalHeader;
  /** Holds every committed row. */
  readonly index: JournalIndex;
  /** Where the last whole frame ends. */
  readonly end: number;
  /** Bytes of a torn frame after that; they were never acknowledged. */
  readonly tornBytes: number;
  /** MAC of the last frame, or of the header. */
  readonly mac: Uint8Array;
}

/** What a journal of the present format is checked with. */
export interface ScanKeys {
  /** 16 hexadecimal digits. */
  readonly dataKeyId: string;
  readonly chain: Chain;
}

/** The header of a journal, which says its format. @throws AppError `STORE_CORRUPT`, `STORE_NEWER` */
export async function readHeader(file: VaultFile): Promise<JournalHeader> {
  const bytes = new Uint8Array(fileHeaderBytes);
  return decodeFileHeader(bytes.subarray(0, await readFully(file, bytes, 0)));
}

/**
 * @param keys null for a journal of format version 1, which has no chain
 * @throws AppError `STORE_CORRUPT` with the offset, `STORE_TAMPERED` with the offset,
 *   `STORE_OTHER_KEY`, `STORE_NEWER`
 */
export async function scanJournal(file: VaultFile, keys: ScanKeys | null): Promise<ScanResult> {
  const { size } = await file.stat();
  const window = new ReadWindow(file);
  const headerBytes = await window.at(0, Math.min(fileHeaderBytes, size));
  const header = decodeFileHeader(headerBytes);
  if ((header.format === 1) !== (keys === null)) {
    throw new AppError('STORE_CORRUPT', { params: { offset: 0 } });
  }
  if (keys) checkFileHeader(headerBytes, header, keys.dataKeyId, keys.chain);
  const index = new JournalIndex(header.bytes);
  /** Keys of rows that were left out: each must have been destroyed, as a row of the journal says. */
  const droppedKeys = new Set<string>();
  let mac = header.mac;
  let at = header.bytes;
  while (at < size) {
    const frameEnd = await endOfSoundFrame(window, at, size, 'STORE_CORRUPT');
    if (frameEnd === null) break;
    mac = await indexFrame({ window, index, droppedKeys, before: mac, keys }, at, frameEnd);
    at = frameEnd;
  }
  for (const keyId of droppedKeys)
    if (!index.deletedKeys.has(keyId)) throw new AppError('STORE_TAMPERED');
  return { header, index, end: at, tornBytes: size - at, mac };
}

interface FrameScan {
  readonly window: ReadWindow;
  readonly index: JournalIndex;
  readonly droppedKeys: Set<string>;
  readonly before: Uint8Array;
  readonly keys: ScanKeys | null;
}

/** Adds the rows of a frame whose checksum is right, and checks its place in the chain. */
async function indexFrame(
  { window, index, droppedKeys, before, keys }: FrameScan,
  start: number,
  end: number,
): Promise<Uint8Array> {
  const corrupt = new AppError('STORE_CORRUPT', { params: { offset: start } });
  const tampered = new AppError('STORE_TAMPERED', { params: { offset: start } });
  const rowsEnd = keys ? end - macBytes : end;
  const firstSeq = index.lastSeq + 1;
  let at = start + frameHeaderBytes;
  if (at + payloadHeadBytes > rowsEnd) throw corrupt;
  const head = viewOf(await window.at(at, payloadHeadBytes));
  const count = head.getUint32(8);
  // The chain says more than the numbers do, but only of the rows as they stand: so, numbers first.
  if (head.getBigUint64(0) !== BigInt(firstSeq)) throw keys ? tampered : corrupt;
  if (count === 0 || count > maxFrameRows) throw corrupt;
  at += payloadHeadBytes;
  const proofs: RowProof[] = [];
  for (let row = 0; row < count; row += 1) {
    const headBytes = await window.at(at, Math.min(maxRowHeadBytes, rowsEnd - at));
    const found = decodeRowHead(headBytes, 0);
    if (found === null || (found.dropped && !keys)) throw corrupt;
    if (found.table === null) throw new AppError('STORE_NEWER', { params: { offset: at } });
    const bytes = found.headBytes + found.bodyBytes;
    if (at + bytes > rowsEnd) throw corrupt;
    const newest = index.newestVersion(found.table, found.id);
    if (found.version !== newest + 1) throw keys ? tampered : corrupt;
    const provenAs = provenHead(headBytes, 0, found);
    const proof = await proofOf(window, at + found.headBytes, found, provenAs);
    const { dropped, version } = found;
    index.add(found.table, found.id, { ...proof, offset: at, bytes, version, dropped });
    if (dropped) droppedKeys.add(Buffer.from(proof.keyId).toString('hex'));
    proofs.push(proof);
    at += bytes;
  }
  if (at !== rowsEnd) throw corrupt;
  if (!keys) {
    index.addFrame(end, before);
    return before;
  }
  const mac = (await window.at(at, macBytes)).slice();
  if (!sameMac(mac, keys.chain.ofFrame(before, firstSeq, proofs))) throw tampered;
  index.addFrame(end, mac);
  return mac;
}

async function proofOf(
  window: ReadWindow,
  bodyAt: number,
  { dropped, sealedBytes }: RowHead,
  head: Uint8Array,
): Promise<RowProof> {
  if (dropped) {
    const body = (await window.at(bodyAt, droppedBytes)).slice();
    return { head, keyId: body.subarray(0, 8), sha256: body.subarray(8) };
  }
  const keyId = sealedBytes < 10 ? new Uint8Array(8) : (await window.at(bodyAt, 10)).slice(2, 10);
  const sha = createHash('sha256');
  for (let done = 0; done < sealedBytes; done += windowBytes) {
    sha.update(await window.at(bodyAt + done, Math.min(windowBytes, sealedBytes - done)));
  }
  return { head, keyId, sha256: sha.digest() };
}

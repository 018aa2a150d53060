/** Whether a log is as it was written, and from which anchor on that is certain. */
import type { AuditFault, AuditVerification } from '../../domain/contract/audit';
import { isAnchorSound } from './anchor';
import { genesis, readSegment, segmentsOf } from './segment';

/** Faults that are listed; the first is what matters. */
const mostFaults = 20;

export interface VerifyOptions {
  /** Every signing key that was ever this user's. */
  signingKeysOf(userId: string): readonly string[];
  /** The newest anchor that is known from elsewhere; a log that was cut before it lacks it. */
  readonly newestAnchor?: { readonly n: number; readonly signature: string } | undefined;
}

/**
 * Reads the whole log, a segment at a time.
 *
 * @throws AppError `STORE_READ_FAILED`, `STORE_NEWER`, `STORE_CORRUPT`
 */
export async function verifyAudit(
  folder: string,
  { signingKeysOf, newestAnchor }: VerifyOptions,
): Promise<AuditVerification> {
  const faults: { fault: AuditFault; after: number }[] = [];
  let entries = 0;
  let anchors = 0;
  let n = 0;
  let hash: string | null = null;
  let certainTo: AuditVerification['certainTo'] = null;
  let foundNewest = newestAnchor === undefined;
  /** Where the log begins, when that is not at its first entry. */
  let beginsAfter: { n: number; hash: string } | null = null;
  let removal = false;
  /**
   * Anchors whose signer this vault never knew: right only for one that was wiped or replaced by a
   * backup later on, and then they make nothing certain.
   */
  const strangers: number[] = [];
  const note = (fault: AuditFault): void => {
    if (faults.length < mostFaults) faults.push({ fault, after: n });
  };
  for (const number of await segmentsOf(folder)) {
    const segment = await readSegment(folder, number);
    if (!segment.head) {
      note('unreadable');
      hash = null;
      continue;
    }
    const { firstN, prev } = segment.head;
    if (entries === 0 && hash === null) {
      if (firstN !== 1 || prev !== genesis) beginsAfter = { n: firstN - 1, hash: prev };
      n = firstN - 1;
    } else if (prev !== hash) {
      note('chain-broken');
    }
    if (firstN !== n + 1) note('number');
    n = firstN - 1;
    hash = segment.headHash;
    for (const line of segment.lines) {
      if (!line) {
        note('unreadable');
        hash = null;
        continue;
      }
      if (line.prev !== hash) note('chain-broken');
      if (line.entry.n !== n + 1) note('number');
      const { event, at } = line.entry;
      entries += 1;
      n = line.entry.n;
      hash = line.hash;
      if (event.kind === 'audit-removed' && beginsAfter) {
        if (event.upTo === beginsAfter.n && event.hash === beginsAfter.hash) removal = true;
      }
      if (event.kind === 'restored' || event.kind === 'wiped') strangers.length = 0;
      if (event.kind !== 'anchor') continue;
      if (signingKeysOf(line.entry.actor).length === 0) {
        strangers.push(n);
        continue;
      }
      if (!isAnchorSound(line.entry, line.prev, signingKeysOf)) {
        note('anchor-invalid');
        continue;
      }
      anchors += 1;
      if (newestAnchor?.n === n && newestAnchor.signature === event.anchor.signature) {
        foundNewest = true;
      }
      if (faults.length === 0) certainTo = { n, at };
    }
    if (segment.tornBytes > 0) note('unreadable');
  }
  for (const after of strangers)
    if (faults.length < mostFaults) faults.push({ fault: 'anchor-invalid', after });
  if (beginsAfter && !removal) note('beginning-missing');
  if (!foundNewest) note('end-missing');
  return { entries, anchors, certainTo, faults };
}

/** Whether a log is as it was written, and from which anchor on that is certain. */
import { AppError } from '../../domain/contract/errors';
import type { AuditEvent, AuditFault, AuditVerification } from '../../domain/contract/audit';
import { leastAuditDays } from '../../domain/contract/policy';
import { decodeLine, genesis, segmentsOf, type Line, type SegmentHead } from './segment';
import { scanSegment } from './scan-segment';
import { isSignedSoundly, type SigningKeysOf } from './signed-entry';

/** Faults that are listed; the first is what matters. */
const mostFaults = 20;

export interface VerifyOptions {
  readonly signingKeysOf: SigningKeysOf;
  /** The newest anchor that is known from elsewhere; a log that was cut before it lacks it. */
  readonly newestAnchor?: { readonly n: number; readonly signature: string } | undefined;
  /** How far a log that is open now is stored. Defaults to the whole last segment. */
  readonly end?: { readonly segment: number; readonly bytes: number };
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads the whole log, a piece at a time.
 *
 * Found are lines changed, taken out, put in or moved, by the chain; a log that was rewritten with
 * right hashes, by the signatures of its anchors; segments taken away from the beginning, unless a
 * signed entry says that they went by rule. That lines are missing behind the last anchor only the
 * caller can know, who gives `newestAnchor`.
 *
 * @throws AppError `STORE_READ_FAILED`, `STORE_NEWER`; what `signal` says
 */
export async function verifyAudit(
  folder: string,
  options: VerifyOptions,
): Promise<AuditVerification> {
  const { end, signal } = options;
  const verification = new Verification(options);
  for (const number of await segmentsOf(folder)) {
    if (end && number > end.segment) break;
    const bytes = number === end?.segment ? end.bytes : undefined;
    try {
      const { tornBytes } = await scanSegment(
        folder,
        number,
        {
          head: (head, hash) => verification.head(head, hash),
          line: (line) => verification.line(line && decodeLine(line)),
        },
        { bytes, signal },
      );
      if (tornBytes > 0) verification.torn();
    } catch (error) {
      // Far too long to be ours: nothing of it was read.
      if (!(error instanceof AppError && error.code === 'STORE_CORRUPT')) throw error;
      verification.head(null, '');
    }
  }
  return verification.result();
}

class Verification {
  readonly #options: VerifyOptions;
  readonly #faults: { fault: AuditFault; after: number }[] = [];
  #entries = 0;
  #anchors = 0;
  #begun = false;
  #n = 0;
  /** Hash of the line before; null when that could not be read. */
  #hash: string | null = null;
  /** Whether this segment's lines have followed from its head so far, and the last one that did. */
  #intact = true;
  #lastSound = genesis;
  /** Number that the next line must have; a line that cannot be read had one too. */
  #next = 1;
  /** Greatest number so far, counted as `endOfLog` does. */
  #greatest = 0;
  #certainTo: AuditVerification['certainTo'] = null;
  #certainFrom: AuditVerification['certainFrom'] = null;
  #foundNewest: boolean;
  /** Where the log begins, when that is not at its first entry. */
  #beginsAfter: { readonly n: number; readonly hash: string } | null = null;
  #removalFits = false;
  /**
   * Anchors whose signer this vault never knew: right only for one that was wiped or replaced by a
   * backup later on, and then they make nothing certain.
   */
  #strangers: number[] = [];

  constructor(options: VerifyOptions) {
    this.#options = options;
    this.#foundNewest = options.newestAnchor === undefined;
  }

  head(head: SegmentHead | null, hash: string): boolean {
    if (!head) {
      this.#note('unreadable');
      this.#begun = true;
      [this.#hash, this.#intact] = [null, false];
      return true;
    }
    const n = head.firstN - 1;
    if (!this.#begun) {
      if (n !== 0 || head.prev !== genesis) this.#beginsAfter = { n, hash: head.prev };
    } else if (!this.#intact && head.prev === this.#lastSound) {
      // The program went on behind a damage, which is named already, with numbers never used.
      if (n !== this.#greatest) this.#note('number');
      // Nothing that follows says how the damaged segment ended.
      this.#certainFrom = null;
    } else {
      if (this.#hash !== null && head.prev !== this.#hash) this.#note('chain-broken');
      if (head.firstN !== this.#next) this.#note('number');
    }
    this.#begun = true;
    [this.#n, this.#next, this.#greatest] = [n, head.firstN, n];
    [this.#hash, this.#lastSound, this.#intact] = [hash, hash, true];
    return true;
  }

  line(line: Line | null): void {
    if (!line) {
      this.#note('unreadable');
      [this.#hash, this.#intact] = [null, false];
      this.#greatest += 1;
      this.#next += 1;
      return;
    }
    const { entry, prev, hash } = line;
    // Behind what cannot be read there is nothing to compare with, and that is named already.
    if (this.#hash !== null && prev !== this.#hash) this.#broken('chain-broken');
    if (entry.n !== this.#next) this.#broken('number');
    this.#entries += 1;
    this.#n = entry.n;
    this.#next = entry.n + 1;
    this.#greatest = Math.max(this.#greatest, entry.n);
    this.#hash = hash;
    if (this.#intact) this.#lastSound = hash;
    const { kind } = entry.event;
    if (kind === 'restored' || kind === 'wiped') this.#strangers = [];
    if (entry.event.kind === 'anchor') this.#anchor(line, entry.event);
    if (entry.event.kind === 'audit-removed') this.#removal(line, entry.event);
  }

  torn(): void {
    this.#note('unreadable');
    [this.#hash, this.#intact] = [null, false];
  }

  result(): AuditVerification {
    for (const after of this.#strangers) {
      if (this.#faults.length < mostFaults) this.#faults.push({ fault: 'anchor-invalid', after });
    }
    if (this.#beginsAfter && !this.#removalFits) {
      this.#faults.push({ fault: 'beginning-missing', after: 0 });
    }
    if (!this.#foundNewest) this.#faults.push({ fault: 'end-missing', after: this.#n });
    return {
      entries: this.#entries,
      anchors: this.#anchors,
      certainTo: this.#certainTo,
      certainFrom: this.#certainFrom,
      faults: this.#faults,
    };
  }

  #anchor({ entry, prev }: Line, { anchor }: Extract<AuditEvent, { kind: 'anchor' }>): void {
    if (this.#options.signingKeysOf(entry.actor).length === 0) {
      this.#strangers.push(entry.n);
      return;
    }
    if (!isSignedSoundly(entry, prev, this.#options.signingKeysOf)) {
      this.#note('anchor-invalid');
      return;
    }
    const { n, at } = entry;
    const { newestAnchor } = this.#options;
    this.#anchors += 1;
    if (newestAnchor?.n === n && newestAnchor.signature === anchor.signature) {
      this.#foundNewest = true;
    }
    if (this.#faults.length === 0) this.#certainTo = { n, at };
    else this.#certainFrom ??= { n, at };
  }

  #removal(
    { entry, prev }: Line,
    { upTo, hash, newest }: Extract<AuditEvent, { kind: 'audit-removed' }>,
  ): void {
    if (upTo !== this.#beginsAfter?.n || hash !== this.#beginsAfter.hash) return;
    const wasOld = entry.at - newest > leastAuditDays * 86_400_000;
    if (wasOld && isSignedSoundly(entry, prev, this.#options.signingKeysOf)) {
      this.#removalFits = true;
    }
  }

  #broken(fault: AuditFault): void {
    this.#note(fault);
    this.#intact = false;
  }

  #note(fault: AuditFault): void {
    if (this.#faults.length < mostFaults) this.#faults.push({ fault, after: this.#n });
    this.#certainFrom = null;
  }
}

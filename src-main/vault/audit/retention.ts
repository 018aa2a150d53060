/**
 * Which segments are old enough to go. Whole ones only, from the beginning, and none that is younger
 * by the clock, or by the log itself: a clock that runs ahead for a day makes everything look old, but
 * the log has then not seen that time pass.
 */
import { leastAuditDays } from '../../domain/contract/policy';
import { placeOfLine } from './segment';
import { endOfSegment } from './log-end';
import { scanSegment } from './scan-segment';

const dayMs = 86_400_000;
/** A longer pause between two entries proves nothing: the clock may have been set in between. */
const longestPauseMs = 4 * dayMs;

export interface OldSegment {
  readonly number: number;
  /** Number, hash and latest time of its entries. */
  readonly upTo: number;
  readonly hash: string;
  readonly newest: number;
}

/**
 * The first segment of all when it is old enough, else null.
 *
 * @param segments in their order; the last one is being written and never old
 * @param days fewer than 184 count as 184
 * @param now milliseconds since the epoch
 * @throws AppError as `scanSegment`
 */
export async function oldestToRemove(
  folder: string,
  segments: readonly number[],
  days: number,
  now: number,
): Promise<OldSegment | null> {
  const [first, ...later] = segments;
  if (first === undefined || later.length === 0) return null;
  const kept = Math.max(days, leastAuditDays) * dayMs;
  const { sound, n, hash, at: newest, tornBytes } = await endOfSegment(folder, first);
  // Evidence of a change is not cleaned away.
  if (!sound || tornBytes > 0) return null;
  if (now - newest <= kept) return null;
  if ((await seenSince(folder, later, newest, now)) <= kept) return null;
  return { number: first, upTo: n, hash, newest };
}

/** Time that passed since `start` in steps that the log has seen, milliseconds. */
async function seenSince(
  folder: string,
  segments: readonly number[],
  start: number,
  now: number,
): Promise<number> {
  let latest = start;
  let seen = 0;
  const see = (at: number): void => {
    if (at <= latest) return;
    if (at - latest <= longestPauseMs) seen += at - latest;
    latest = at;
  };
  for (const number of segments) {
    await scanSegment(folder, number, {
      line: (bytes) => {
        const place = bytes && placeOfLine(bytes);
        if (place) see(place.at);
      },
    });
  }
  see(now);
  return seen;
}

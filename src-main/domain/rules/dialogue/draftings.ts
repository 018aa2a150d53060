/** Every drafting of a reply with what a doctor decided about it, out of the versions that were committed. */
import type { StoredReply } from '../../contract/conversation';

/** What was asked for at once, and the drafts that came. */
export interface StoredDrafting extends Pick<
  StoredReply,
  'turns' | 'options' | 'candidates' | 'context' | 'model'
> {
  /** Place of the draft that was taken last; null where none was. */
  readonly chosen: number | null;
}

/**
 * Turns and options are those of the version in which its drafts were first kept: they may have been
 * changed since, and what was asked for has not.
 *
 * @param versions all of one reply, oldest first
 */
export function draftingsOf(versions: readonly StoredReply[]): StoredDrafting[] {
  const draftings: StoredDrafting[] = [];
  let before: StoredReply | null = null;
  for (const version of versions) {
    const { turns, options, candidates, context, model, chosen } = version;
    if (candidates.length > 0 && bringsDrafts(version, before)) {
      draftings.push({ turns, options, candidates, context, model, chosen });
    } else {
      // What was taken last counts; null where a doctor writes without a draft after all.
      const last = draftings.pop();
      if (last) draftings.push({ ...last, chosen });
    }
    before = version;
  }
  return draftings;
}

/** Other drafts than before, or as if nothing had been taken: the same words can be drafted twice. */
function bringsDrafts(version: StoredReply, before: StoredReply | null): boolean {
  if (!before || JSON.stringify(before.candidates) !== JSON.stringify(version.candidates))
    return true;
  return before.state === 'editing' && version.state === 'machine-draft';
}

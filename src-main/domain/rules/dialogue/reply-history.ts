/** The story of a reply, out of the versions that were committed of it. */
import type { StoredReply } from '../../contract/conversation';

export type ReplyStep =
  | {
      readonly kind: 'drafted';
      readonly at: number;
      readonly model: string;
      readonly texts: readonly string[];
      readonly partial: boolean;
    }
  | { readonly kind: 'chosen'; readonly at: number; readonly number: number }
  | {
      readonly kind: 'edited';
      readonly at: number;
      readonly by: string;
      readonly before: string;
      readonly after: string;
    }
  | {
      readonly kind: 'approved';
      readonly at: number;
      readonly name: string;
      readonly title: string;
    };

/** @param versions all of one reply, oldest first */
export function replySteps(versions: readonly StoredReply[]): ReplyStep[] {
  const steps: ReplyStep[] = [];
  let drafts = '';
  let chosen: string | null = null;
  let edits = 0;
  let text = '';
  for (const version of versions) {
    const at = version.updatedAt;
    const { candidates } = version;
    const now = JSON.stringify(candidates);
    if (candidates.length > 0 && now !== drafts) {
      const partial = candidates.some(({ ended }) => ended === 'partial');
      const texts = candidates.map((candidate) => candidate.text);
      steps.push({ kind: 'drafted', at, model: version.model?.name ?? '', texts, partial });
      chosen = null;
    }
    drafts = now;
    const took = version.chosen === null ? null : `${version.chosen} ${now}`;
    const taken = version.chosen === null ? undefined : candidates[version.chosen];
    // Edits of before a choice are told first: they are of the text that it replaced.
    const [before, after] =
      took === chosen ? [version.edits.slice(edits), []] : splitAt(version, edits, taken?.text);
    for (const edit of before) {
      steps.push({ kind: 'edited', at: edit.at, by: edit.by, before: text, after: edit.text });
      text = edit.text;
    }
    if (took !== chosen && taken && version.chosen !== null) {
      steps.push({ kind: 'chosen', at, number: version.chosen + 1 });
      text = taken.text;
    }
    for (const edit of after) {
      steps.push({ kind: 'edited', at: edit.at, by: edit.by, before: text, after: edit.text });
      text = edit.text;
    }
    chosen = took;
    edits = version.edits.length;
    if (version.approval) {
      const { name, title } = version.approval;
      steps.push({ kind: 'approved', at: version.approval.at, name, title });
    }
  }
  return steps;
}

/** New edits of a version that also took another draft: where its text is the draft's, all were before. */
function splitAt(
  { edits, text }: StoredReply,
  known: number,
  taken: string | undefined,
): [StoredReply['edits'], StoredReply['edits']] {
  const fresh = edits.slice(known);
  return text === taken ? [fresh, []] : [[], fresh];
}

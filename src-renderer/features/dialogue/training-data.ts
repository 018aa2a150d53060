/**
 * Approved replies as examples and pairs for later training. A pair says what a doctor preferred: the
 * approved text over drafts of the same prompt, and of another prompt the draft that was taken over
 * those that were not.
 */
import type { ClearDrafting, ClearPrompt, ClearReply } from './clear-reply';

export const trainingForms = ['sft', 'dpo'] as const;
export type TrainingForm = (typeof trainingForms)[number];

interface Message {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** Why one text is preferred to another. */
type Basis =
  /** The draft was taken and had to be changed. */
  | 'edited'
  /** Another draft of the same drafting was taken, or none. */
  | 'not-chosen'
  /** The same was drafted again. */
  | 'drafted-again';

interface Pair {
  readonly chosen: string;
  readonly rejected: string;
  readonly basis: Basis;
  /** Whether a doctor answers for the chosen one. */
  readonly isApproved: boolean;
}

function messagesOf({ system, turns }: ClearPrompt): Message[] {
  return [
    ...(system === null ? [] : [{ role: 'system' as const, content: system }]),
    ...turns.map(({ role, text }): Message => ({
      ...{ role: role === 'patient' ? 'user' : 'assistant', content: text },
    })),
  ];
}

/** What was asked for, and from what. */
type Asked = ClearPrompt & Pick<ClearDrafting, 'options'>;

function isSame(one: Asked, other: Asked): boolean {
  const key = ({ system, turns, options }: Asked): string =>
    JSON.stringify([system, turns, options]);
  return key(one) === key(other);
}

/** What a doctor decided about the drafts of one drafting; nothing where they only asked again. */
function pairsOf(reply: ClearReply, drafting: ClearDrafting, isLast: boolean): Pair[] {
  const { taken, others } = drafting;
  const { approved } = reply;
  const own = taken === null ? [] : [taken];
  if (!isSame(reply, drafting)) {
    return own.flatMap((chosen) =>
      others.map((rejected) => ({ chosen, rejected, basis: 'not-chosen', isApproved: false })),
    );
  }
  const over = (rejected: readonly string[], basis: Basis): Pair[] =>
    rejected.map((each) => ({ chosen: approved, rejected: each, basis, isApproved: true }));
  if (!isLast) return over([...own, ...others], 'drafted-again');
  return [...over(own, 'edited'), ...over(others, 'not-chosen')];
}

function provenanceOf(
  reply: ClearReply,
  asked: Asked,
  drafting: ClearDrafting | undefined,
  isApproved: boolean,
) {
  const last = reply.draftings.at(-1);
  const origin = last?.taken == null ? 'written-by-doctor' : 'machine-draft-edited-by-doctor';
  return {
    source: 'ChiMed Workstation',
    deidentified: true,
    approvedByDoctor: isApproved,
    origin: isApproved ? origin : 'machine-draft',
    recordLinked: asked.recordLinked,
    /** Whether the messages are all that the model was given, or only what was said. */
    prompt: asked.system === null ? 'conversation-only' : 'as-drafted',
    ...asked.options,
    draftedBy: drafting?.model ?? null,
  };
}

/** @returns one object a line of the file */
export function trainingLines(form: TrainingForm, replies: readonly ClearReply[]): object[] {
  const lines = replies.flatMap((reply): object[] => {
    if (reply.turns.length === 0 || reply.approved.trim() === '') return [];
    return form === 'sft' ? [exampleOf(reply)] : preferencesOf(reply);
  });
  return lines.map((line, index) => ({ version: 2, number: index + 1, of: lines.length, ...line }));
}

function exampleOf(reply: ClearReply): object {
  const answer: Message = { role: 'assistant', content: reply.approved };
  return {
    messages: [...messagesOf(reply), answer],
    provenance: provenanceOf(reply, reply, reply.draftings.at(-1), true),
  };
}

function preferencesOf(reply: ClearReply): object[] {
  const { draftings } = reply;
  return draftings.flatMap((drafting, at) =>
    pairsOf(reply, drafting, at === draftings.length - 1)
      .filter(({ chosen, rejected }) => chosen !== rejected)
      .map(({ chosen, rejected, basis, isApproved }) => ({
        prompt: messagesOf(drafting),
        chosen,
        rejected,
        provenance: {
          ...provenanceOf(reply, drafting, drafting, isApproved),
          ...{ basis, drafting: at + 1, draftings: draftings.length },
        },
      })),
  );
}

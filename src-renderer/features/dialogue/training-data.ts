/**
 * Approved replies as examples and pairs for later training, without what identifies a person. A pair
 * says what a doctor preferred: the approved text over a draft that was not taken, and over the one that
 * was where it had to be changed.
 */
import type { StoredReply } from '@domain/contract/conversation';
import { deidentify } from '@domain/rules/deidentify/deidentify';
import type { Identifier } from '@domain/rules/deidentify/identifier';

export const trainingForms = ['sft', 'dpo'] as const;
export type TrainingForm = (typeof trainingForms)[number];

/** An approved reply whose texts hold nothing any more that was found to identify somebody. */
export interface ClearReply {
  readonly turns: readonly { readonly role: 'patient' | 'doctor'; readonly text: string }[];
  readonly approved: string;
  /** Null of one that a doctor wrote without a draft. */
  readonly taken: string | null;
  readonly others: readonly string[];
  readonly options: StoredReply['options'];
  readonly model: StoredReply['model'] | null;
  /** Places that were replaced. */
  readonly replaced: number;
}

/** Stands in no text that people write, and survives the de-identification. */
const border = '\n\u241e\n';

/**
 * All texts of a reply at once, so that a name that only one of them introduces is known in all.
 *
 * @param find as `findIdentifiers`
 * @returns null for a reply that is not approved, or whose texts cannot be told apart any more
 */
export async function clearReply(
  reply: StoredReply,
  find: (text: string) => Promise<readonly Identifier[]>,
): Promise<ClearReply | null> {
  const { turns, candidates, chosen, text, options, model } = reply;
  if (reply.state !== 'approved') return null;
  // What was not finished is no example of anything.
  const others = candidates.filter(({ ended }, index) => index !== chosen && ended === 'end');
  const taken = chosen === null ? null : (candidates[chosen]?.text ?? null);
  const said = turns.map((turn) => turn.text);
  const texts = [
    ...said,
    ...others.map((other) => other.text),
    ...(taken === null ? [] : [taken]),
    text,
  ];
  const whole = texts.map((each) => each.replaceAll('\u241e', '')).join(border);
  const result = deidentify(whole, await find(whole));
  const parts = result.text.split(border);
  if (parts.length !== texts.length) return null;
  return {
    turns: turns.map(({ role }, index) => ({ role, text: parts[index] ?? '' })),
    others: parts.slice(said.length, said.length + others.length),
    taken: taken === null ? null : (parts.at(-2) ?? null),
    approved: parts.at(-1) ?? '',
    options,
    model: model ?? null,
    replaced: result.replacements.length,
  };
}

interface Message {
  readonly role: 'user' | 'assistant';
  readonly content: string;
}

/** The turns up to what the patient said last; null where no patient speaks. */
function promptOf({ turns }: ClearReply): Message[] | null {
  const last = turns.findLastIndex(({ role }) => role === 'patient');
  if (last < 0) return null;
  return turns
    .slice(0, last + 1)
    .map(({ role, text }) => ({ role: role === 'patient' ? 'user' : 'assistant', content: text }));
}

function provenanceOf({ options, model, taken }: ClearReply) {
  return {
    source: 'ChiMed Workstation',
    deidentified: true,
    approvedByDoctor: true,
    origin: taken === null ? 'written-by-doctor' : 'machine-draft-edited-by-doctor',
    ...options,
    draftedBy: model,
  };
}

/** @returns one object a line of the file */
export function trainingLines(form: TrainingForm, replies: readonly ClearReply[]): object[] {
  const lines = replies.flatMap((reply): object[] => {
    const prompt = promptOf(reply);
    if (!prompt || reply.approved.trim() === '') return [];
    const provenance = provenanceOf(reply);
    if (form === 'sft') {
      const answer: Message = { role: 'assistant', content: reply.approved };
      return [{ messages: [...prompt, answer], provenance }];
    }
    const chosen = reply.approved;
    const isEdited = reply.taken !== null && reply.taken !== chosen;
    return [
      ...(isEdited ? [{ rejected: reply.taken, basis: 'edited' }] : []),
      ...reply.others.map((rejected) => ({ rejected, basis: 'not-chosen' })),
    ].flatMap(({ rejected, basis }) =>
      rejected === chosen
        ? []
        : [{ prompt, chosen, rejected, provenance: { ...provenance, basis } }],
    );
  });
  return lines.map((line, index) => ({ version: 1, number: index + 1, of: lines.length, ...line }));
}

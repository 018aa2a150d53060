/** An approved reply with every drafting of it, without what identifies a person. */
import type { StoredReply } from '@domain/contract/conversation';
import type { Turn } from '@domain/contract/dialogue';
import { deidentify } from '@domain/rules/deidentify/deidentify';
import type { Identifier } from '@domain/rules/deidentify/identifier';
import { draftingsOf, type StoredDrafting } from '@domain/rules/dialogue/draftings';

/** A reply as it was committed, and the text of its record as it is now. */
export interface ReplyStory {
  /** Oldest first. */
  readonly versions: readonly StoredReply[];
  /** Null without a linked record. */
  readonly recordText: string | null;
}

/** What a model was given, or would have been. */
export interface ClearPrompt {
  /** What it was told, the record's excerpt included; null where that was not kept, or no model was asked. */
  readonly system: string | null;
  /** Those that it was given. */
  readonly turns: readonly Turn[];
  readonly recordLinked: boolean;
}

/** Texts hold nothing any more that was found to identify somebody. */
export interface ClearDrafting extends ClearPrompt {
  readonly options: StoredReply['options'];
  readonly model: StoredReply['model'] | null;
  /** Finished drafts, but for the one that was taken. */
  readonly others: readonly string[];
  /** Null where none was taken. */
  readonly taken: string | null;
}

export interface ClearReply extends ClearPrompt {
  readonly approved: string;
  readonly options: StoredReply['options'];
  /** Oldest first; empty for a reply that a doctor wrote without any. */
  readonly draftings: readonly ClearDrafting[];
  /** Places that were replaced. */
  readonly replaced: number;
}

/** Stands in no text that people write, and survives the de-identification. */
const mark = '\u241e';
const border = `\n${mark}\n`;

/**
 * All texts of a reply at once, so that a name that only one of them introduces is known in all; the
 * record's whole text with them, because an excerpt may say a name and not that it is one.
 *
 * @param find as `findIdentifiers`
 * @returns null for a reply that is not approved, or whose texts cannot be told apart any more
 */
export async function clearReply(
  { versions, recordText }: ReplyStory,
  find: (text: string) => Promise<readonly Identifier[]>,
): Promise<ClearReply | null> {
  const reply = versions.at(-1);
  if (reply?.state !== 'approved') return null;
  const draftings = draftingsOf(versions);
  const texts = new Set<string>([
    ...draftings.flatMap(({ turns, candidates, context }) => [
      ...[...turns, ...candidates].map(({ text }) => text),
      ...(context ? [context.system] : []),
    ]),
    ...reply.turns.map(({ text }) => text),
    reply.text,
  ]);
  const cleared = await clearTexts(texts, recordText ?? '', find);
  if (!cleared) return null;
  const clear = (text: string): string => cleared.texts.get(text) ?? '';
  const promptOf = ({
    turns,
    context,
  }: Pick<StoredDrafting, 'turns' | 'context'>): ClearPrompt => ({
    system: context ? clear(context.system) : null,
    turns: givenTurns(turns, context?.forgotten ?? 0).map(({ role, text }) => ({
      ...{ role, text: clear(text) },
    })),
    recordLinked: context ? context.parts !== null : reply.recordId !== null,
  });
  const last = draftings.at(-1);
  // What was said is other than what was drafted for: the approved text answers no prompt of a model.
  const isOfLast = last && wordsOf(last.turns) === wordsOf(reply.turns);
  return {
    ...promptOf(isOfLast ? last : { turns: reply.turns, context: undefined }),
    approved: clear(reply.text),
    options: isOfLast ? last.options : reply.options,
    draftings: draftings.map((drafting) => {
      const { candidates, chosen, options, model } = drafting;
      const taken = chosen === null ? undefined : candidates[chosen];
      return {
        ...{ ...promptOf(drafting), options, model: model ?? null },
        // What was not finished is no example of anything.
        others: candidates
          .filter(({ ended }, index) => index !== chosen && ended === 'end')
          .map(({ text }) => clear(text)),
        taken: taken ? clear(taken.text) : null,
      };
    }),
    replaced: cleared.replaced,
  };
}

/** Who says what, whether or not the roles were guessed. */
function wordsOf(turns: readonly Turn[]): string {
  return JSON.stringify(turns.map(({ role, text }) => [role, text]));
}

/** The turns up to what the patient said last, without those that did not fit. */
function givenTurns(turns: readonly Turn[], forgotten: number): readonly Turn[] {
  return turns.slice(forgotten, turns.findLastIndex(({ role }) => role === 'patient') + 1);
}

/** @param context is looked through with them and not kept */
async function clearTexts(
  texts: ReadonlySet<string>,
  context: string,
  find: (text: string) => Promise<readonly Identifier[]>,
): Promise<{ readonly texts: ReadonlyMap<string, string>; readonly replaced: number } | null> {
  const originals = [...texts];
  const [first = '', ...rest] = [context, ...originals].map((text) => text.replaceAll(mark, ''));
  const whole = [first, ...rest].join(border);
  const result = deidentify(whole, await find(whole));
  const [, ...parts] = result.text.split(border);
  if (parts.length !== originals.length) return null;
  return {
    texts: new Map(originals.map((text, at) => [text, parts[at] ?? ''])),
    replaced: result.replacements.filter(({ start }) => start > first.length).length,
  };
}

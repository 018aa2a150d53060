import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DraftGuard } from '../../../contract/dialogue';
import { guardsOf } from '../draft-guards';

/** Guards that were measured with these sets, by the letter that marks them. */
const letters = {
  D: 'certain-diagnosis',
  C: 'promise-of-cure',
  N: 'no-need-to-see-doctor',
  P: 'personal-data',
} as const satisfies Record<string, DraftGuard['kind']>;

export type MeasuredGuard = (typeof letters)[keyof typeof letters];
export const measuredGuards: readonly MeasuredGuard[] = Object.values(letters);

export interface LabelledSentence {
  /** Whose sentence it is; one without a mark is a hard negative of this guard. */
  readonly of: MeasuredGuard;
  readonly text: string;
  readonly guards: readonly DraftGuard[];
}

/** @param name of a file beside this one; its head tells the format */
export function labelledSentences(name: string): LabelledSentence[] {
  const sentences: LabelledSentence[] = [];
  let of: MeasuredGuard | undefined;
  for (const line of readFileSync(join(import.meta.dirname, name), 'utf8').split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const heading = /^\[(.+)\]$/u.exec(line)?.[1];
    if (heading !== undefined) of = measuredGuards.find((guard) => guard === heading);
    else if (of === undefined) throw new Error(`no guard: ${line}`);
    else sentences.push({ of, ...unmarked(line) });
  }
  return sentences;
}

function unmarked(line: string): { text: string; guards: DraftGuard[] } {
  let text = '';
  const guards: DraftGuard[] = [];
  for (const [, letter, marked, plain] of line.matchAll(/⟦([DCNP])([^⟧]+)⟧|([^⟦]+)/gu)) {
    const start = text.length;
    text += marked ?? plain ?? '';
    const kind = Object.entries(letters).find(([key]) => key === letter)?.[1];
    if (kind !== undefined) guards.push({ kind, start, end: text.length });
  }
  return { text, guards };
}

export interface GuardRates {
  readonly guard: MeasuredGuard;
  /** Marked places, and those of which the guard shows any part. */
  readonly marked: number;
  readonly found: number;
  /** Hard negatives of this guard, and those on which it shows something. */
  readonly hard: number;
  readonly hardAlarms: number;
  /** Sentences of the other guards, and those on which this one shows something, all without its mark. */
  readonly others: number;
  readonly otherAlarms: number;
  /** For who makes the rules, of the tuned set only: what went wrong. */
  readonly wrong: readonly string[];
}

/** @returns a row for each guard, none of the sentences having a record */
export function guardRates(sentences: readonly LabelledSentence[]): GuardRates[] {
  return measuredGuards.map((guard) => {
    const rates = { marked: 0, found: 0, hard: 0, hardAlarms: 0, others: 0, otherAlarms: 0 };
    const wrong: string[] = [];
    for (const { of, text, guards } of sentences) {
      const given = guardsOf(text, { hasRecord: false }).filter(({ kind }) => kind === guard);
      const wanted = guards.filter(({ kind }) => kind === guard);
      for (const { start, end } of wanted) {
        rates.marked++;
        if (given.some((found) => found.start < end && found.end > start)) rates.found++;
        else wrong.push(`missed: ${text}`);
      }
      if (wanted.length > 0) continue;
      const alarm = given.length > 0;
      if (alarm) wrong.push(`false alarm: ${text}`);
      if (of === guard) {
        rates.hard++;
        if (alarm) rates.hardAlarms++;
      } else {
        rates.others++;
        if (alarm) rates.otherAlarms++;
      }
    }
    return { guard, ...rates, wrong };
  });
}

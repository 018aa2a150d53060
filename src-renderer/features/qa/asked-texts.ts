/**
 * Several records as the one text that a model is asked about, and the way from a place in it back to a
 * record. Records are parted by lines, so that no sentence lies in two of them.
 */
import type { AskedText } from '@domain/contract/conversation';
import type { Section } from '@domain/contract/section';

export interface RecordText extends AskedText {
  readonly text: string;
  readonly sections: readonly Section[];
}

export interface JoinedText {
  readonly text: string;
  readonly sections: Section[];
  readonly asked: AskedText[];
}

export interface RecordPlace {
  readonly recordId: string;
  /** UTF-16 units of the record's text. */
  readonly start: number;
  readonly end: number;
}

const gap = '\n\n';

export function joinTexts(records: readonly RecordText[]): JoinedText {
  const sections: Section[] = [];
  let at = 0;
  for (const record of records) {
    for (const section of record.sections) {
      const { start, body, end } = section;
      sections.push({ ...section, start: start + at, body: body + at, end: end + at });
    }
    at += record.text.length + gap.length;
  }
  return {
    text: records.map(({ text }) => text).join(gap),
    sections,
    asked: records.map(({ recordId, textSha256, chars }) => ({ recordId, textSha256, chars })),
  };
}

/** Null for a place that is in no record. */
export function placeIn(
  asked: readonly AskedText[],
  { start, end }: { readonly start: number; readonly end: number },
): RecordPlace | null {
  let at = 0;
  for (const { recordId, chars } of asked) {
    if (start >= at && end <= at + chars) return { recordId, start: start - at, end: end - at };
    at += chars + gap.length;
  }
  return null;
}

/** Whether places in the one are places in the other. */
export function areSameTexts(one: readonly AskedText[], other: readonly AskedText[]): boolean {
  const keyOf = ({ recordId, textSha256 }: AskedText): string => `${recordId} ${textSha256}`;
  return one.map(keyOf).join('\n') === other.map(keyOf).join('\n');
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabelledSentence, MeasuredGuard } from './labelled.fixture';

/** Which half of the sentences of drafts: the rules are improved by one and measured with the other. */
export type Half = 'development' | 'test';

const guards = [
  'certain-diagnosis',
  'promise-of-cure',
  'no-need-to-see-doctor',
] as const satisfies readonly MeasuredGuard[];
export type DraftedGuard = (typeof guards)[number];
export const draftedGuards: readonly DraftedGuard[] = guards;

/** In `drafts-replies.txt` a mark begins with the letter of its guard. */
const letters = new Map<string, DraftedGuard>([
  ['c', 'certain-diagnosis'],
  ['p', 'promise-of-cure'],
  ['n', 'no-need-to-see-doctor'],
]);

/** Sentences about one guard, a line each, [what it is to find] in brackets; those without are hard negatives. */
export function draftedSentences(of: DraftedGuard, half: Half): LabelledSentence[] {
  return lines(`drafts-${of}.txt`, half).map((line) => ({ of, ...unmarked(line, of) }));
}

/** Whole replies with marks of all three guards. */
export function draftedReplies(half: Half): Omit<LabelledSentence, 'of'>[] {
  return lines('drafts-replies.txt', half).map((line) => unmarked(line));
}

function lines(name: string, half: Half): string[] {
  const all = readFileSync(join(import.meta.dirname, name), 'utf8').split('\n');
  return all.filter((line) => line !== '' && line !== '#' && halfOf(line) === half);
}

/** FNV-1a of the line without its brackets, over UTF-16 units; even for development. */
function halfOf(line: string): Half {
  let hash = 0x811c9dc5;
  for (const char of line.replace(/\[(?:[cpn]:)?|\]/gu, '')) {
    hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193) >>> 0;
  }
  return hash % 2 === 0 ? 'development' : 'test';
}

function unmarked(line: string, of?: DraftedGuard): Omit<LabelledSentence, 'of'> {
  let text = '';
  const marks: { kind: DraftedGuard; start: number; end: number }[] = [];
  for (const [, marked, plain] of line.matchAll(/\[([^\]]+)\]|([^[]+)/gu)) {
    const start = text.length;
    const kind = of ?? letters.get(marked?.[0] ?? '');
    text += (of === undefined ? marked?.slice(2) : marked) ?? plain ?? '';
    if (marked !== undefined && kind) marks.push({ kind, start, end: text.length });
  }
  return { text, guards: marks };
}

/** Sentences written after the halves and for development alone, whatever their hash: `= guard`, then those of it. */
export function furtherSentences(): LabelledSentence[] {
  const all = readFileSync(join(import.meta.dirname, 'drafts-more.txt'), 'utf8').split('\n');
  const sentences: LabelledSentence[] = [];
  let of: DraftedGuard | undefined;
  for (const line of all) {
    const heading = /^= (.+)$/u.exec(line)?.[1];
    if (heading !== undefined) of = guards.find((guard) => guard === heading);
    else if (of !== undefined && line !== '' && line !== '-')
      sentences.push({ of, ...unmarked(line, of) });
  }
  return sentences;
}

/** The labelled lines, and how well what was found fits them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findIdentifiers } from './find-identifiers';
import type { Identifier, IdentifierKind } from './identifier';

const kindOf: Record<string, IdentifierKind> = {
  N: 'name',
  I: 'id',
  P: 'phone',
  A: 'address',
  H: 'hospital-number',
  S: 'insurance-number',
  D: 'date',
  O: 'institution',
  B: 'bank-account',
  C: 'plate',
  E: 'contact',
};

export interface LabelledSpan {
  /** null: must not be found. */
  readonly kind: IdentifierKind | null;
  readonly start: number;
  readonly end: number;
}

export interface LabelledLine {
  readonly text: string;
  readonly spans: readonly LabelledSpan[];
}

export const tunedFiles = ['admission', 'hard-words', 'numbers', 'outpatient', 'progress'] as const;

/** @throws Error for a line that is not of the format */
export function labelledLines(file: string): LabelledLine[] {
  const path = join(import.meta.dirname, 'labelled', `${file}.txt`);
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(parse);
}

function parse(line: string): LabelledLine {
  const source = line.replaceAll('\\n', '\n').replaceAll('\\t', '\t');
  let text = '';
  const spans: LabelledSpan[] = [];
  let at = 0;
  for (const match of source.matchAll(/\{(.)\|([^{}]*)\}/g)) {
    text += source.slice(at, match.index);
    const [whole, letter = '', value = ''] = match;
    const kind = letter === '-' ? null : kindOf[letter];
    if (kind === undefined || value === '') throw new Error(`Not of the format: ${line}`);
    spans.push({ kind, start: text.length, end: text.length + value.length });
    text += value;
    at = match.index + whole.length;
  }
  return { text: text + source.slice(at), spans };
}

export interface KindScore {
  /** Labelled identifiers. */
  items: number;
  /** Of these, every character is found, under whatever kind: nothing of it would stay. */
  covered: number;
  /** Of these, found with exactly its kind and ends. */
  exact: number;
  /** Found identifiers of this kind. */
  found: number;
  /** Of these, they share a character with some labelled identifier. */
  right: number;
}

export interface Measured {
  readonly kinds: ReadonlyMap<IdentifierKind, KindScore>;
  /** Words that must not be found, and those that were. */
  readonly innocent: number;
  readonly accused: readonly string[];
  /** For people: what was missed and what was found wrongly. */
  readonly complaints: readonly string[];
}

export function measure(files: readonly string[]): Measured {
  const kinds = new Map<IdentifierKind, KindScore>();
  const scoreOf = (kind: IdentifierKind): KindScore => {
    const score = kinds.get(kind) ?? { items: 0, covered: 0, exact: 0, found: 0, right: 0 };
    kinds.set(kind, score);
    return score;
  };
  let innocent = 0;
  const accused: string[] = [];
  const complaints: string[] = [];
  for (const { text, spans } of files.flatMap(labelledLines)) {
    const found = findIdentifiers(text);
    for (const span of spans) {
      const words = text.slice(span.start, span.end);
      if (span.kind === null) {
        innocent++;
        const by = found.find((one) => overlaps(one, span));
        if (by) accused.push(`${words} as ${by.kind} ${by.text} (${by.rule})`);
        continue;
      }
      const score = scoreOf(span.kind);
      score.items++;
      if (isCovered(span, found)) score.covered++;
      else complaints.push(`missed ${span.kind} ${words} in ${text}`);
      if (
        found.some(
          (one) => one.kind === span.kind && one.start === span.start && one.end === span.end,
        )
      )
        score.exact++;
      else if (isCovered(span, found))
        complaints.push(
          `inexact ${span.kind} ${words}: ${found
            .filter((one) => overlaps(one, span))
            .map((one) => `${one.kind} ${one.text} (${one.rule})`)
            .join(', ')}`,
        );
    }
    for (const one of found) {
      const score = scoreOf(one.kind);
      score.found++;
      if (spans.some((span) => span.kind !== null && overlaps(one, span))) score.right++;
      else complaints.push(`wrong ${one.kind} ${one.text} (${one.rule}) in ${text}`);
    }
  }
  return { kinds, innocent, accused, complaints };
}

function overlaps(a: { start: number; end: number }, b: { start: number; end: number }): boolean {
  return a.start < b.end && b.start < a.end;
}

function isCovered(span: LabelledSpan, found: readonly Identifier[]): boolean {
  for (let i = span.start; i < span.end; i++)
    if (!found.some(({ start, end }) => start <= i && i < end)) return false;
  return true;
}

/** One line a kind: items, recall, exact, precision. */
export function tableOf({ kinds, innocent, accused }: Measured): string[] {
  const share = (part: number, of: number): string => (of === 0 ? '-' : (part / of).toFixed(3));
  return [
    'kind | items | recall | exact | precision',
    ...[...kinds].map(([kind, { items, covered, exact, found, right }]) =>
      [kind, items, share(covered, items), share(exact, items), share(right, found)].join(' | '),
    ),
    `not identifiers | ${innocent} | wrongly found | ${accused.length}`,
  ];
}

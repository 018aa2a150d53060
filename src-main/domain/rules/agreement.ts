/**
 * Agreement between two reviews of the same text, of accepted facts.
 *
 * F1 treats one review as the truth of the other; it is the same either way round, and is what agreement
 * on marked words is reported by where what is not marked cannot be counted (Hripcsak and Rothschild
 * 2005, J Am Med Inform Assoc 12:296). Cohen's kappa (Cohen 1960, Educ Psychol Meas 20:37) is over
 * characters: each has the type of the shortest accepted mention over it, or none.
 *
 * Strict: the same type at the same place, of a field also with the same value. Relaxed: the same type
 * with one character in common, or a field with the same value; each fact is the partner of one other.
 */
import { compareFacts, type Fact } from '../contract/fact';
import type { ReviewItem } from '../contract/review';

type Items = readonly Pick<ReviewItem, 'fact' | 'decision'>[];

export interface PairCounts {
  /** Facts that both have. */
  readonly both: number;
  readonly onlyFirst: number;
  readonly onlySecond: number;
}

/** Characters by the label that either review gives them; '' where nothing is marked. */
export type LabelCounts = ReadonlyMap<string, ReadonlyMap<string, number>>;

export function pairCounts(first: Items, second: Items): PairCounts {
  const a = new Set(accepted(first).map(keyOf));
  const b = new Set(accepted(second).map(keyOf));
  const both = [...a].filter((key) => b.has(key)).length;
  return { both, onlyFirst: a.size - both, onlySecond: b.size - both };
}

/** As `pairCounts`, but a partner need only be near; the same ones find each other first. */
export function relaxedPairCounts(first: Items, second: Items): PairCounts {
  const strict = pairCounts(first, second);
  const a = new Map(accepted(first).map((fact) => [keyOf(fact), fact]));
  const b = new Map(accepted(second).map((fact) => [keyOf(fact), fact]));
  const free = [...b].filter(([key]) => !a.has(key)).map(([, fact]) => fact);
  free.sort(compareFacts);
  let both = strict.both;
  const open = [...a].filter(([key]) => !b.has(key)).map(([, fact]) => fact);
  for (const fact of open.sort(compareFacts)) {
    const at = free.findIndex((other) => isNear(fact, other));
    if (at < 0) continue;
    free.splice(at, 1);
    both += 1;
  }
  return { both, onlyFirst: a.size - both, onlySecond: b.size - both };
}

/** Sums over records. */
export function sumOfPairs(all: readonly PairCounts[]): PairCounts {
  return all.reduce(
    (sum, each) => ({
      both: sum.both + each.both,
      onlyFirst: sum.onlyFirst + each.onlyFirst,
      onlySecond: sum.onlySecond + each.onlySecond,
    }),
    { both: 0, onlyFirst: 0, onlySecond: 0 },
  );
}

/** @returns 0 to 1; null where neither marks anything, as nothing says how well they agree */
export function f1Of({ both, onlyFirst, onlySecond }: PairCounts): number | null {
  const marked = 2 * both + onlyFirst + onlySecond;
  return marked === 0 ? null : (2 * both) / marked;
}

/** Of one type against everything else. */
export function labelCountsOf(type: string, counts: LabelCounts): LabelCounts {
  const collapsed = new Map<string, Map<string, number>>();
  const label = (each: string): string => (each === type ? type : '');
  for (const [first, row] of counts) {
    const into = collapsed.get(label(first)) ?? new Map<string, number>();
    for (const [second, count] of row) {
      into.set(label(second), (into.get(label(second)) ?? 0) + count);
    }
    collapsed.set(label(first), into);
  }
  return collapsed;
}

/** @param chars UTF-16 code units of the text */
export function labelCounts(first: Items, second: Items, chars: number): LabelCounts {
  const a = labelsOf(first, chars);
  const b = labelsOf(second, chars);
  const counts = new Map<string, Map<string, number>>();
  for (let at = 0; at < chars; at += 1) {
    const row = counts.get(a[at] ?? '') ?? new Map<string, number>();
    row.set(b[at] ?? '', (row.get(b[at] ?? '') ?? 0) + 1);
    counts.set(a[at] ?? '', row);
  }
  return counts;
}

export function sumOfLabels(all: readonly LabelCounts[]): LabelCounts {
  const sum = new Map<string, Map<string, number>>();
  for (const counts of all) {
    for (const [first, row] of counts) {
      const into = sum.get(first) ?? new Map<string, number>();
      for (const [second, count] of row) into.set(second, (into.get(second) ?? 0) + count);
      sum.set(first, into);
    }
  }
  return sum;
}

/**
 * Cohen's kappa.
 *
 * @returns at most 1, below 0 for less than chance; null where chance alone would agree on everything
 */
export function kappaOf(counts: LabelCounts): number | null {
  let total = 0;
  let same = 0;
  const firsts = new Map<string, number>();
  const seconds = new Map<string, number>();
  for (const [first, row] of counts) {
    for (const [second, count] of row) {
      total += count;
      if (first === second) same += count;
      firsts.set(first, (firsts.get(first) ?? 0) + count);
      seconds.set(second, (seconds.get(second) ?? 0) + count);
    }
  }
  if (total === 0) return null;
  let chance = 0;
  for (const [label, count] of firsts) chance += count * (seconds.get(label) ?? 0);
  const expected = chance / (total * total);
  return expected === 1 ? null : (same / total - expected) / (1 - expected);
}

/**
 * A random sample that depends on nothing but the ids, its size and the seed, so that it can be drawn
 * again: the ids with the smallest hashes (FNV-1a, 32 bits, with a final mix).
 *
 * @param size number of ids; all where there are fewer
 */
export function sampleOf(ids: readonly string[], size: number, seed: string): string[] {
  return [...new Set(ids)]
    .map((id) => ({ id, hash: hashOf(`${seed}\n${id}`) }))
    .sort((a, b) => a.hash - b.hash || (a.id < b.id ? -1 : 1))
    .slice(0, size)
    .map(({ id }) => id);
}

function accepted(items: Items): Fact[] {
  return items.filter(({ decision }) => decision === 'accepted').map(({ fact }) => fact);
}

function keyOf({ kind, type, start, end, value, unit, group }: Fact): string {
  const said = kind === 'field' ? [group?.name, group?.index, value, unit] : [];
  return JSON.stringify([kind, type, start, end, ...said]);
}

function isNear(a: Fact, b: Fact): boolean {
  if (a.kind !== b.kind || a.type !== b.type || a.group?.name !== b.group?.name) return false;
  if (a.kind === 'field' && a.value !== undefined && a.value === b.value && a.unit === b.unit) {
    return true;
  }
  if (a.start === null || a.end === null || b.start === null || b.end === null) return false;
  return a.start < b.end && b.start < a.end;
}

/** The shortest mention over a character says its type: what is inside is what is meant there. */
function labelsOf(items: Items, chars: number): string[] {
  const labels = new Array<string>(chars).fill('');
  const longestFirst = accepted(items)
    .filter(({ kind }) => kind === 'mention')
    .sort((a, b) => lengthOf(b) - lengthOf(a) || (a.type < b.type ? -1 : 1));
  for (const { type, start, end } of longestFirst) {
    if (start !== null && end !== null) labels.fill(type, start, Math.min(end, chars));
  }
  return labels;
}

function lengthOf({ start, end }: Fact): number {
  return (end ?? 0) - (start ?? 0);
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) {
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

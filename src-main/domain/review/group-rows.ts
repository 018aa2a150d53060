/** Rows of repeated groups, whose numbers count anew in each run. */
import type { Fact } from '../contract/fact';
import type { ReviewItem } from '../contract/review';

/**
 * The facts of a later run with the numbers that their rows have in the review: a row is the one with
 * which it shares the most members, by type and stretch, or else the most stretches that overlap. One
 * that shares none gets a number of its own.
 */
export function inRowsOf(items: readonly ReviewItem[], facts: readonly Fact[]): Fact[] {
  const known = items.flatMap(({ fact, machine }) => (machine ? [fact, machine] : [fact]));
  const names = new Set(known.flatMap(({ group }) => group?.name ?? []));
  const numbers = new Map<string, ReadonlyMap<number, number>>();
  for (const name of names) {
    const of = ({ group }: Fact): boolean => group?.name === name;
    numbers.set(name, numbersOf(known.filter(of), facts.filter(of)));
  }
  return facts.map((fact) => {
    const { group } = fact;
    const index = group && numbers.get(group.name)?.get(group.index);
    return group && index !== undefined ? { ...fact, group: { ...group, index } } : fact;
  });
}

/** Numbers for the rows of one group, by their numbers in the later run. */
function numbersOf(known: readonly Fact[], later: readonly Fact[]): Map<number, number> {
  const numbers = new Map<number, number>();
  const used = new Set<number>();
  for (const isSame of [sameStretch, overlapping]) {
    const rest = later.filter((fact) => !numbers.has(rowOf(fact)));
    const open = known.filter((fact) => !used.has(rowOf(fact)));
    for (const { from, to } of pairsOf(rest, open, isSame)) {
      if (numbers.has(from) || used.has(to)) continue;
      numbers.set(from, to);
      used.add(to);
    }
  }
  let free = Math.max(-1, ...known.map(rowOf)) + 1;
  for (const fact of later) if (!numbers.has(rowOf(fact))) numbers.set(rowOf(fact), free++);
  return numbers;
}

/** Pairs of rows that share members, those with the most first. */
function pairsOf(
  later: readonly Fact[],
  known: readonly Fact[],
  isSame: (a: Fact, b: Fact) => boolean,
): { from: number; to: number; count: number }[] {
  const byType = new Map<string, Fact[]>();
  for (const fact of known) {
    const same = byType.get(fact.type);
    if (same) same.push(fact);
    else byType.set(fact.type, [fact]);
  }
  const pairs = new Map<string, { from: number; to: number; count: number }>();
  for (const fact of later) {
    const rows = (byType.get(fact.type) ?? []).filter((each) => isSame(fact, each)).map(rowOf);
    for (const to of new Set(rows)) {
      const from = rowOf(fact);
      const pair = pairs.get(`${from} ${to}`) ?? { from, to, count: 0 };
      pair.count++;
      pairs.set(`${from} ${to}`, pair);
    }
  }
  return [...pairs.values()].sort((a, b) => b.count - a.count || a.from - b.from || a.to - b.to);
}

function rowOf({ group }: Fact): number {
  return group?.index ?? 0;
}

function sameStretch(a: Fact, b: Fact): boolean {
  return a.start === b.start && a.end === b.end;
}

function overlapping(a: Fact, b: Fact): boolean {
  if (a.start === null || a.end === null || b.start === null || b.end === null) return false;
  return a.start < b.end && b.start < a.end;
}

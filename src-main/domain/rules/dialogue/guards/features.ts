/**
 * What the weights of the guards look at in a clause: its characters in runs of up to three; the roles of its
 * words (an illness, certainty, a hedge, a visit …) alone and in pairs in their order; and each role with those
 * of the rest of its sentence, since 如果 and 您说 take back what follows them and 没有依据 what went before.
 */
import words from '../../../../../resources/lexicons/guard-words.json' with { type: 'json' };
import { clausesOf, type Clause } from './clauses';

/** Rows of weights; a power of two. */
export const buckets = 2 ** 15;

interface Word {
  readonly text: string;
  /** Places of its roles in the list of roles. */
  readonly roles: readonly number[];
}

interface Place {
  readonly role: number;
  readonly start: number;
  readonly end: number;
}

interface ReadClause extends Clause {
  readonly places: readonly Place[];
  /** A bit for each role that it holds, of which there are at most 31. */
  readonly roles: number;
}

export interface FeaturedClause {
  readonly clause: Clause;
  /** Whether its sentence names an illness or calls something benign or malignant. */
  readonly isOfIllness: boolean;
  /** Rows of weights, some of them more than once. */
  readonly rows: readonly number[];
}

const roleNames = Object.keys(words.roles);
const roleCount = roleNames.length;
const illnesses = (1 << roleNames.indexOf('illness')) | (1 << roleNames.indexOf('benign'));
/** By their first character, the longest first. */
const wordsByFirst = indexed(Object.values(words.roles).map((texts) => texts.split(' ')));
/** Pairs of more words than these say nothing more. */
const mostPlaces = 16;
/** Stands for a clause's beginning and end. */
const edge = 1;

/** What a row is made of; part of its hash, so that none of them is taken for another. */
const kinds = {
  character: 0,
  two: 1,
  three: 2,
  role: 3,
  pair: 4,
  neighbours: 5,
  first: 6,
  last: 7,
  earlier: 8,
  later: 9,
  mark: 10,
  lastMark: 11,
  length: 12,
  withEarlier: 14,
  withLater: 15,
} as const;

/** @param text as a plain view gives it */
export function featuredClauses(text: string): FeaturedClause[] {
  const clauses = clausesOf(text).map((clause) => readClause(text, clause));
  const featured: FeaturedClause[] = [];
  for (let from = 0; from < clauses.length;) {
    const sentence = clauses[from]?.sentence;
    let to = from;
    while (to < clauses.length && clauses[to]?.sentence === sentence) to++;
    const whole = clauses.slice(from, to);
    const lastMark = whole.at(-1)?.mark ?? '';
    const laterThan = new Int32Array(whole.length + 1);
    for (let i = whole.length - 1; i > 0; i--)
      laterThan[i - 1] = (laterThan[i] ?? 0) | (whole[i]?.roles ?? 0);
    let earlier = 0;
    whole.forEach((clause, i) => {
      const later = laterThan[i] ?? 0;
      featured.push({
        clause,
        isOfIllness: ((earlier | clause.roles | later) & illnesses) !== 0,
        rows: rowsOf(text, clause, { earlier, later, lastMark }),
      });
      earlier |= clause.roles;
    });
    from = to;
  }
  return featured;
}

function indexed(roles: readonly (readonly string[])[]): ReadonlyMap<number, readonly Word[]> {
  const rolesOf = new Map<string, number[]>();
  roles.forEach((texts, role) => {
    for (const text of texts) rolesOf.set(text, [...(rolesOf.get(text) ?? []), role]);
  });
  const byFirst = new Map<number, Word[]>();
  for (const [text, found] of rolesOf) {
    const first = text.charCodeAt(0);
    byFirst.set(first, [...(byFirst.get(first) ?? []), { text, roles: found }]);
  }
  for (const list of byFirst.values()) list.sort((a, b) => b.text.length - a.text.length);
  return byFirst;
}

function readClause(text: string, clause: Clause): ReadClause {
  const places: Place[] = [];
  let roles = 0;
  for (let at = clause.start; at < clause.end;) {
    const word = wordAt(text, at, clause.end);
    const end = at + (word?.text.length ?? 1);
    for (const role of word?.roles ?? []) {
      places.push({ role, start: at, end });
      roles |= 1 << role;
    }
    at = end;
  }
  return { ...clause, places, roles };
}

function wordAt(text: string, at: number, end: number): Word | undefined {
  for (const word of wordsByFirst.get(text.charCodeAt(at)) ?? [])
    if (at + word.text.length <= end && text.startsWith(word.text, at)) return word;
  return undefined;
}

interface Around {
  /** Roles of what stands before the clause in its sentence, and of what follows it there. */
  readonly earlier: number;
  readonly later: number;
  /** The mark that ends the sentence. */
  readonly lastMark: string;
}

function rowsOf(text: string, clause: ReadClause, { earlier, later, lastMark }: Around): number[] {
  const rows: number[] = [];
  const add = (kind: number, a: number, b: number): void => void rows.push(rowOf(kind, a, b));
  const { start, end, roles } = clause;
  let [one, two] = [edge, edge];
  for (let at = start; at <= end; at++) {
    const code = at === end ? edge : codeAt(text, at);
    if (at < end) add(kinds.character, code, 0);
    add(kinds.two, one, code);
    if (at > start) add(kinds.three, (two << 8) ^ one, code);
    [two, one] = [one, code];
  }
  const places = clause.places.slice(0, mostPlaces);
  places.forEach((a, i) => {
    add(kinds.role, a.role, 0);
    for (const b of places.slice(i + 1)) {
      if (b.start === a.start) continue;
      add(kinds.pair, a.role, b.role);
      if (b.start - a.end <= 1) add(kinds.neighbours, a.role, b.role);
    }
    if (a.start === start) add(kinds.first, a.role, 0);
    if (a.end === end) add(kinds.last, a.role, 0);
  });
  for (let other = 0; other < roleCount; other++) {
    const [isEarlier, isLater] = [has(earlier, other), has(later, other)];
    if (isEarlier) add(kinds.earlier, other, 0);
    if (isLater) add(kinds.later, other, 0);
    for (let own = 0; (isEarlier || isLater) && own < roleCount; own++) {
      if (!has(roles, own)) continue;
      if (isEarlier) add(kinds.withEarlier, own, other);
      if (isLater) add(kinds.withLater, own, other);
    }
  }
  add(kinds.mark, clause.mark.charCodeAt(0) || 0, 0);
  add(kinds.lastMark, lastMark.charCodeAt(0) || 0, 0);
  add(kinds.length, Math.min(6, (end - start) >> 2), 0);
  return rows;
}

function has(roles: number, role: number): boolean {
  return (roles & (1 << role)) !== 0;
}

function rowOf(kind: number, a: number, b: number): number {
  let hash = Math.imul(kind + 1, 0x9e3779b1) ^ Math.imul(a + 0x7f4a, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35) ^ Math.imul(b + 0x165, 0x27d4eb2f);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 12)) & (buckets - 1);
}

/** All digits are one. */
function codeAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code >= 48 && code <= 57 ? 48 : code;
}

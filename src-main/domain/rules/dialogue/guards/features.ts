/**
 * What the weights of the guards look at in a clause: its characters in runs of up to three, the roles of its
 * words (an illness, certainty, a hedge, a visit …) alone and in pairs in their order, and which roles the
 * clauses around it hold, since 如果 and 您说 take back what follows them.
 */
import words from '../../../../../resources/lexicons/guard-words.json' with { type: 'json' };
import { clausesOf, type Clause } from './clauses';

/** Rows of weights. */
export const buckets = 2 ** 15;

interface Word {
  readonly text: string;
  /** Hashes of its roles. */
  readonly roles: readonly number[];
}

/** By their first character, the longest first. */
const wordsByFirst = new Map<string, Word[]>();
const roleNames = Object.keys(words.roles);
{
  const roles = new Map<string, number[]>();
  for (const [role, texts] of Object.entries(words.roles))
    for (const text of texts) roles.set(text, [...(roles.get(text) ?? []), roleNames.indexOf(role)]);
  for (const [text, found] of roles) {
    const first = text[0] as string;
    wordsByFirst.set(first, [...(wordsByFirst.get(first) ?? []), { text, roles: found }]);
  }
  for (const list of wordsByFirst.values()) list.sort((a, b) => b.text.length - a.text.length);
}

interface Place {
  readonly role: number;
  readonly start: number;
  readonly end: number;
}

export interface ReadClause extends Clause {
  readonly places: readonly Place[];
  /** A bit for each role that it holds. */
  readonly roles: number;
}

export function readClause(text: string, clause: Clause): ReadClause {
  const places: Place[] = [];
  let roles = 0;
  for (let at = clause.start; at < clause.end;) {
    const word = wordAt(text, at, clause.end);
    if (word === undefined) {
      at++;
      continue;
    }
    for (const role of word.roles) {
      places.push({ role, start: at, end: at + word.text.length });
      roles |= 1 << role;
    }
    at += word.text.length;
  }
  return { ...clause, places, roles };
}

function wordAt(text: string, at: number, end: number): Word | undefined {
  return wordsByFirst
    .get(text[at] as string)
    ?.find((word) => at + word.text.length <= end && text.startsWith(word.text, at));
}

/** Pairs of more places than these say nothing more. */
const mostPlaces = 16;

/**
 * @param earlier roles of what stands before it in its sentence
 * @param later roles of what follows it there
 * @returns rows of weights, some of them more than once
 */
export function featuresOf(
  text: string,
  clause: ReadClause,
  { earlier, later, lastMark }: { readonly earlier: number; readonly later: number; readonly lastMark: string },
): number[] {
  const rows: number[] = [];
  const add = (kind: number, a: number, b: number): void => {
    let hash = Math.imul(kind + 1, 0x9e3779b1) ^ Math.imul(a + 0x7f4a, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35) ^ Math.imul(b + 0x165, 0x27d4eb2f);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    rows.push((hash ^ (hash >>> 12)) & (buckets - 1));
  };
  const { start, end } = clause;
  let [one, two] = [edge, edge];
  for (let at = start; at <= end; at++) {
    const code = at === end ? edge : codeAt(text, at);
    if (at < end) add(0, code, 0);
    add(1, one, code);
    if (at > start) add(2, (two << 8) ^ one, code);
    [two, one] = [one, code];
  }
  const places = clause.places.slice(0, mostPlaces);
  places.forEach((a, i) => {
    add(3, a.role, 0);
    for (let j = i + 1; j < places.length; j++) {
      const b = places[j] as Place;
      if (b.start === a.start) continue;
      add(4, a.role, b.role);
      if (b.start - a.end <= 1) add(5, a.role, b.role);
    }
    if (a.start === start) add(6, a.role, 0);
    if (a.end === end) add(7, a.role, 0);
  });
  for (let role = 0; role < roleNames.length; role++) {
    if ((earlier & (1 << role)) !== 0) add(8, role, 0);
    if ((later & (1 << role)) !== 0) add(9, role, 0);
  }
  add(10, clause.mark.charCodeAt(0) || 0, 0);
  add(11, lastMark.charCodeAt(0) || 0, 0);
  add(12, Math.min(6, (end - start) >> 2), 0);
  return rows;
}

const edge = 1;

/** All digits are one. */
function codeAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code >= 48 && code <= 57 ? 48 : code;
}

export interface FeaturedClause {
  readonly clause: Clause;
  readonly rows: readonly number[];
}

/** @param text as a plain view gives it */
export function featuredClauses(text: string): FeaturedClause[] {
  const clauses = clausesOf(text).map((clause) => readClause(text, clause));
  const featured: FeaturedClause[] = [];
  for (let from = 0; from < clauses.length;) {
    const sentence = (clauses[from] as ReadClause).sentence;
    let to = from;
    while (clauses[to]?.sentence === sentence) to++;
    const lastMark = (clauses[to - 1] as ReadClause).mark;
    const laterOf = new Array<number>(to - from).fill(0);
    for (let i = to - from - 2; i >= 0; i--)
      laterOf[i] = (laterOf[i + 1] as number) | (clauses[from + i + 1] as ReadClause).roles;
    let earlier = 0;
    for (let i = from; i < to; i++) {
      const clause = clauses[i] as ReadClause;
      const later = laterOf[i - from] as number;
      featured.push({ clause, rows: featuresOf(text, clause, { earlier, later, lastMark }) });
      earlier |= clause.roles;
    }
    from = to;
  }
  return featured;
}

/** All identifiers of a text: the rules together, the more certain one where two overlap. */
import { bankAccounts, plates } from './accounts-and-plates';
import { addresses } from './addresses';
import { contacts } from './contacts';
import { dates } from './dates';
import { splitsPair } from './deidentify';
import { fold } from './fold';
import { hospitalNumbers } from './hospital-numbers';
import { idNumbers } from './id-numbers';
import type { Candidate, Identifier, IdentifierKind, Rule } from './identifier';
import { identifierKinds } from './identifier';
import { institutions } from './institutions';
import { names } from './names';
import { phones } from './phones';
import { withoutPlaceholders } from './placeholder';

export interface FindOptions {
  /** Which kinds to report. Defaults to all. */
  readonly kinds?: readonly IdentifierKind[];
}

const rules: readonly Rule[] = [
  contacts,
  idNumbers,
  phones,
  hospitalNumbers,
  bankAccounts,
  plates,
  dates,
  institutions,
  addresses,
  names,
];

/** Numbers are looked for again in what is left, at most so many times. */
const rounds = 4;

/**
 * Finds what identifies a person. It is a proposal: no rule finds everything, so a person checks the
 * result before it is used. Time grows linearly with the text.
 * @returns ordered by place, without overlaps; offsets are UTF-16 units of `text`, and `text` of each
 * is exactly that piece. No identifier splits a surrogate pair.
 */
export function findIdentifiers(text: string, options: FindOptions = {}): Identifier[] {
  const kinds = new Set(options.kinds ?? identifierKinds);
  const folded = withoutPlaceholders(fold(text));
  let found = withoutOverlaps(
    rules.flatMap((rule) => [...rule(folded)]),
    [],
    text.length,
  );
  // A number that was covered only in part leaves a rest, which may be a number by itself.
  for (let round = 0; round < rounds; round++) {
    const rest = withoutOverlaps([...numbersOf(covered(folded, found))], found, text.length);
    if (rest.length === 0) break;
    found = [...found, ...rest].sort((a, b) => a.start - b.start);
  }
  return wholeCharacters(text, found).filter(({ kind }) => kinds.has(kind));
}

/** Grown where they would split a surrogate pair; rules over folded text see units, not characters. */
function wholeCharacters(text: string, found: readonly Candidate[]): Identifier[] {
  const whole: Identifier[] = [];
  let last = 0;
  for (const { kind, start, end, rule } of found) {
    const from = Math.max(last, splitsPair(text, start) ? start - 1 : start);
    const to = splitsPair(text, end) ? end + 1 : end;
    if (from >= to) continue;
    whole.push({ kind, text: text.slice(from, to), start: from, end: to, rule });
    last = to;
  }
  return whole;
}

function* numbersOf(folded: string): Generator<Candidate> {
  yield* idNumbers(folded);
  yield* phones(folded);
}

/** The text with every identifier as a bracket and filling, as it will look when they are replaced. */
function covered(folded: string, found: readonly Candidate[]): string {
  const pieces: string[] = [];
  let at = 0;
  for (const { start, end } of found) {
    pieces.push(folded.slice(at, start), '】'.repeat(end - start));
    at = end;
  }
  pieces.push(folded.slice(at));
  return pieces.join('');
}

/**
 * The most certain candidates first, then the longest; of the others what they do not share with
 * these, because the rest of an address or a number is still telling.
 */
function withoutOverlaps(
  candidates: Candidate[],
  taken: readonly Candidate[],
  length: number,
): Candidate[] {
  candidates.sort(
    (a, b) => b.certainty - a.certainty || b.end - b.start - (a.end - a.start) || a.start - b.start,
  );
  const owner = new Occupied(length, taken);
  const kept: Candidate[] = [];
  for (const candidate of candidates) {
    for (const piece of owner.free(candidate.start, candidate.end)) {
      const whole = piece.start === candidate.start && piece.end === candidate.end;
      if (!whole && (candidate.kind === 'name' || piece.end - piece.start < 3)) continue;
      owner.take(piece.start, piece.end);
      kept.push({ ...candidate, ...piece });
    }
  }
  return kept.sort((a, b) => a.start - b.start);
}

/** Which units of the text belong to an identifier already. */
class Occupied {
  readonly #units: Uint8Array;

  constructor(length: number, taken: readonly Candidate[]) {
    this.#units = new Uint8Array(length);
    for (const { start, end } of taken) this.take(start, end);
  }

  take(start: number, end: number): void {
    this.#units.fill(1, start, end);
  }

  /** The longest pieces from start to end that belong to nothing. */
  free(start: number, end: number): { start: number; end: number }[] {
    const pieces: { start: number; end: number }[] = [];
    let from = start;
    for (let i = start; i <= end; i++) {
      if (i < end && this.#units[i] === 0) continue;
      if (i > from) pieces.push({ start: from, end: i });
      from = i + 1;
    }
    return pieces;
  }
}

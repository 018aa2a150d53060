/**
 * What differs between two texts, for people to see: by character, as Chinese has no words to go by. What
 * stands in 【】 is filled in or taken out as a whole, and compared as one.
 */

export interface DifferencePart {
  readonly kind: 'same' | 'added' | 'removed';
  readonly text: string;
}

/** Steps of the comparison, at most; what differs more is shown as one exchange. */
const mostEdits = 600;

/**
 * Myers' greedy algorithm (1986, "An O(ND) difference algorithm") on characters.
 *
 * @returns parts in the order of the text, neighbours of one kind joined; removed ones before added ones
 */
export function textDifference(before: string, after: string): DifferencePart[] {
  const one = unitsOf(before);
  const other = unitsOf(after);
  let start = 0;
  while (start < one.length && start < other.length && one[start] === other[start]) start += 1;
  let end = 0;
  while (
    end < one.length - start &&
    end < other.length - start &&
    one[one.length - 1 - end] === other[other.length - 1 - end]
  )
    end += 1;
  const middleOne = one.slice(start, one.length - end);
  const middleOther = other.slice(start, other.length - end);
  return joined([
    { kind: 'same', text: one.slice(0, start).join('') },
    ...withoutChance(compared(middleOne, middleOther)),
    { kind: 'same', text: one.slice(one.length - end).join('') },
  ]);
}

/**
 * Sentences that were written anew share characters by chance, and among those nobody can read what went. A
 * short stretch between much greater changes goes with them.
 */
function withoutChance(parts: readonly DifferencePart[]): DifferencePart[] {
  let now = joined(parts);
  for (;;) {
    const at = now.findIndex((_, index) => isChance(now, index));
    const text = now[at]?.text;
    if (text === undefined) return now;
    now = joined([
      ...now.slice(0, at),
      { kind: 'removed', text },
      { kind: 'added', text },
      ...now.slice(at + 1),
    ]);
  }
}

function isChance(parts: readonly DifferencePart[], at: number): boolean {
  const part = parts[at];
  if (part?.kind !== 'same') return false;
  const changed = (from: number, by: 1 | -1): number => {
    let most = 0;
    for (let next = from; parts[next] && parts[next]?.kind !== 'same'; next += by)
      most = Math.max(most, parts[next]?.text.length ?? 0);
    return most;
  };
  const [before, after] = [changed(at - 1, -1), changed(at + 1, 1)];
  const { length } = part.text;
  return length <= Math.min(before, after) && before + after >= length * 4;
}

function unitsOf(text: string): string[] {
  return text.match(/【[^【】\n]{1,40}】|./gsu) ?? [];
}

function compared(one: readonly string[], other: readonly string[]): DifferencePart[] {
  const trace = traceOf(one, other);
  if (!trace) {
    return [
      { kind: 'removed', text: one.join('') },
      { kind: 'added', text: other.join('') },
    ];
  }
  const parts: DifferencePart[] = [];
  let x = one.length;
  let y = other.length;
  for (let edits = trace.length - 1; edits >= 0; edits--) {
    const furthest = trace[edits] as Map<number, number>;
    const diagonal = x - y;
    const isDown =
      diagonal === -edits ||
      (diagonal !== edits &&
        (furthest.get(diagonal - 1) ?? -1) < (furthest.get(diagonal + 1) ?? -1));
    const from = isDown ? diagonal + 1 : diagonal - 1;
    const fromX = edits === 0 ? 0 : (furthest.get(from) ?? 0);
    const fromY = edits === 0 ? 0 : fromX - from;
    while (x > fromX && y > fromY) {
      parts.push({ kind: 'same', text: one[--x] as string });
      y -= 1;
    }
    if (edits === 0) break;
    if (isDown) parts.push({ kind: 'added', text: other[--y] as string });
    else parts.push({ kind: 'removed', text: one[--x] as string });
  }
  return parts.reverse();
}

/** How far each diagonal was before every edit; null where there are too many. */
function traceOf(one: readonly string[], other: readonly string[]): Map<number, number>[] | null {
  let furthest = new Map([[1, 0]]);
  const trace: Map<number, number>[] = [];
  for (let edits = 0; edits <= Math.min(mostEdits, one.length + other.length); edits++) {
    trace.push(new Map(furthest));
    const next = new Map(furthest);
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      const down = furthest.get(diagonal + 1) ?? -1;
      const right = furthest.get(diagonal - 1) ?? -1;
      let x = diagonal === -edits || (diagonal !== edits && right < down) ? down : right + 1;
      while (x < one.length && x - diagonal < other.length && one[x] === other[x - diagonal])
        x += 1;
      next.set(diagonal, x);
      if (x >= one.length && x - diagonal >= other.length) return trace;
    }
    furthest = next;
  }
  return null;
}

/** Neighbours of one kind as one; between two that are the same, first what went and then what came. */
function joined(parts: readonly DifferencePart[]): DifferencePart[] {
  const result: DifferencePart[] = [];
  let removed = '';
  let added = '';
  const close = (): void => {
    if (removed !== '') result.push({ kind: 'removed', text: removed });
    if (added !== '') result.push({ kind: 'added', text: added });
    removed = '';
    added = '';
  };
  for (const { kind, text } of parts) {
    if (text === '') continue;
    if (kind === 'removed') removed += text;
    else if (kind === 'added') added += text;
    else {
      close();
      const last = result.at(-1);
      if (last?.kind === 'same') result[result.length - 1] = { kind, text: last.text + text };
      else result.push({ kind, text });
    }
  }
  close();
  return result;
}

export interface OwnPart {
  readonly text: string;
  readonly isOwn: boolean;
}

/** Clauses that share so much of their pairs of characters (Dice's coefficient) say the same in other words. */
const alike = 0.6;

/**
 * What a text says that none of the others says, clause by clause. Of a clause that another text has with a few
 * other characters, those alone are its own; but all of it where that other one has more, as what is missing
 * here (the 没 of 没有胸痛) could not be seen otherwise.
 *
 * @returns stretches that make up the whole text; none is its own where there are no others
 */
export function ownParts(text: string, others: readonly string[]): readonly OwnPart[] {
  const known = [...new Set(others.flatMap(clausesOf).map(wordsOf))].filter(
    (words) => words !== '',
  );
  return clausesOf(text).flatMap((clause) => {
    const words = wordsOf(clause);
    if (words === '' || known.length === 0 || known.includes(words))
      return [{ text: clause, isOwn: false }];
    return ownPartsOf(clause, nearest(words, known));
  });
}

function ownPartsOf(clause: string, other: string | null): readonly OwnPart[] {
  const whole = [{ text: clause, isOwn: true }];
  if (other === null) return whole;
  const marks = /[\s，,。；;：:！!？?]*$/u.exec(clause)?.[0] ?? '';
  const parts = textDifference(other, clause.slice(0, clause.length - marks.length));
  const lost = parts.some(({ kind }, at) => kind === 'removed' && parts[at + 1]?.kind !== 'added');
  if (lost) return whole;
  return [...parts, { kind: 'same' as const, text: marks }]
    .filter(({ kind, text }) => kind !== 'removed' && text !== '')
    .map(({ kind, text }) => ({ text, isOwn: kind === 'added' }));
}

/** The clause that is most alike; null where none is. */
function nearest(words: string, known: readonly string[]): string | null {
  let best: string | null = null;
  let most = alike;
  const pairs = pairsOf(words);
  for (const each of known) {
    const theirs = pairsOf(each);
    const shared = [...pairs].filter((pair) => theirs.has(pair)).length;
    const likeness = (2 * shared) / (pairs.size + theirs.size);
    if (likeness >= most) [best, most] = [each, likeness];
  }
  return best;
}

function pairsOf(words: string): Set<string> {
  return new Set(Array.from({ length: words.length - 1 }, (_, at) => words.slice(at, at + 2)));
}

function clausesOf(text: string): string[] {
  return (
    text.match(/[^，,。；;：:！!？?\n]*[，,。；;：:！!？?\n]*/gu)?.filter((part) => part !== '') ??
    []
  );
}

function wordsOf(clause: string): string {
  return clause.replace(/[\s，,。；;：:！!？?]+/gu, '');
}

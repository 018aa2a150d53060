/**
 * BLEU and ROUGE at character level, as Chinese answers are scored: every code point that is not white
 * space is a token, and nothing is folded.
 *
 * - BLEU-n (Papineni et al. 2002): over the whole set, the geometric mean of the clipped n-gram
 *   precisions of lengths 1 to n, times the brevity penalty exp(1 - r/c) where the answers (c characters
 *   in all) are shorter than the references (r). 0 where any precision is.
 * - ROUGE-n (Lin 2004): of each answer the F1 of its n-grams against the reference's; the mean over the
 *   set. Two texts without any n-gram agree in nothing: 0.
 * - ROUGE-L: the F1 by the longest common subsequence, the mean over the set.
 */

export interface TextScores {
  readonly answers: number;
  readonly bleu1: number;
  readonly bleu2: number;
  readonly rouge1: number;
  readonly rouge2: number;
  readonly rougeL: number;
}

const longestGram = 2;

export class TextScorer {
  #answers = 0;
  #answerLength = 0;
  #referenceLength = 0;
  readonly #matched = Array.from({ length: longestGram }, () => 0);
  readonly #given = Array.from({ length: longestGram }, () => 0);
  readonly #rouge = Array.from({ length: longestGram }, () => 0);
  #rougeL = 0;

  add(answer: string, reference: string): void {
    const given = charactersOf(answer);
    const wanted = charactersOf(reference);
    this.#answers++;
    this.#answerLength += given.length;
    this.#referenceLength += wanted.length;
    for (let n = 1; n <= longestGram; n++) {
      const mine = gramsOf(given, n);
      const theirs = gramsOf(wanted, n);
      const shared = sharedGrams(mine.counts, theirs.counts);
      this.#matched[n - 1] = (this.#matched[n - 1] as number) + shared;
      this.#given[n - 1] = (this.#given[n - 1] as number) + mine.total;
      this.#rouge[n - 1] = (this.#rouge[n - 1] as number) + f1(shared, mine.total, theirs.total);
    }
    this.#rougeL += f1(longestCommonSubsequence(given, wanted), given.length, wanted.length);
  }

  scores(): TextScores {
    const mean = (sum: number): number => (this.#answers === 0 ? 0 : sum / this.#answers);
    return {
      answers: this.#answers,
      bleu1: this.#bleu(1),
      bleu2: this.#bleu(2),
      rouge1: mean(this.#rouge[0] as number),
      rouge2: mean(this.#rouge[1] as number),
      rougeL: mean(this.#rougeL),
    };
  }

  #bleu(n: number): number {
    let logs = 0;
    for (let i = 0; i < n; i++) {
      const given = this.#given[i] as number;
      const precision = given === 0 ? 0 : (this.#matched[i] as number) / given;
      if (precision === 0) return 0;
      logs += Math.log(precision) / n;
    }
    const isShort = this.#answerLength < this.#referenceLength;
    const penalty = isShort ? 1 - this.#referenceLength / this.#answerLength : 0;
    return Math.exp(logs + penalty);
  }
}

function charactersOf(text: string): string[] {
  return Array.from(text).filter((char) => char.trim() !== '');
}

function gramsOf(
  chars: readonly string[],
  n: number,
): { counts: Map<string, number>; total: number } {
  const counts = new Map<string, number>();
  for (let i = 0; i + n <= chars.length; i++) {
    const gram = chars.slice(i, i + n).join('');
    counts.set(gram, (counts.get(gram) ?? 0) + 1);
  }
  return { counts, total: Math.max(0, chars.length - n + 1) };
}

function sharedGrams(
  mine: ReadonlyMap<string, number>,
  theirs: ReadonlyMap<string, number>,
): number {
  let shared = 0;
  for (const [gram, count] of mine) shared += Math.min(count, theirs.get(gram) ?? 0);
  return shared;
}

/** Two rows of the table are enough for its length. */
function longestCommonSubsequence(a: readonly string[], b: readonly string[]): number {
  let before = new Uint32Array(b.length + 1);
  let row = new Uint32Array(b.length + 1);
  for (const char of a) {
    for (let j = 1; j <= b.length; j++) {
      row[j] =
        char === b[j - 1]
          ? (before[j - 1] as number) + 1
          : Math.max(before[j] as number, row[j - 1] as number);
    }
    [before, row] = [row, before];
  }
  return before[b.length] as number;
}

function f1(shared: number, given: number, wanted: number): number {
  return given + wanted === 0 ? 0 : (2 * shared) / (given + wanted);
}

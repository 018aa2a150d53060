/**
 * Fits the weights of the guards of a draft on the development half of the sentences beside them, on
 * `drafts-more.txt` and `labelled.txt`, and writes them: `npx tsx scripts/fit-guards.ts [--replies FILE] [--write]`,
 * half a minute. The sentences of the test half and the held-out sets are not read.
 *
 * FILE: written replies, one a line, of which nearly all say nothing that a guard looks for. They are none of
 * ours and not in this repository; they weigh little, and tell what ordinary clauses look like.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  draftedGuards,
  draftedReplies,
  draftedSentences,
  furtherSentences,
  type DraftedGuard,
} from '../src-main/domain/rules/dialogue/guards/drafts.fixture';
import {
  buckets,
  featuredClauses,
  type FeaturedClause,
} from '../src-main/domain/rules/dialogue/guards/features';
import { labelledSentences } from '../src-main/domain/rules/dialogue/guards/labelled.fixture';
import { plainView } from '../src-main/domain/rules/prescription/plain-view';
import { projectRoot } from './project';
import { runScript, say } from './terminal';

const rounds = 25;
/** The length of a weight's first step. */
const rate = 0.1;
const folds = 5;
/**
 * Share of the hard negatives on which a guard may show something, when they are foreseen by the other folds. Most
 * of those about a diagnosis were written to be mistaken, and of ordinary replies one in some twenty-five has one shown.
 */
const alarms: Readonly<Record<DraftedGuard, number>> = {
  'certain-diagnosis': 0.1,
  'promise-of-cure': 0.06,
  'no-need-to-see-doctor': 0.06,
};
/** How much a sentence counts that was written for another guard, and a reply that nobody has marked. */
const weights = { other: 0.5, reply: 0.2 };

interface Example {
  readonly text: string;
  readonly clauses: readonly FeaturedClause[];
  /** Which clauses each marked place has a part of; one of them at least says it. */
  readonly marked: readonly (readonly FeaturedClause[])[];
  readonly weight: number;
}

interface Marks {
  readonly text: string;
  readonly guards: readonly {
    readonly kind: string;
    readonly start: number;
    readonly end: number;
  }[];
}

function example({ text, guards }: Marks, guard: DraftedGuard, weight = 1): Example {
  const view = plainView(text);
  const clauses = featuredClauses(view.text);
  const marked = guards
    .filter(({ kind }) => kind === guard)
    .map((mark) =>
      clauses.filter(({ clause }) => {
        const { start, end } = view.original(clause.start, clause.end);
        return start < mark.end && end > mark.start;
      }),
    );
  return { text, clauses, marked, weight };
}

/** Logistic regression, learnt clause by clause with a step of its own for each weight (AdaGrad). */
class Weights {
  readonly values = new Float32Array(buckets);
  readonly #squares = new Float32Array(buckets).fill(1e-2);

  score(rows: readonly number[]): number {
    let sum = 0;
    for (const row of rows) sum += this.values[row] ?? 0;
    return sum / Math.sqrt(rows.length);
  }

  learn({ rows }: FeaturedClause, wanted: 0 | 1, weight: number): void {
    const found = 1 / (1 + Math.exp(-this.score(rows)));
    const slope = ((found - wanted) * weight) / Math.sqrt(rows.length);
    if (Math.abs(slope) < 1e-5) return;
    for (const row of rows) {
      const squares = (this.#squares[row] ?? 0) + slope * slope;
      this.#squares[row] = squares;
      this.values[row] = (this.values[row] ?? 0) - (rate * slope) / Math.sqrt(squares);
    }
  }

  best(clauses: readonly FeaturedClause[]): number {
    return Math.max(-Infinity, ...clauses.map(({ rows }) => this.score(rows)));
  }
}

function fitted(examples: readonly Example[]): Weights {
  const found = new Weights();
  for (let round = 0; round < rounds; round++) {
    // Another order each time, and the same ones in each fitting.
    const order = examples.map((_, i) => i).sort((a, b) => mixed(a, round) - mixed(b, round));
    for (const at of order) {
      const { clauses, marked, weight } = examples[at] as Example;
      for (const place of marked) {
        const highest = found.best(place);
        const says = place.find(({ rows }) => found.score(rows) === highest);
        if (says) found.learn(says, 1, weight);
      }
      const inside = new Set(marked.flat());
      for (const clause of clauses) if (!inside.has(clause)) found.learn(clause, 0, weight);
    }
  }
  return found;
}

function mixed(i: number, round: number): number {
  const h = Math.imul(i + 1, 0x9e3779b1) ^ Math.imul(round + 1, 0x85ebca6b);
  return Math.imul(h ^ (h >>> 15), 0xc2b2ae35) >>> 0;
}

/** Scores of marked places and of sentences without one, each by weights that have not seen its sentence. */
function foreseen(own: readonly Example[], others: readonly Example[]): [number[], number[]] {
  const marked: number[] = [];
  const plain: number[] = [];
  for (let fold = 0; fold < folds; fold++) {
    const found = fitted([...own.filter((_, i) => i % folds !== fold), ...others]);
    for (const each of own.filter((_, i) => i % folds === fold)) {
      for (const place of each.marked) marked.push(found.best(place));
      if (each.marked.length === 0) plain.push(found.best(each.clauses));
    }
  }
  return [marked, plain.sort((a, b) => b - a)];
}

/** As signed bytes; what is beyond the largest few is cut. */
function packed({ values }: Weights): { unit: number; weights: string } {
  const sizes = values
    .map(Math.abs)
    .filter((size) => size > 0)
    .sort();
  const unit = (sizes[Math.floor(sizes.length * 0.999)] ?? 1) / 127;
  const bytes = Int8Array.from(values, (value) =>
    Math.max(-127, Math.min(127, Math.round(value / unit))),
  );
  return {
    unit: Number(unit.toPrecision(6)),
    weights: Buffer.from(bytes.buffer).toString('base64'),
  };
}

await runScript(async () => {
  const { values } = parseArgs({
    options: { replies: { type: 'string' }, write: { type: 'boolean', default: false } },
  });
  const replies =
    values.replies === undefined ? [] : (await readFile(values.replies, 'utf8')).split('\n');
  const ordinary = draftedReplies('development');
  const ofAll = [
    ...draftedGuards.flatMap((guard) => draftedSentences(guard, 'development')),
    ...furtherSentences(),
  ];
  const tuned = labelledSentences('labelled.txt');
  const guards: Record<string, unknown> = {};
  for (const guard of draftedGuards) {
    const own = [...ofAll.filter(({ of }) => of === guard), ...ordinary].map((sentence) =>
      example(sentence, guard),
    );
    const others = [
      ...tuned.map((sentence) => example(sentence, guard)),
      // What another guard looks for may be said beside what this one does, so only its hard negatives.
      ...ofAll
        .filter(({ of, guards: marks }) => of !== guard && marks.length === 0)
        .map((sentence) => example(sentence, guard, weights.other)),
      ...replies.map((text) => example({ text, guards: [] }, guard, weights.reply)),
    ];
    const [marked, plain] = foreseen(own, others);
    const threshold = plain[Math.floor(plain.length * alarms[guard])] ?? 0;
    const found = marked.filter((score) => score > threshold).length;
    say(`${guard}: ${found} of ${marked.length} found at ${threshold.toFixed(3)}, ${folds} folds`);
    guards[guard] = {
      threshold: Number(threshold.toFixed(3)),
      ...packed(fitted([...own, ...others])),
    };
  }
  if (values.write) {
    const source = `fitted by scripts/fit-guards.ts on the development half, ${ofAll.length + ordinary.length} sentences, and ${replies.length} written replies`;
    const path = join(projectRoot, 'resources/lexicons/guard-weights.json');
    await writeFile(path, `${JSON.stringify({ source, guards }, null, 2)}\n`);
  }
  return 0;
});

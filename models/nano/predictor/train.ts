/**
 * Trains the predictor of marks on what `collect.ts` wrote: `npx tsx models/nano/predictor/train.ts --examples FILE
 * [--write]`. Every tenth example is held back, and it is told how well what is in them is foreseen.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import {
  markedAttributeSchema,
  type MarkedAttribute,
} from '../../../src-main/domain/contract/model-card';
import {
  attributeFeatures,
  beginning,
  bestClass,
  characterFeatures,
  codesOf,
  inside,
  isAllowed,
  MarkPredictor,
  outside,
  scoresOf,
  startState,
  stateAfter,
  type Foreseen,
  type PredictorWeights,
} from '../../../src-main/tasks/extraction/mark-predictor';
import { projectRoot } from '../../../scripts/project';
import { runScript, say } from '../../../scripts/terminal';

const rounds = 5;
/** The length of a weight's first step. */
const rate = 0.1;
const markedAttributes = markedAttributeSchema.options;

const exampleSchema = z.tuple([
  z.string(),
  z.array(z.tuple([z.string(), z.number(), z.number()]).rest(z.enum(markedAttributes))),
]);

interface Mention {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly attribute: MarkedAttribute | null;
}

interface Example {
  readonly chars: readonly string[];
  readonly mentions: readonly Mention[];
}

/** Multinomial logistic regression, learnt example by example with a step of its own for each weight (AdaGrad). */
class Classifier {
  readonly weights: Float32Array;
  readonly #squares: Float32Array;

  constructor(
    readonly buckets: number,
    readonly classes: number,
  ) {
    this.weights = new Float32Array(buckets * classes);
    this.#squares = new Float32Array(buckets * classes).fill(1e-2);
  }

  best(rows: Int32Array, allowed: (found: number) => boolean): number {
    return bestClass(this, rows, allowed).best;
  }

  learn(rows: Int32Array, right: number, allowed: (found: number) => boolean): void {
    const scores = scoresOf(this, rows);
    const largest = Math.max(...scores);
    const shares = scores.map((score, k) => (allowed(k) ? Math.exp(score - largest) : 0));
    const sum = shares.reduce((total, share) => total + share, 0);
    for (let k = 0; k < this.classes; k++) {
      const slope = (shares[k] as number) / sum - (k === right ? 1 : 0);
      if (Math.abs(slope) < 1e-3) continue;
      for (const row of rows) {
        const at = (row & (this.buckets - 1)) * this.classes + k;
        const squares = (this.#squares[at] as number) + slope * slope;
        this.#squares[at] = squares;
        this.weights[at] = (this.weights[at] as number) - (rate * slope) / Math.sqrt(squares);
      }
    }
  }

  /** As signed bytes; what is beyond the largest few is cut. */
  bytes(): string {
    const sizes = this.weights
      .map(Math.abs)
      .filter((size) => size > 0)
      .sort();
    const largest = sizes[Math.floor(sizes.length * 0.999)] ?? 1;
    const scaled = Int8Array.from(this.weights, (weight) =>
      Math.max(-127, Math.min(127, Math.round((weight / largest) * 127))),
    );
    return Buffer.from(scaled.buffer).toString('base64');
  }
}

function classesOf({ chars, mentions }: Example, types: readonly string[]): Uint8Array {
  const classes = new Uint8Array(chars.length).fill(outside);
  for (const { type, start, end } of mentions) {
    classes.fill(inside, start, end);
    classes[start] = beginning + types.indexOf(type);
  }
  return classes;
}

await runScript(async () => {
  const { values } = parseArgs({
    options: {
      examples: { type: 'string' },
      write: { type: 'boolean', default: false },
    },
  });
  const lines = (await readFile(values.examples ?? '', 'utf8')).split('\n');
  const examples = lines.map((line): Example => {
    const [text, found] = exampleSchema.parse(JSON.parse(line));
    return {
      chars: [...text],
      mentions: found.map(([type, start, end, attribute]) => ({
        ...{ type, start, end, attribute: attribute ?? null },
      })),
    };
  });
  const types = [
    ...new Set(examples.flatMap(({ mentions }) => mentions.map(({ type }) => type))),
  ].sort();
  const characters = new Classifier(2 ** 16, beginning + types.length);
  const attributes = new Classifier(2 ** 13, 1 + markedAttributes.length);
  const training = examples.filter((_, i) => i % 10 !== 0);
  for (let round = 0; round < rounds; round++) {
    // Another order each time, and the same ones in each training.
    const order = training.map((_, i) => i).sort((a, b) => mixed(a, round) - mixed(b, round));
    for (const at of order) {
      const example = training[at] as Example;
      const right = classesOf(example, types);
      const codes = codesOf(example.chars);
      let state = startState;
      for (let i = 0; i < right.length; i++) {
        const rows = characterFeatures(codes, i, state);
        // It walks on from its own mistakes, as it will have to; what it missed the beginning of is lost.
        const isLost = right[i] === inside && state.open === 0;
        const found = characters.best(rows, isAllowed(state));
        characters.learn(rows, isLost ? outside : (right[i] as number), isAllowed(state));
        state = stateAfter(state, found);
      }
      let before: MarkedAttribute | null = null;
      for (const mention of example.mentions) {
        const rows = attributeFeatures(example.chars, mention, types.indexOf(mention.type), before);
        const class_ =
          mention.attribute === null ? 0 : 1 + markedAttributes.indexOf(mention.attribute);
        attributes.learn(rows, class_, () => true);
        before = mention.attribute;
      }
    }
  }
  const heldBack = examples.filter((_, i) => i % 10 === 0);
  const tables = { types, characters: characters.bytes(), attributes: attributes.bytes() };
  const weights: PredictorWeights = { ...tables, lead: fittedLead(tables, heldBack) };
  report(new MarkPredictor(weights), heldBack);
  if (values.write) {
    const path = join(projectRoot, 'resources/mark-predictor.json');
    await writeFile(path, `${JSON.stringify(weights, null, 2)}\n`);
  }
  return 0;
});

function mixed(i: number, round: number): number {
  const h = Math.imul(i + 1, 0x9e3779b1) ^ Math.imul(round + 1, 0x85ebca6b);
  return Math.imul(h ^ (h >>> 15), 0xc2b2ae35) >>> 0;
}

/** Each character's class, where nothing tells of wrong ones before. */
function foresee(predictor: MarkPredictor, { chars }: Example): Foreseen[] {
  const codes = codesOf(chars);
  let state = startState;
  return chars.map((_, i) => {
    const foreseen = predictor.classify(codes, i, state);
    state = stateAfter(state, foreseen.found);
    return foreseen;
  });
}

/** The lead with which the certainties say best how often a character's class is right. */
function fittedLead(tables: Omit<PredictorWeights, 'lead'>, examples: readonly Example[]): number {
  const lossOf = (lead: number): number => {
    const predictor = new MarkPredictor({ ...tables, lead });
    let loss = 0;
    for (const example of examples) {
      const wanted = classesOf(example, tables.types);
      foresee(predictor, example).forEach(({ found, certainty }, i) => {
        loss -= Math.log(Math.max(1e-6, found === wanted[i] ? certainty : 1 - certainty));
      });
    }
    return loss;
  };
  const leads = Array.from({ length: 30 }, (_, i) => Math.round(4 * 1.2 ** i));
  const losses = leads.map(lossOf);
  return leads[losses.indexOf(Math.min(...losses))] as number;
}

/** How many mentions are foreseen with their place and type, and how many attributes. */
function report(predictor: MarkPredictor, examples: readonly Example[]): void {
  let [right, found, all, attributesRight] = [0, 0, 0, 0];
  for (const example of examples) {
    const classes = foresee(predictor, example).map(({ found }) => found);
    const wanted = classesOf(example, predictor.types);
    all += example.mentions.length;
    found += classes.filter((each) => each >= beginning).length;
    for (const { start, end } of example.mentions) {
      const same = classes.slice(start, end).every((each, i) => each === wanted[start + i]);
      if (same && classes[end] !== inside) right++;
    }
    let before: MarkedAttribute | null = null;
    for (const mention of example.mentions) {
      const foreseen = predictor.attributeOf(example.chars, mention, before);
      if (foreseen === mention.attribute) attributesRight++;
      before = mention.attribute;
    }
  }
  say(`held back: ${all} mentions, ${found} foreseen, ${right} of them right`);
  say(`recall ${(right / all).toFixed(3)}, precision ${(right / found).toFixed(3)}`);
  say(`attributes right: ${(attributesRight / all).toFixed(3)}`);
}

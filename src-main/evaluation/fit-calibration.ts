/** Fits how confidences become probabilities of being right (Platt 1999). */
import type { ConfidenceScale } from '../domain/contract/model-card';
import { logit } from '../tasks/extraction/calibrated';

export interface Judged {
  /** The model's own, 0..1. */
  readonly confidence: number;
  readonly isRight: boolean;
}

type Line = Pick<ConfidenceScale, 'slope' | 'intercept'>;

const mostSteps = 100;
const closeEnough = 1e-9;

/**
 * Logistic regression of being right on the logit of the confidence, by Newton's method.
 *
 * Null where no scale is to be had: all are right or none is, all confidences are the same, a threshold
 * tells right from wrong without a fault, or a higher confidence means less.
 */
export function fitCalibration(judged: readonly Judged[]): Line | null {
  const points = judged.map(({ confidence, isRight }) => ({ x: logit(confidence), isRight }));
  let line: Line = { slope: 0, intercept: 0 };
  let cost = costOf(points, line);
  for (let step = 0; step < mostSteps; step += 1) {
    const towards = newtonStep(points, line);
    if (!towards) return null;
    // A whole step may go beyond the best; some part of it never does.
    let part = 1;
    let next = moved(line, towards, part);
    while (costOf(points, next) > cost && part > closeEnough) {
      part /= 2;
      next = moved(line, towards, part);
    }
    const gain = cost - costOf(points, next);
    line = next;
    cost -= gain;
    if (gain < closeEnough) return line.slope > 0 ? line : null;
  }
  return null;
}

interface Point {
  readonly x: number;
  readonly isRight: boolean;
}

const moved = ({ slope, intercept }: Line, by: Line, part: number): Line => ({
  slope: slope + part * by.slope,
  intercept: intercept + part * by.intercept,
});

const saidOf = (x: number, { slope, intercept }: Line): number =>
  1 / (1 + Math.exp(-(slope * x + intercept)));

/** Negative logarithm of the likelihood. */
function costOf(points: readonly Point[], line: Line): number {
  return points.reduce((sum, { x, isRight }) => {
    const z = line.slope * x + line.intercept;
    // ln(1 + e^u), which overflows for no u.
    const u = isRight ? -z : z;
    return sum + Math.max(u, 0) + Math.log1p(Math.exp(-Math.abs(u)));
  }, 0);
}

/** Null where the points determine no line (any more). */
function newtonStep(points: readonly Point[], line: Line): Line | null {
  const gradient = { slope: 0, intercept: 0 };
  const hessian = { slopes: 0, both: 0, intercepts: 0 };
  for (const { x, isRight } of points) {
    const said = saidOf(x, line);
    const miss = (isRight ? 1 : 0) - said;
    const weight = said * (1 - said);
    gradient.slope += miss * x;
    gradient.intercept += miss;
    hessian.slopes += weight * x * x;
    hessian.both += weight * x;
    hessian.intercepts += weight;
  }
  const determinant = hessian.slopes * hessian.intercepts - hessian.both ** 2;
  if (!(determinant > closeEnough)) return null;
  return {
    slope: (hessian.intercepts * gradient.slope - hessian.both * gradient.intercept) / determinant,
    intercept: (hessian.slopes * gradient.intercept - hessian.both * gradient.slope) / determinant,
  };
}

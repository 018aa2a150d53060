/** Confidences that mean something: from a model's probability to that of being right. */
import type { ConfidenceScale } from '../../domain/contract/model-card';

/** Beyond it a probability is as good as certain, and its logarithm would say nothing but rounding. */
const margin = 1e-6;

export function logit(probability: number): number {
  const p = Math.min(1 - margin, Math.max(margin, probability));
  return Math.log(p / (1 - p));
}

/**
 * @param probability the model's own, 0..1
 * @param scale of the strategy's card; without one the probability stays as it is
 */
export function calibrated(
  probability: number,
  scale: Pick<ConfidenceScale, 'slope' | 'intercept'> | undefined,
): number {
  if (!scale) return Math.min(1, Math.max(0, probability));
  return 1 / (1 + Math.exp(-(scale.slope * logit(probability) + scale.intercept)));
}

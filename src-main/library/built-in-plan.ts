/** How the model is loaded that the program starts with: at once, before anything is asked of the machine. */
import type { ModelCard } from '../domain/contract/model-card';
import { maxContextSize, type LoadPlan } from '../domain/contract/model-settings';

/** Below this a graphics card gains nothing, and sequences share batches that would be nearly empty. */
const smallModelParameters = 200_000_000;
const smallModelSequences = 4;

/** A large model only comes here where a developer starts the program with one. */
export function builtInPlan({ context, shape }: ModelCard): LoadPlan {
  const isSmall = shape.parameters < smallModelParameters;
  return {
    backend: isSmall ? 'cpu' : 'auto',
    contextSize: Math.min(context, maxContextSize),
    sequences: isSmall ? smallModelSequences : 1,
  };
}

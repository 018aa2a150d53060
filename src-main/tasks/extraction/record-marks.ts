/** The predictor of the marks that records get, with the weights that ship. */
import weights from '../../../resources/mark-predictor.json' with { type: 'json' };
import { MarkPredictor } from './mark-predictor';

let predictor: MarkPredictor | null = null;

export function recordMarks(): MarkPredictor {
  predictor ??= new MarkPredictor(weights);
  return predictor;
}

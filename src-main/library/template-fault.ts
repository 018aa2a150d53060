/** Why a model file's own template cannot be used. */
import { AppError } from '../domain/contract/errors';
import type { templateFaults } from '../domain/contract/prompt-format';

export type TemplateFault = (typeof templateFaults)[number];

/** An error `TEMPLATE_UNUSABLE`, whose reason is shown to the person in their language. */
export function templateProblem(why: TemplateFault): AppError {
  return new AppError('TEMPLATE_UNUSABLE', { params: { why } });
}

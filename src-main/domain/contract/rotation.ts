/** How a change of the data key goes. */
import * as z from 'zod';
import { problemSchema } from './errors';

export const rotationStateSchema = z.discriminatedUnion('phase', [
  z.object({ phase: z.literal('idle') }),
  /** Parts of the journal; both 0 before the first is done. */
  z.object({
    phase: z.literal('running'),
    done: z.int().nonnegative(),
    total: z.int().nonnegative(),
  }),
  z.object({ phase: z.literal('done') }),
  z.object({ phase: z.literal('failed'), problem: problemSchema }),
]);
export type RotationState = z.infer<typeof rotationStateSchema>;

/** What main and the model host say to each other over the host's parent port. */
import * as z from 'zod';
import { hostStateSchema } from '../domain/contract/host-port';
import { modelCardSchema } from '../domain/contract/model-card';

export const toHostSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('load'),
    /** Verified before by the probe: structure and checksum. */
    path: z.string().min(1),
    card: modelCardSchema,
    /** `cpu` after a death while the GPU was being started. */
    device: z.enum(['auto', 'cpu']),
    threads: z.int().positive().optional(),
  }),
  /** Accompanied by one port. */
  z.object({ type: z.literal('connect') }),
]);
export type ToHost = z.infer<typeof toHostSchema>;

export const fromHostSchema = z.object({ type: z.literal('state'), state: hostStateSchema });
export type FromHost = z.infer<typeof fromHostSchema>;

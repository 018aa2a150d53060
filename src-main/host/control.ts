/** What main and the model host say to each other over the host's parent port. */
import * as z from 'zod';
import { hostMemorySchema, modelSlotSchema, modelStateSchema } from '../domain/contract/host-port';
import { modelCardSchema } from '../domain/contract/model-card';

export const toHostSchema = z.discriminatedUnion('type', [
  /** Puts a model into a slot, in place of what is there. */
  z.object({
    type: z.literal('load'),
    slot: modelSlotSchema,
    /** Verified before by the probe: structure and checksum. */
    path: z.string().min(1),
    card: modelCardSchema,
    /** `cpu` after a death while the GPU was being started. */
    device: z.enum(['auto', 'cpu']),
    threads: z.int().positive().optional(),
  }),
  /** Empties a slot; a load that is going on there ends. */
  z.object({ type: z.literal('unload'), slot: modelSlotSchema }),
  /** Accompanied by one port. */
  z.object({ type: z.literal('connect') }),
]);
export type ToHost = z.infer<typeof toHostSchema>;

export const fromHostSchema = z.discriminatedUnion('type', [
  /** Of a slot that a model is loaded into. */
  z.object({ type: z.literal('model'), state: modelStateSchema }),
  /** The slot is empty, and its model's memory was given back to the system, or was not. */
  z.object({ type: z.literal('unloaded'), slot: modelSlotSchema, returned: z.boolean() }),
  z.object({ type: z.literal('memory'), memory: hostMemorySchema }),
]);
export type FromHost = z.infer<typeof fromHostSchema>;

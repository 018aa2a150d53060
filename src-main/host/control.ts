/** What main and the model host say to each other over the host's parent port. */
import * as z from 'zod';
import {
  activitySchema,
  hostMemorySchema,
  modelSlotSchema,
  modelStateSchema,
} from '../domain/contract/host-port';
import { problemSchema } from '../domain/contract/errors';
import { probedMachineSchema } from '../domain/contract/machine';
import { modelCardSchema } from '../domain/contract/model-card';
import { loadPlanSchema } from '../domain/contract/model-settings';

export const toHostSchema = z.discriminatedUnion('type', [
  /** Puts a model into a slot, in place of what is there. */
  z.object({
    type: z.literal('load'),
    slot: modelSlotSchema,
    /** Verified before by the probe: structure and checksum. */
    path: z.string().min(1),
    card: modelCardSchema,
    plan: loadPlanSchema,
  }),
  /** Empties a slot; a load that is going on there ends. */
  z.object({ type: z.literal('unload'), slot: modelSlotSchema }),
  /** Asks what the machine offers; what is known already is only looked at again. */
  z.object({
    type: z.literal('machine'),
    known: probedMachineSchema.nullable(),
    withGpus: z.boolean(),
  }),
  /** Accompanied by one port. */
  z.object({ type: z.literal('connect') }),
  /** Ends all requests and gives up every context: the vault is being locked. */
  z.object({ type: z.literal('forget') }),
]);
export type ToHost = z.infer<typeof toHostSchema>;

export const fromHostSchema = z.discriminatedUnion('type', [
  /** Of a slot that a model is loaded into. */
  z.object({ type: z.literal('model'), state: modelStateSchema }),
  /** The slot is empty, and its model's memory was given back to the system, or was not. */
  z.object({ type: z.literal('unloaded'), slot: modelSlotSchema, returned: z.boolean() }),
  z.object({ type: z.literal('machine'), probed: probedMachineSchema }),
  z.object({ type: z.literal('no-machine'), problem: problemSchema }),
  /** No context is left that holds words of a record. */
  z.object({ type: z.literal('forgotten') }),
  z.object({ type: z.literal('vitals'), memory: hostMemorySchema, activity: activitySchema }),
]);
export type FromHost = z.infer<typeof fromHostSchema>;

/** What the machine offers to a model. All sizes in bytes; plain JSON, so that it can be kept. */
import * as z from 'zod';
import { problemSchema } from './errors';
import { backendSchema, gpuKindSchema } from './model-settings';

const bytes = z.int().min(0);

export const machineDeviceSchema = z.object({
  kind: gpuKindSchema,
  /** Marketing names of the cards that this backend sees, joined. */
  name: z.string(),
  cards: z.int().positive(),
  vramTotal: bytes,
  vramFree: bytes,
  /** Whether this memory is the computer's own RAM, as with Apple's chips and built-in graphics. */
  unified: z.boolean(),
});
export type MachineDevice = z.infer<typeof machineDeviceSchema>;

export const machineSchema = z.object({
  cores: z.int().positive(),
  /** Width of the processor's vector unit, which decides how fast a prompt is read. */
  vectorBits: z.union([z.literal(128), z.literal(256), z.literal(512)]),
  ramTotal: bytes,
  /** What could be allocated without swapping, inside the limit of a container if there is one. */
  ramAvailable: bytes,
  /** Bytes a second that one thread copies, read and written together; absent until measured. */
  copyBandwidth: z.number().positive().optional(),
  devices: z.array(machineDeviceSchema),
});
export type Machine = z.infer<typeof machineSchema>;

export const probedMachineSchema = z.object({
  machine: machineSchema,
  /** Backends that are installed and cannot be used, with the reason. */
  failures: z.array(z.object({ backend: backendSchema, problem: problemSchema })),
});
export type ProbedMachine = z.infer<typeof probedMachineSchema>;

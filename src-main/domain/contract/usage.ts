/** What a request on the model cost, and how urgent it is. */
import * as z from 'zod';

/** `batch` waits whenever somebody is waiting in front of the screen. */
export const prioritySchema = z.enum(['interactive', 'batch']);
export type Priority = z.infer<typeof prioritySchema>;

const tokens = z.int().nonnegative();
const milliseconds = z.number().nonnegative();

/**
 * Tokens and time of one request. The times are wall time in which at least one of its sequences was
 * evaluating, so waiting for a turn is in neither, and where one sequence reads its prompt while
 * another one decodes, that time is in both.
 */
export const usageSchema = z.object({
  /** Tokens of all prompts: the instruction counts again with each window. */
  promptTokens: tokens,
  /** Of these, tokens that a sequence held already and that were not evaluated. */
  reusedTokens: tokens,
  /** Tokens evaluated once more, because the sequence was lent to more urgent work in between. */
  restoredTokens: tokens,
  /**
   * Tokens evaluated after the prompts and kept. Marked copy evaluates source tokens in runs: those
   * up to the first mark count, those behind it are taken back and do not.
   */
  decodedTokens: tokens,
  prefillMs: milliseconds,
  decodeMs: milliseconds,
});
export type Usage = z.infer<typeof usageSchema>;

/** Tokens a second; null before anything was evaluated. */
export const speedSchema = z.object({
  /** Evaluated prompt tokens, restored ones included, in `prefillMs`. */
  prefill: z.number().nonnegative().nullable(),
  /** Decoded tokens in `decodeMs`. */
  decode: z.number().nonnegative().nullable(),
});
export type Speed = z.infer<typeof speedSchema>;

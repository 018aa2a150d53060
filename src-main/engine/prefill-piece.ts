/**
 * How much of a prompt is evaluated at once. Native code cannot be interrupted, so a piece is how long a
 * cancelled request, or one that goes first, waits. Small pieces cost speed: every piece reads all weights
 * (measured on two cores at 25 ms a token: pieces of 32 tokens reach 0.82 of the speed of 512, 64 reach
 * 0.93, 128 reach 0.97).
 *
 * It follows from the model, never from a clock: other pieces add up in another order, and the same
 * record would be read a little differently each time.
 */

const smallest = 32;

/** llama.cpp computes no more at once. */
const largest = 512;

/** Tokens times parameters that two cores evaluate in about a second (13B: 16 tokens a second). */
const aSecondOnTwoCores = 2.1e11;

/** What a smaller model reads in a piece takes no time, and its scores were measured with small ones. */
const smallModelParameters = 2e8;

/** @param isOnGpu whether every layer is on a graphics card, which reads thousands of tokens a second */
export function prefillPieceFor(parameters: number, isOnGpu: boolean): number {
  if (parameters < smallModelParameters) return smallest;
  if (isOnGpu) return largest;
  const fitting = Math.floor(aSecondOnTwoCores / parameters / smallest) * smallest;
  return Math.max(smallest, Math.min(largest, fitting));
}

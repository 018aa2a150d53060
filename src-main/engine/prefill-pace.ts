/**
 * How much of a prompt is evaluated at once. Native code cannot be interrupted, so a piece is how long a
 * cancelled request, or one that goes first, waits. Small pieces cost speed: every piece reads all weights
 * (measured on two cores at 25 ms a token: pieces of 32 tokens reach 0.82 of the speed of 512, 64 reach
 * 0.93, 128 reach 0.97).
 */

/** A person who stops something waits no longer than this, unless the smallest piece takes longer. */
const longestPieceMs = 1_000;

const smallestPiece = 32;

/** llama.cpp computes no more at once. */
const largestPiece = 512;

/** One for each loaded model. */
export class PrefillPace {
  #piece = smallestPiece;

  /** Tokens of the next piece. */
  get piece(): number {
    return this.#piece;
  }

  /** A piece of so many tokens took so long. */
  record(tokens: number, milliseconds: number): void {
    // A short rest takes nearly as long as a piece and tells nothing about its speed.
    if (tokens < smallestPiece) return;
    const fitting = (tokens / milliseconds) * longestPieceMs;
    const whole = Math.floor(fitting / smallestPiece) * smallestPiece;
    this.#piece = Math.max(smallestPiece, Math.min(largestPiece, whole));
  }
}

/** A tensor as released checkpoints hold it: where its bytes lie, and what they are. */

/** Number types of released weights, and their bytes. */
export const elementBytes = { F32: 4, F16: 2, BF16: 2 } as const;
export type ElementType = keyof typeof elementBytes;

export interface StoredTensor {
  readonly name: string;
  readonly type: ElementType;
  /** Slowest dimension first, as PyTorch gives it; contiguous. */
  readonly shape: readonly number[];
  /** Bytes from the file's beginning, and how many. */
  readonly offset: number;
  readonly bytes: number;
}

/** Elements of a shape; not a safe integer where it is too large to exist. */
export function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

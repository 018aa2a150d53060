/** Works on several inputs at once and hands the results on in the order of the inputs. */

/** Results that may wait for an earlier one, for each lane. */
const waitingPerLane = 4;

/**
 * @param lanes how many are worked on at once
 * @param take one result at a time, in the order of the inputs
 * @throws the first failure of `work` or `take`, after which no further input is begun
 */
export async function inOrder<Input, Result>(
  inputs: AsyncIterable<Input>,
  lanes: number,
  {
    work,
    take,
    signal,
  }: {
    work(input: Input): Promise<Result>;
    take(result: Result, input: Input): Promise<void>;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  let running = 0;
  let outstanding = 0;
  let failed = false;
  let wake: () => void = () => undefined;
  const isFull = (): boolean => running >= lanes || outstanding >= lanes * waitingPerLane;
  let taken: Promise<void> = Promise.resolve();

  for await (const input of inputs) {
    while (isFull() && !failed) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    if (failed || signal.aborted) break;
    running++;
    outstanding++;
    const result = work(input).finally(() => {
      running--;
      wake();
    });
    // Whoever waits for it in turn hears of a failure.
    result.catch(() => undefined);
    taken = taken
      .then(async () => take(await result, input))
      .finally(() => {
        outstanding--;
        wake();
      });
    taken.catch(() => {
      failed = true;
      wake();
    });
  }
  await taken;
}

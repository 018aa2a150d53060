/**
 * `tsx scripts/bench/stopping.ts [--times 9] [--threads N] [--model FILE]`: how long a stopped generation goes on, from the
 * abort to its end, while it reads its prompt and while it writes (wanted: within a second), with 1.33 G
 * random weights. Native code is not interrupted: what is under way, a piece of the prompt or a token, ends.
 */
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { testModel } from '../../e2e/fixtures/test-models';
import { Cancelled } from '../../src-main/domain/contract/rpc';
import { threadsFor } from '../../src-main/domain/rules/threads';
import type { Token } from '../../src-main/engine/language-model';
import { loadLlamaModel } from '../../src-main/engine/load-llama-model';
import { verifyModel } from '../../src-main/library/verify';
import { generate } from '../../src-main/tasks/generation/generate';
import { defaultSampling } from '../../src-main/tasks/generation/sampling';
import { PlainError, runScript, say } from '../terminal';
import { runAsTheHost } from './as-the-host';
import { median } from './pairs';

/** Tokens; reading them takes much longer than what is waited before the stop. */
const longPrompt = 1500;

runAsTheHost();
await runScript(async () => {
  const { values } = parseArgs({
    options: {
      times: { type: 'string', default: '9' },
      model: { type: 'string' },
      threads: { type: 'string' },
    },
  });
  const path = values.model ?? (await testModel('bench'));
  const { parameters } = (await verifyModel(path)).card.shape;
  const threads = Number(values.threads ?? threadsFor(parameters, availableParallelism()));
  const model = await loadLlamaModel({
    path,
    contextSize: 2048,
    parameters,
    threads,
    backend: 'cpu',
  });
  const text = model.tokenize('患者因反复头晕就诊，血压偏高。'.repeat(300), true);

  /** Milliseconds from the abort until nothing goes on any more. */
  const stop = async (prompt: readonly Token[], when: Promise<void> | null): Promise<number> => {
    const stopper = new AbortController();
    let wrote = (): void => undefined;
    const written = new Promise<void>((resolve) => {
      wrote = resolve;
    });
    const sequence = await model.openSequence(stopper.signal);
    const work = generate(model, sequence, prompt, {
      ...{ sampling: defaultSampling, maxTokens: 400, signal: stopper.signal },
      onText: () => wrote(),
    });
    await (when ?? written);
    if (!when) await sleep(Math.random() * 200);
    const start = performance.now();
    stopper.abort();
    await work.then(
      () => {
        throw new PlainError('It came to its end before it was stopped.');
      },
      (error: unknown) => {
        if (!(error instanceof Cancelled)) throw error;
      },
    );
    sequence.release();
    return performance.now() - start;
  };
  const measure = async (name: string, work: (nth: number) => Promise<number>): Promise<void> => {
    const times: number[] = [];
    for (let nth = 0; nth < Number(values.times); nth++) times.push(await work(nth));
    const [least, middle, most] = [Math.min(...times), median(times), Math.max(...times)];
    say(
      `${name}: ${least.toFixed(0)} - ${middle.toFixed(0)} - ${most.toFixed(0)} ms (least, median, most)`,
    );
  };
  // Other words each time, so that nothing of a prompt is there already.
  await measure('stopped while it reads', (nth) =>
    stop(text.slice(nth, nth + longPrompt), sleep(300 + Math.random() * 700)),
  );
  await measure('stopped while it writes', (nth) => stop(text.slice(nth, nth + 40), null));
  await model.dispose();
  return 0;
});
process.exit();

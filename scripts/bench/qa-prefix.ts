/**
 * `tsx scripts/bench/qa-prefix.ts [--pairs 5] [--chars 900]`: the time to the first words of a second question
 * to a record, asked in the same conversation, against that of the first (wanted: at most 0.3), with random
 * weights of at least 20 ms a token and 4096 tokens of context. What a record takes is evaluated once; each
 * pair has a record that differs from its first character on.
 */
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { testModel } from '../../e2e/fixtures/test-models';
import type { ModelCard } from '../../src-main/domain/contract/model-card';
import type { PastExchange } from '../../src-main/domain/contract/qa';
import { findSections } from '../../src-main/domain/rules/sections';
import { loadLlamaModel } from '../../src-main/engine/load-llama-model';
import { verifyModel } from '../../src-main/library/verify';
import { answerQuestion } from '../../src-main/tasks/qa/answer';
import { UsageMeter } from '../../src-main/tasks/usage-meter';
import { projectRoot } from '../project';
import { runScript, say } from '../terminal';
import { runAsTheHost } from './as-the-host';
import { describeRatio, median, timed } from './pairs';

const contextSize = 4096;

runAsTheHost();
await runScript(async () => {
  const { values } = parseArgs({
    options: {
      pairs: { type: 'string', default: '5' },
      chars: { type: 'string', default: '900' },
    },
  });
  const path = await testModel('bench');
  const { card: own } = await verifyModel(path);
  const card: ModelCard = {
    ...own,
    capabilities: { ...own.capabilities, tasks: ['extraction', 'qa'] },
  };
  const threads = availableParallelism();
  const model = await loadLlamaModel({ path, contextSize, threads, backend: 'cpu' });
  const sample = await readFile(
    join(projectRoot, 'resources/samples/01-admission-cardiology.txt'),
    'utf8',
  );
  const record = sample.slice(0, Number(values.chars));

  /** Milliseconds until something of the answer is on screen. */
  const firstWords = async (
    text: string,
    question: string,
    history: readonly PastExchange[],
  ): Promise<{ ms: number; meter: UsageMeter }> => {
    const stop = new AbortController();
    const meter = new UsageMeter();
    const start = performance.now();
    let ms = 0;
    const request = { question, record: { text }, history: [...history], threshold: 0 };
    await answerQuestion(request, {
      ...{ model, card, meter, findSections, signal: stop.signal },
      onEvent: ({ kind }) => {
        if (kind !== 'evidence' || ms > 0) return;
        ms = performance.now() - start;
        stop.abort();
      },
    }).catch((error: unknown) => {
      if (!stop.signal.aborted) throw error;
    });
    return { ms, meter };
  };

  /** Milliseconds that one token takes, the median of a few. */
  const tokenTime = async (): Promise<number> => {
    const { signal } = new AbortController();
    const sequence = await model.openSequence(signal);
    try {
      const tokens = model.tokenize(record.slice(0, 16), false);
      await sequence.prefill(tokens, signal);
      const times: number[] = [];
      for (const token of tokens) times.push(await timed(() => sequence.evaluate([token], [null])));
      return median(times);
    } finally {
      sequence.release();
    }
  };

  try {
    const firsts: number[] = [];
    const seconds: number[] = [];
    for (let pair = 0; pair <= Number(values.pairs); pair++) {
      const text = `${String.fromCodePoint(0x7532 + pair)}${record}`;
      const first = await firstWords(text, '有无过敏史？', []);
      const said = [{ question: '有无过敏史？', answer: '对青霉素过敏。' }];
      const second = await firstWords(text, '做过什么手术？', said);
      if (pair === 0) {
        const { promptTokens } = first.meter.usage;
        say(`prompt of ${promptTokens} tokens; ${(await tokenTime()).toFixed(0)} ms a token`);
        say(`of the second prompt ${second.meter.usage.reusedTokens} tokens were there already`);
        continue;
      }
      firsts.push(first.ms);
      seconds.push(second.ms);
    }
    const ratios = seconds.map((ms, at) => ms / (firsts[at] as number)).sort((a, b) => a - b);
    say(
      describeRatio({
        name: 'first words of a second question against those of the first',
        target: { sense: '<=', value: 0.3 },
        median: median(ratios),
        min: ratios[0] as number,
        max: ratios.at(-1) as number,
        ours: median(seconds),
        theirs: median(firsts),
      }),
    );
    return 0;
  } finally {
    await model.dispose();
  }
});

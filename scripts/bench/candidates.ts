/**
 * `tsx scripts/bench/candidates.ts [--pairs 5] [--model bench|random]`: four drafts at once, in sequences of
 * one context, against four one after another (wanted: at least 1.5 times as fast), with random weights.
 * Drafts differ in length, so what is compared is the time a written token takes, the prompt included.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { testModel, testModelKinds } from '../../e2e/fixtures/test-models';
import type { DraftRequest } from '../../src-main/domain/contract/dialogue';
import type { ModelCard } from '../../src-main/domain/contract/model-card';
import { threadsFor } from '../../src-main/domain/rules/threads';
import { loadLlamaModel } from '../../src-main/engine/load-llama-model';
import { verifyModel } from '../../src-main/library/verify';
import { draftReplies } from '../../src-main/tasks/dialogue/draft';
import { UsageMeter } from '../../src-main/tasks/usage-meter';
import { PlainError, runScript, say } from '../terminal';
import { runAsTheHost } from './as-the-host';
import { describeRatio, measurePairs, timed } from './pairs';

const candidates = 4;

runAsTheHost();
await runScript(async () => {
  const { values } = parseArgs({
    options: {
      pairs: { type: 'string', default: '5' },
      model: { type: 'string', default: 'bench' },
    },
  });
  const kind = testModelKinds.find((each) => each === values.model);
  if (!kind) throw new PlainError(`--model is one of ${testModelKinds.join(', ')}`);
  const path = await testModel(kind);
  const { card: own } = await verifyModel(path);
  const card: ModelCard = {
    ...own,
    capabilities: { ...own.capabilities, tasks: ['extraction', 'dialogue'] },
  };
  const parameters = card.shape.parameters;
  const threads = threadsFor(parameters, availableParallelism());
  const model = await loadLlamaModel({
    ...{ path, threads, parameters, sequences: candidates, backend: 'cpu' },
    contextSize: 2048 * candidates,
  });
  const meter = new UsageMeter();
  const draft = (seed: number, count: number): Promise<unknown> => {
    const request: DraftRequest = {
      turns: [{ role: 'patient', text: '医生您好，我最近总是头晕，血压150/95，需要注意什么？' }],
      ...{ purpose: 'answer', tone: 'plain', length: 'short', askBack: false },
      ...{ candidates: count, seed },
    };
    return draftReplies(request, { model, card, meter, signal: new AbortController().signal });
  };
  let seed = 1;
  try {
    /** Milliseconds a token that is written. */
    const perToken = async (work: () => Promise<unknown>): Promise<number> => {
      const before = meter.usage.decodedTokens;
      const time = await timed(async () => void (await work()));
      return time / (meter.usage.decodedTokens - before);
    };
    const together = (): Promise<number> => perToken(() => draft(seed, candidates));
    const inTurn = (): Promise<number> =>
      perToken(async () => {
        for (let at = 0; at < candidates; at += 1) await draft(seed++, 1);
      });
    const ratio = await measurePairs(
      `${candidates} drafts at once against one after another (${kind} model)`,
      { sense: '>=', value: 1.5 },
      together,
      inTurn,
      (ours, theirs) => theirs / ours,
      Number(values.pairs),
    );
    say(describeRatio(ratio));
    say(`${meter.usage.decodedTokens} tokens were written in all`);
    return 0;
  } finally {
    await model.dispose();
  }
});

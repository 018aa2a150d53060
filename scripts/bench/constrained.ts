/**
 * `tsx scripts/bench/constrained.ts [--model miniature|small|large] [--chars 500,1000,4000] [--pairs 7]
 * [--threads 1]`:
 * typed lists against free decoding in tokens a second, with random weights, for windows of so many
 * characters. Wanted: at least 0.95 for each of them.
 */
import { parseArgs } from 'node:util';
import { PlainError, runScript, say } from '../terminal';
import { runAsTheHost } from './as-the-host';
import { constrainedAgainstFree } from './long-window';
import { describeRatio } from './pairs';
import { randomModels, withRandomModel } from './random-models';

runAsTheHost();
await runScript(async () => {
  const { values } = parseArgs({
    options: {
      model: { type: 'string', default: 'small' },
      chars: { type: 'string', default: '500,1000,4000' },
      pairs: { type: 'string', default: '7' },
      // With as many threads as cores, both sides measure how those wait for each other (docs/extraction.md).
      threads: { type: 'string', default: '1' },
    },
  });
  const which = randomModels.find((each) => each === values.model);
  if (!which) throw new PlainError(`--model is one of ${randomModels.join(', ')}`);
  await withRandomModel(which, async (made) => {
    const threads = Number(values.threads);
    const loaded = { ...made, threads };
    for (const chars of values.chars.split(',').map(Number)) {
      const ratio = await constrainedAgainstFree(loaded, which, chars, Number(values.pairs));
      say(describeRatio(ratio));
    }
  });
  return 0;
});
process.exit();

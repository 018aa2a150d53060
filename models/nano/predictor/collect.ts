/**
 * What the built-in model marks in records, as examples for the predictor of its marks:
 * `npx tsx models/nano/predictor/collect.ts --data DATA --out FILE`. DATA is the folder of the public sets; a line
 * of FILE is `[text, [type, start, end, attributes...][]]`, places in the characters of the text.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { findSections } from '../../../src-main/domain/rules/sections';
import { markedCopy } from '../../../src-main/tasks/extraction/marked-copy';
import { sourceText } from '../../../src-main/tasks/extraction/source-text';
import { runScript, say } from '../../../scripts/terminal';
import { loadShipped } from '../shipped';

const lanes = 4;
const cases = z.array(z.object({ description: z.string().optional() }));

/** Of the sets of questions and dialogues, as many texts as ten minutes are enough for. */
const most = 1500;
const line = z.object({
  text: z.string().optional(),
  ask: z.string().optional(),
  answer: z.string().optional(),
});

async function textsOf(data: string): Promise<string[]> {
  const lines = async (name: string): Promise<string[]> => {
    const all = (await readFile(join(data, name), 'utf8')).trim().split('\n');
    return all.flatMap((each) => {
      const { text, ask, answer } = line.parse(JSON.parse(each));
      return [text, ask, answer].filter((part) => part !== undefined);
    });
  };
  const clinic = cases.parse(JSON.parse(await readFile(join(data, 'cmb-clin.json'), 'utf8')));
  return [
    ...(await lines('cehrner.train.jsonl')),
    ...clinic.flatMap(({ description }) => description ?? []),
    ...(await lines('toyhom-sample.jsonl')).slice(0, 2 * most),
    ...(await lines('cmedqaner.train.jsonl')).slice(0, most),
  ];
}

await runScript(async () => {
  const { values } = parseArgs({ options: { data: { type: 'string' }, out: { type: 'string' } } });
  const { model, card } = await loadShipped(lanes);
  const strategy = card.strategies.find(({ kind }) => kind === 'marked-copy');
  if (strategy?.kind !== 'marked-copy') throw new Error('no marked copy');
  const texts = await textsOf(values.data ?? '');
  const { signal } = new AbortController();
  const examples: string[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let at = next++; at < texts.length; at = next++) {
      const text = texts[at] as string;
      const source = sourceText(text, strategy.normalisation);
      const borders = findSections(text).map(({ start }) => source.offsets.indexOf(start));
      const annotator = markedCopy(model, strategy, card.promptFormat, source, {
        ...{ schema: 'ccks2019-symptom', borders },
      });
      for (const window of annotator.windows) {
        const found: unknown[] = [];
        const sequence = await model.openSequence(signal);
        await annotator.annotate(window, sequence, signal, (mention) =>
          found.push([
            ...[mention.type, mention.start - window.start, mention.end - window.start],
            ...(mention.attributes ?? []),
          ]),
        );
        sequence.release();
        const chars = source.chars.slice(window.start, window.end).join('');
        examples.push(JSON.stringify([chars, found]));
      }
      if (at % 100 === 0) say(`${at} of ${texts.length}`);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  await writeFile(values.out ?? '', examples.join('\n'));
  return 0;
});
process.exit();

/**
 * Evidence selection by the shipped file: `npx tsx models/nano/measure-evidence.ts --questions FILE`,
 * where FILE is what `run.py questions` wrote (outside of the repository: it holds text of the data).
 * Prints character-level F1, and how often "there is evidence" is right.
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import type { PromptFormat } from '../../src-main/domain/contract/prompt-format';
import { markedCopy } from '../../src-main/tasks/extraction/marked-copy';
import { sourceText } from '../../src-main/tasks/extraction/source-text';
import { loadShipped } from './shipped';

/** The question stands where an instruction would. */
const format: PromptFormat = {
  id: 'chimed-nano-evidence',
  bos: true,
  parts: [
    { token: '<|evidence|>' },
    { slot: 'instruction' },
    { token: '<|passage|>' },
    { slot: 'input' },
    { token: '<|answer|>' },
  ],
};

const questionSets = z.record(
  z.string(),
  z.array(
    z.object({
      question: z.string(),
      passage: z.string(),
      /** Code points of the passage, end exclusive. */
      evidence: z.array(z.tuple([z.int(), z.int()])),
    }),
  ),
);

const { values } = parseArgs({ options: { questions: { type: 'string' } } });
if (!values.questions) throw new Error('--questions FILE');
const sets = questionSets.parse(JSON.parse(await readFile(values.questions, 'utf8')));
const { model } = await loadShipped();
const { signal } = new AbortController();
const sequence = await model.openSequence(signal);
for (const [name, questions] of Object.entries(sets)) {
  let right = 0;
  let wanted = 0;
  let given = 0;
  let agreed = 0;
  for (const { question, passage, evidence } of questions) {
    const source = sourceText(passage, 'none');
    const annotator = markedCopy(
      model,
      {
        kind: 'marked-copy',
        instruction: question,
        normalisation: 'none',
        windowChars: 128,
        marksAre: 'control-tokens',
        open: { evidence: '<|依据|>' },
        close: '<|/|>',
      },
      format,
      source,
      { acrossSentences: true },
    );
    const found = new Set<number>();
    for (const window of annotator.windows) {
      await annotator.annotate(window, sequence, signal, ({ start, end }) => {
        for (let place = start; place < end; place++) found.add(place);
      });
    }
    const expected = new Set(
      evidence.flatMap(([start, end]) => Array.from({ length: end - start }, (_, i) => start + i)),
    );
    right += [...found].filter((place) => expected.has(place)).length;
    wanted += expected.size;
    given += found.size;
    agreed += Number(found.size > 0 === expected.size > 0);
  }
  const f1 = (2 * right) / Math.max(1, wanted + given);
  console.log(
    JSON.stringify({
      set: name,
      questions: questions.length,
      characters: Number(f1.toFixed(4)),
      answerable: Number((agreed / Math.max(1, questions.length)).toFixed(4)),
    }),
  );
}
sequence.release();
await model.dispose();

/**
 * How well quotations answer without a model: on the labelled questions of `src-main/tasks/qa/grounding.txt`,
 * by threshold. Support: of the questions that the record answers, those whose quotations hold the words.
 * Abstention: of the silences, the right ones (precision), and of the questions without an answer those that
 * were met by silence (recall). `--each` lists what went wrong at the default.
 */
import { defaultThreshold } from '../src-main/domain/contract/qa';
import { groundingQuestions, scoreGrounding } from '../src-main/tasks/qa/grounding.fixture';
import { say } from './terminal';

const all = await groundingQuestions();
const format = (share: number): string => `${(100 * share).toFixed(1).padStart(5)} %`;
for (const isHeldOut of [false, true]) {
  const questions = all.filter((each) => each.isHeldOut === isHeldOut);
  const answerable = questions.filter(({ gold }) => gold.length > 0).length;
  say(`${isHeldOut ? 'held out' : 'known'}: ${questions.length} questions, ${answerable} answered`);
  for (let threshold = 0.1; threshold < 0.95; threshold += 0.1) {
    const { support, abstention, right } = scoreGrounding(questions, threshold);
    say(
      `  ${threshold.toFixed(1)}: support ${format(support)}, abstention precision ${format(abstention.precision)} recall ${format(abstention.recall)}, right in all ${format(right)}`,
    );
  }
  if (process.argv.includes('--each')) {
    for (const line of scoreGrounding(questions, defaultThreshold).wrong) say(line);
  }
}

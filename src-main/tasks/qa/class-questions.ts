/** Questions about all of a class (手术史？, 现用药？): which class, by the lexicon. */
import lexicon from '../../../resources/lexicons/questions.json' with { type: 'json' };
import { fold } from '../../domain/rules/deidentify/fold';
import type { StatementClass } from './class-statements';

/** What such a question may have beside the words that ask for it. */
const beside = /[史吗呢有无情况结果现的\s\p{P}]|患者|病人/gu;

const asks = Object.entries(lexicon.whole).map(([kind, questions]) => ({
  // The lexicon's keys are the classes; `class-questions.test.ts` holds them together.
  kind: kind as StatementClass,
  questions: new Set(questions.map(bare)),
}));

/** @returns none for a question about one thing; two for 检查结果 */
export function classesOf(question: string): readonly StatementClass[] {
  const asked = bare(question);
  return asks.filter(({ questions }) => questions.has(asked)).map(({ kind }) => kind);
}

function bare(question: string): string {
  return fold(question).toLowerCase().replace(beside, '');
}

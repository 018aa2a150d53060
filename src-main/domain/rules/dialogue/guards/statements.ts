/**
 * Where a draft says what a guard looks for. Every clause is weighed. What weighs enough is shown; what nearly
 * does is shown where the rules know its words, and what weighs little is not, whatever words it has: 如果,
 * 广告说 or 骗局 elsewhere in the sentence took it back. So the rules, which are slow, read few sentences.
 */
import { certainDiagnosis } from './certain-diagnosis';
import type { Clause } from './clauses';
import { featuredClauses } from './features';
import { noNeedToSeeDoctor } from './no-need-to-see-doctor';
import { promiseOfCure } from './promise-of-cure';
import { said, type Statement, type Stretch } from './said';
import { leadOf, type WeighedGuard } from './weights';

const rules: Readonly<Record<WeighedGuard, readonly Statement[]>> = {
  'certain-diagnosis': certainDiagnosis,
  'promise-of-cure': promiseOfCure,
  'no-need-to-see-doctor': noNeedToSeeDoctor,
};
const guards = Object.keys(rules) as WeighedGuard[];

/** How far below what is shown the words of a rule still count, in log odds: most that the rules read wrongly weighs less. */
const nearly = -1.2;

/** Shortest words that say it without a rule that has read them, UTF-16 units. */
const shortest: Readonly<Record<WeighedGuard, number>> = {
  'certain-diagnosis': 3,
  'promise-of-cure': 4,
  'no-need-to-see-doctor': 3,
};

/** What takes a clause back that no rule has read, whatever it weighs. 么 asks only by itself, not in 什么 or 这么. */
const takenBack =
  /(?:不能|无法|没法|难以|不敢|很难)(?:向您|给您)?(?:保证|承诺|担保|肯定|确定|断定|确诊|说|排除)|不一定(?!非)|未必|不见得|不等于|不代表|是不是|能否|能不能|会不会|有没有|没有?说|不是说|并非没有|(?:不要|别|不能|不可)[^，,]{0,6}不(?:看|去|查)|还是[^，,]{1,8}[炎病症癌瘤]$|(?:吗|(?<![什这那怎多要])么)$/u;

/** @param text as a plain view gives it; places are its own and may overlap */
export function statementsIn(text: string): Record<WeighedGuard, Stretch[]> {
  const found: Record<WeighedGuard, Stretch[]> = {
    'certain-diagnosis': [],
    'promise-of-cure': [],
    'no-need-to-see-doctor': [],
  };
  const featured = featuredClauses(text);
  const clauses = featured.map(({ clause }) => clause);
  const sentences = sentencesOf(clauses);
  for (const guard of guards) {
    const ofRules = new Map<number, readonly Stretch[]>();
    const known = new Set<Clause>();
    const shown = new Set<number>();
    for (const { clause, rows, isOfIllness } of featured) {
      const { sentence } = clause;
      const lead = leadOf(guard, rows);
      if (lead <= nearly) continue;
      if (!ofRules.has(sentence)) {
        const read = inSentence(text, sentences.get(sentence), rules[guard]);
        ofRules.set(sentence, read);
        for (const stretch of read) for (const each of clausesAt(clauses, stretch)) known.add(each);
      }
      if (known.has(clause)) shown.add(sentence);
      else if (lead > 0 && canSay(guard, isOfIllness, words(text, clause)))
        found[guard].push(trimmed(text, clause));
    }
    // What a rule reads in a sentence that says it is shown as well: 无需就诊，观察即可.
    for (const sentence of shown) found[guard].push(...(ofRules.get(sentence) ?? []));
  }
  return found;
}

/** Those that the stretch has a part of; found by halving, since a sentence may have thousands. */
function clausesAt(clauses: readonly Clause[], { start, end }: Stretch): Clause[] {
  let [low, high] = [0, clauses.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((clauses[middle]?.end ?? 0) > start) high = middle;
    else low = middle + 1;
  }
  let last = low;
  while ((clauses[last]?.start ?? end) < end) last++;
  return clauses.slice(low, last);
}

/** From the first clause of each sentence to the mark behind its last one. */
function sentencesOf(clauses: readonly Clause[]): Map<number, Stretch> {
  const sentences = new Map<number, Stretch>();
  for (const { sentence, start, end, mark } of clauses) {
    const first = sentences.get(sentence)?.start ?? start;
    sentences.set(sentence, { start: first, end: end + mark.length });
  }
  return sentences;
}

function inSentence(
  text: string,
  sentence: Stretch | undefined,
  statements: readonly Statement[],
): Stretch[] {
  const { start: from, end: to } = sentence ?? { start: 0, end: 0 };
  return said(text.slice(from, to), statements).map(({ start, end }) => ({
    start: start + from,
    end: end + from,
  }));
}

/** Whether words that no rule has read may say what the guard looks for: 好的 alone promises nothing. */
function canSay(guard: WeighedGuard, isOfIllness: boolean, said: string): boolean {
  if (takenBack.test(said) || (guard === 'certain-diagnosis' && !isOfIllness)) return false;
  return said.length >= shortest[guard];
}

function words(text: string, { start, end }: Clause): string {
  return text.slice(start, end).trim();
}

function trimmed(text: string, { start, end }: Clause): Stretch {
  const words = text.slice(start, end);
  const blanks = words.length - words.trimStart().length;
  return {
    start: start + blanks,
    end: Math.max(start + blanks + 1, start + words.trimEnd().length),
  };
}

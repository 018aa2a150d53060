/**
 * Short answers to a doctor's question: 有的, 嗯, 偶尔会, 没有, and an echo of its words (胸痛吗？ 痛). Whatever is neither
 * is no answer: 好的，知道了.
 */
import { fold } from '../deidentify/fold';
import { elsewhere } from './lexicon';
import type { Stretch } from './word-places';

export interface ShortAnswer extends Stretch {
  /** `have`: 有, 会. `agree`: 是, 嗯. `echo`: words of the question. */
  readonly kind: 'have' | 'agree' | 'echo' | 'no';
  /** Of `echo`: the words, without 了 and the like. */
  readonly echo: string;
  /** What else of the question is denied in the same line: 有，没出汗. */
  readonly denied: readonly string[];
}

const when =
  '(?:好像|确实|现在|今天|昨[天晚]|刚才|刚刚|早上|晚上|夜里|半夜|最近|这[两几]天|一直|都|也|就|还|应该|可能|感觉|稍微|孩子|宝宝|偶尔|有时候?|经常|总是|老是|天天)';
const tail =
  '(?:的|了|啊|呀|呢|哦|吧|过|点儿?|一点点?|一些|些|几次|两次|一次|这样|这个?情况|这种感觉|厉害)';
const have = new RegExp(
  `^(?:嗯|恩|${when})*(?:有|会|要|有点儿?|有一点点?|一点点?|偶尔|有时候?|经常)(?:有|会|${tail})*$`,
  'u',
);
const agree = new RegExp(`^${when}*(?:嗯+|恩+|是|对|没错|yes|y)(?:嗯|恩|是|对|${tail})*$`, 'u');
const no =
  /^(?:嗯+|恩+|哦|这个?|这些|都|也|从来?|目前|现在|暂时|倒|并|应该|好像|感觉|一直|孩子|宝宝)*(?:没(?!错)|无|不(?!知道|清楚|确定|太清楚|晓得|好意思|舒服|但|仅|止)|否|未)[有是会会太怎么怎样]*/u;
const particles = new RegExp(
  `^(?:有点儿?|挺|很|是|会|${when})+|(?:得?很|厉害|一下|的|了|过|啊|呀|呢|哦|吧|着|点|一点)+$`,
  'gu',
);
/** 好了 says that it has gone, also where the question says it. */
const gone = /^(?:好|缓解|消失|停|没事|正常|减轻|好转|退)/u;
const told = new RegExp(elsewhere.told.join('|'), 'u');
const past = new RegExp(elsewhere.past.join('|'), 'u');
const now = new RegExp(elsewhere.now.join('|'), 'u');

/** UTF-16 units of a line in which an answer is looked for. */
const longest = 200;
/** Clauses of it, at most. */
const maxClauses = 6;

/**
 * @param line of the patient's reply
 * @param question folded, what was asked
 * @returns null where the line does not answer
 */
export function shortAnswerIn(line: string, question: string): ShortAnswer | null {
  const folded = fold(line.slice(0, longest)).toLowerCase();
  const clauses = [...folded.matchAll(/[^,。;!\s、~]+/gu)].slice(0, maxClauses);
  for (const { 0: words, index: start } of clauses) {
    const kind = kindOf(words, question);
    if (!kind) continue;
    if (told.test(folded) || (past.test(folded) && !now.test(folded))) return null;
    const denied = clauses.flatMap(({ 0: clause }) => {
      const [begun] = no.exec(clause) ?? [];
      return begun === undefined ? [] : [clause.slice(begun.length).replace(particles, '')];
    });
    return {
      // 嗯，没有: what follows is the answer.
      kind: kind === 'agree' && denied.length > 0 ? 'no' : kind,
      ...{ start, end: start + words.length },
      echo: kind === 'echo' ? words.replace(particles, '') : '',
      denied: denied.filter((one) => one !== ''),
    };
  }
  return null;
}

/** UTF-16 units of a clause that only affirms, at most. */
const longestYes = 16;

function kindOf(clause: string, question: string): ShortAnswer['kind'] | null {
  if (no.test(clause)) return 'no';
  if (clause.length > longestYes) return null;
  if (have.test(clause)) return 'have';
  if (agree.test(clause)) return 'agree';
  const echo = clause.replace(particles, '');
  const isEcho = echo !== '' && echo.length <= 4 && !gone.test(echo) && question.includes(echo);
  return isEcho ? 'echo' : null;
}

/** UTF-16 units: of 吃完药有没有呼吸困难, what is asked about is at the end. */
const askedAtEnd = 6;

/** Whether an answer affirms these words of the question. */
export function affirms(answer: ShortAnswer, question: string, { start, end }: Stretch): boolean {
  const touches = (words: string): boolean => {
    for (let at = question.indexOf(words); at >= 0; at = question.indexOf(words, at + 1))
      if (at <= end && at + words.length >= Math.max(start, end - askedAtEnd)) return true;
    return false;
  };
  if (answer.kind === 'no' || answer.denied.some(touches)) return false;
  return answer.kind !== 'echo' || touches(answer.echo);
}

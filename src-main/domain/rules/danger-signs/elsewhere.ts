/**
 * Whether a sign is spoken of and not reported: supposed (如果出现胸痛), told of others (电视里那个人胸痛), asked
 * about in general (胸痛的急救), or of the past and over (去年晕倒过，后来没事). Where it is not clear, it is
 * reported; and what someone says of dying is never only supposed or past.
 */
import { lastClause } from './denial';
import { elsewhere } from './lexicon';

const oneOf = (words: readonly string[]): RegExp => new RegExp(words.join('|'), 'u');
const before = oneOf([...elsewhere.supposed, ...elsewhere.told, ...elsewhere.asked]);
const topic = new RegExp(`^[^，,。；;！!？?\\s]{0,4}?(?:${elsewhere.topic.join('|')})`, 'u');
const past = oneOf(elsewhere.past);
const now = oneOf(elsewhere.now);
const over = oneOf(elsewhere.over);
/** 晕倒过, not 晕倒过敏. */
const experienced = /^过(?![敏去来度量多程后])/u;

/** Longest stretch on either side that is looked at, UTF-16 units. */
const reach = 60;

/**
 * @param text folded
 * @param start of the sign, UTF-16 units
 * @param end exclusive
 */
export function isElsewhere(text: string, start: number, end: number, classId: string): boolean {
  const following = text.slice(end, end + reach);
  if (topic.test(following)) return true;
  if (classId === 'self-harm') return false;
  const clause = lastClause(text.slice(Math.max(0, start - reach), start));
  if (before.test(clause)) return true;
  // 阑尾炎会肚子剧痛吗
  if (/会(?:有|出现)?$/u.test(clause) && /^[^，,。；;]{0,3}[吗么?？]/u.test(following)) return true;
  // With the sign's first character: 前胸痛 is no place where it is 以前 and 胸痛.
  const isPast = past.test(clause + (text[start] ?? ''));
  if (!isPast && !experienced.test(following)) return false;
  const around = text.slice(Math.max(0, start - reach), end + reach);
  return !now.test(around) || (isPast && over.test(following));
}

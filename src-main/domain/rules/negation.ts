/**
 * What a record says of a finding around its words: denied, uncertain, of the past, of a relative.
 *
 * By lexicon (`resources/lexicons/negation.json`) and scope, after the method of NegEx (Chapman et al.
 * 2001). A cue before a finding reaches over enumerations (无发热、咳嗽及咳痰), 否认 also over commas, up to a
 * word that states something (出现, 有, 但) or the end of the clause; a cue behind it stands next to it.
 * Sections of family and past history count as a cue of their whole text. For models that cannot state this
 * themselves; it misses what is said at a distance.
 */
import lexicon from '../../../resources/lexicons/negation.json' with { type: 'json' };
import type { Fact } from '../contract/fact';
import type { Section } from '../contract/section';
import { sectionAt } from './sections';

type Attributes = Fact['attributes'];

interface Cue {
  readonly word: string;
  readonly start: number;
  readonly end: number;
}

/** Ends of a sentence, in original and half width. */
const sentenceEnd = /[。;；!！\n\r｡]/;
const clauseEnd = /[，,：:]/;
/** Words between findings that a cue reaches over. */
const joint = /^(?:[、及和与或，, \u3000]|以及|并|伴)+$/;
/** Farthest that a cue is looked for, UTF-16 units. */
const reach = 120;
const nextTo = 3;

const turnPattern = longestFirst(lexicon.turns);
const notCuePattern = longestFirst(lexicon.notCues);

/** @param sections of the same text, as `findSections` gives them */
export function attributesByRule(
  text: string,
  { start, end }: { readonly start: number; readonly end: number },
  sections: readonly Section[],
): Attributes {
  const section = sectionAt(sections, start);
  const floor = Math.max(section?.body ?? 0, start - reach);
  const from = lastAfter(text, floor, Math.min(start, text.length), sentenceEnd);
  const before = text.slice(from, start);
  const to = firstBefore(text, end, end + 24, sentenceEnd);
  const after = text.slice(end, to);
  const uncertain = isSaid(lexicon.uncertain, before, after);
  const negated = !uncertain && isSaid(lexicon.negated, before, after);
  const historical =
    ['既往史', '手术外伤史', '输血史', '传染病史'].includes(section?.name ?? '') ||
    isPast(before, after);
  const experiencer = experiencerOf(before, section);
  return {
    ...(negated ? { negated } : {}),
    ...(uncertain ? { uncertain } : {}),
    ...(historical && experiencer === undefined ? { historical } : {}),
    ...(experiencer === undefined ? {} : { experiencer }),
  };
}

/** What relatives do for a patient: the sentence is about the patient then. */
const onBehalf = /^乳|诉|述|代|告|否认|签|同意|要求|拒绝|自备|喂养|陪|送|供史/u;

/** Whether a sentence is about a relative from its first clause on: 其父有糖尿病史, not 由其母代诉 or 母乳喂养. */
export function isOfRelative(sentence: string): boolean {
  const [clause = ''] = sentence.split(clauseEnd);
  const relative = lastCue(clause, lexicon.family.before);
  if (!relative || lastCue(clause, lexicon.patient)) return false;
  return relative.start <= nextTo && !onBehalf.test(clause.slice(relative.end));
}

function isSaid(
  {
    before: heads,
    after: tails,
  }: { readonly before: readonly string[]; readonly after: readonly string[] },
  before: string,
  after: string,
): boolean {
  const cue = lastCue(before, heads);
  if (cue && reaches(before, cue)) return true;
  const near = after.replace(/^[”"）)\] \u3000]+/, '');
  const gap = after.length - near.length;
  return tails.some((tail) => near.startsWith(tail)) && gap <= nextTo;
}

/** Whether what is between a cue and the finding is an enumeration, or nothing that states something. */
function reaches(before: string, { word, end }: Cue): boolean {
  const between = before.slice(end);
  if (between === '' || joint.test(between)) return true;
  const clauses = between.split(clauseEnd);
  if (word !== '否认' && clauses.length > 1) return false;
  return !clauses.some((clause) => turnPattern.test(clause));
}

/** The last cue that is not a part of another word. */
function lastCue(before: string, words: readonly string[]): Cue | null {
  const pattern = longestFirst(words, 'g');
  const others = [...before.matchAll(new RegExp(notCuePattern, 'g'))];
  let last: Cue | null = null;
  for (const match of before.matchAll(pattern)) {
    const [word] = match;
    const start = match.index;
    const end = start + word.length;
    const isOther = others.some(
      (other) => other.index <= start && end <= other.index + other[0].length,
    );
    if (!isOther) last = { word, start, end };
  }
  return last;
}

const ago = /(?:\d+|[一二三四五六七八九十两数半]+)余?(?:个)?(?:年|月|周|天)(?:余|多)?前/;

function isPast(before: string, after: string): boolean {
  const cue = lastCue(before, lexicon.historical.before);
  if (
    cue &&
    !clauseEnd.test(before.slice(cue.end)) &&
    !/(?:现|目前|此次|本次|今)/.test(before.slice(cue.end))
  )
    return true;
  const clause = before.split(clauseEnd).at(-1) ?? '';
  if (ago.test(clause) && /(?:行|因|患|诊断|确诊|发现)/.test(clause)) return true;
  return lexicon.historical.after.some((tail) => after.startsWith(tail));
}

function experiencerOf(
  before: string,
  section: Section | undefined,
): 'family' | 'other' | undefined {
  const patient = lastCue(before, lexicon.patient)?.end ?? -1;
  const family = lastCue(before, lexicon.family.before)?.end ?? -1;
  const other = lastCue(before, lexicon.other.before)?.end ?? -1;
  if (family > patient && family > other) return 'family';
  if (other > patient) return 'other';
  return section?.name === '家族史' && patient < 0 ? 'family' : undefined;
}

/** One past the last match in [from, to), or `from`. */
function lastAfter(text: string, from: number, to: number, what: RegExp): number {
  for (let i = to - 1; i >= from; i--) if (what.test(text[i] as string)) return i + 1;
  return Math.max(0, from);
}

function firstBefore(text: string, from: number, to: number, what: RegExp): number {
  for (let i = from; i < Math.min(to, text.length); i++) if (what.test(text[i] as string)) return i;
  return Math.min(to, text.length);
}

function longestFirst(words: readonly string[], flags = ''): RegExp {
  const escaped = [...words]
    .sort((a, b) => b.length - a.length)
    .map((word) => word.replace(/[?()|[\]{}.*+^$\\]/g, '\\$&'));
  return new RegExp(escaped.join('|'), flags);
}

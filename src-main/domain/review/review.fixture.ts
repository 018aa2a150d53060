/** Reviews for tests: a text, facts in it, and acts drawn from a seed. */
import type { Fact } from '../contract/fact';
import type { StoredRun } from '../contract/record';
import type { StoredReview } from '../contract/review';
import { stepOf, type ReviewAction } from './actions';
import { withEdgeMoved, withFlag, withNextExperiencer, withType, newMention } from './edit-fact';
import { startReview, type Actor } from './review';
import type { Patch } from './patch';

export const text =
  '患者高血压病史10年，口服硝苯地平控释片。否认糖尿病。考虑肺部感染，行胸部CT检查。';
export const doctor: Actor = { at: 1000, by: 'doctor-1' };
export const of = { text, sections: [] };

export function mention(words: string, type = '疾病和诊断', more: Partial<Fact> = {}): Fact {
  const start = text.indexOf(words);
  if (start < 0) throw new Error(`not in the text: ${words}`);
  const end = start + words.length;
  return {
    ...{ id: `f-${start}-${end}-${type}`, kind: 'mention', type, text: words, start, end },
    ...{ evidence: [{ text: words, start, end }], attributes: {}, confidence: 0.8 },
    ...more,
  };
}

export function field(type: string, words: string | null, more: Partial<Fact> = {}): Fact {
  const start = words === null ? null : text.indexOf(words);
  const end = start === null ? null : start + (words?.length ?? 0);
  return {
    ...{ id: `f-${type}`, kind: 'field', type, text: words, start, end, attributes: {} },
    evidence: words === null || start === null || end === null ? [] : [{ text: words, start, end }],
    confidence: 0.7,
    ...more,
  };
}

export const facts: readonly Fact[] = [
  mention('高血压'),
  mention('硝苯地平控释片', '药物', { confidence: 0.6 }),
  mention('糖尿病', '疾病和诊断', { attributes: { negated: true }, confidence: 0.9 }),
  mention('肺部感染', '疾病和诊断', { confidence: 0.3 }),
  mention('肺部', '解剖部位'),
  mention('胸部CT', '影像检查'),
];

export function run(id: string, found: readonly Fact[], more: Partial<StoredRun> = {}): StoredRun {
  return {
    ...{ id, recordId: 'record-1', textSha256: 'text-1', startedAt: 1, finishedAt: 2 },
    status: 'completed',
    run: { schema: 'ccks2019', model: { name: 'm', sha256: 'x' }, strategy: 's', settings: {} },
    facts: [...found],
    ...more,
  };
}

export function fresh(found: readonly Fact[] = facts): StoredReview {
  const subject = { recordId: 'record-1', textSha256: 'text-1', role: 'primary' as const };
  return startReview(subject, run('run-1', found), { at: 500, by: 'doctor-1' });
}

/** Id of the item whose fact stands at these words. */
export function idOf(review: StoredReview, words: string): string {
  const item = review.items.find(({ fact }) => fact.text === words);
  if (!item) throw new Error(`no item: ${words}`);
  return item.id;
}

/** Numbers between 0 and 1, the same for the same seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Some act on some item. */
export function anyStep(review: StoredReview, draw: () => number, actor: Actor): Patch | null {
  const pick = <T>(all: readonly T[]): T | undefined => all[Math.floor(draw() * all.length)];
  const item = pick(review.items);
  if (!item || draw() < 0.1) return stepOf(review, { kind: 'add', ...anyMention(draw) }, actor);
  const { id, fact } = item;
  const actions: ReviewAction[] = [
    { kind: 'accept', id },
    { kind: 'reject', id },
    { kind: 'reopen', id },
    { kind: 'take', id },
    { kind: 'accept-all', ids: review.items.filter(() => draw() < 0.3).map((each) => each.id) },
    { kind: 'edit', id, fact: withType(fact, draw() < 0.5 ? '手术' : '药物') },
    { kind: 'edit', id, fact: withEdgeMoved(fact, 'start', draw() < 0.5 ? 1 : -1, of) },
    { kind: 'edit', id, fact: withEdgeMoved(fact, 'end', draw() < 0.5 ? 1 : -1, of) },
    { kind: 'edit', id, fact: withFlag(fact, 'negated', draw() < 0.5) },
    { kind: 'edit', id, fact: withNextExperiencer(fact) },
  ];
  const action = pick(actions);
  return action ? stepOf(review, action, actor) : null;
}

function anyMention(draw: () => number): { id: string; fact: Fact } {
  const start = Math.floor(draw() * (text.length - 4));
  const id = `added-${Math.floor(draw() * 1e9)}`;
  return {
    id,
    fact: newMention(id, '症状', { start, end: start + 1 + Math.floor(draw() * 3) }, of),
  };
}

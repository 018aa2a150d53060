import { describe, expect, it } from 'vitest';
import { TextScorer } from './text-scores';

function scored(...pairs: (readonly [string, string])[]) {
  const scorer = new TextScorer();
  for (const [answer, reference] of pairs) scorer.add(answer, reference);
  return scorer.scores();
}

describe('character-level BLEU and ROUGE', () => {
  it('are those of a case counted by hand', () => {
    // Characters: 多喝温水 against 多喝水多休息. Shared: 多 喝 水 (多 is there twice, but said once).
    const { bleu1, bleu2, rouge1, rouge2, rougeL } = scored(['多喝温水', '多喝水多休息']);
    // 3 of 4, brevity exp(1 - 6/4).
    expect(bleu1).toBeCloseTo((3 / 4) * Math.exp(-0.5), 10);
    // Bigrams 多喝 喝温 温水: one of three.
    expect(bleu2).toBeCloseTo(Math.sqrt((3 / 4) * (1 / 3)) * Math.exp(-0.5), 10);
    expect(rouge1).toBeCloseTo((2 * 3) / (4 + 6), 10);
    expect(rouge2).toBeCloseTo((2 * 1) / (3 + 5), 10);
    // 多喝水
    expect(rougeL).toBeCloseTo((2 * 3) / (4 + 6), 10);
  });

  it('an answer that repeats a word gets credit for it once', () => {
    expect(scored(['水水水水', '喝水吗好']).bleu1).toBeCloseTo(1 / 4, 10);
  });

  it('BLEU sums over the set before it divides, ROUGE takes the mean', () => {
    const { bleu1, rouge1 } = scored(['甲乙', '甲乙'], ['丙丁戊己', '甲乙庚辛']);
    expect(bleu1).toBeCloseTo(2 / 6, 10);
    expect(rouge1).toBeCloseTo((1 + 0) / 2, 10);
  });

  it('the same text is 1 in all, also in characters of two units, and white space is no character', () => {
    const all = scored(['𠮷氏 症\n🩺', '𠮷氏症🩺']);
    for (const value of [all.bleu1, all.bleu2, all.rouge1, all.rouge2, all.rougeL])
      expect(value).toBeCloseTo(1, 10);
  });

  it('without words there is nothing to agree in', () => {
    expect(scored(['', '甲'])).toMatchObject({ bleu1: 0, rouge1: 0, rougeL: 0 });
    expect(scored()).toMatchObject({ answers: 0, bleu1: 0, rougeL: 0 });
  });
});

import { describe, expect, it } from 'vitest';
import { calibrated, logit } from './calibrated';
import { cardWith, markedCopyCard } from './card.fixture';
import { extract } from './extract';
import { HostileModel } from './hostile-model.fixture';

const scale = { slope: 0.5, intercept: -1 };

describe('a calibrated confidence', () => {
  it('is that of a case counted by hand', () => {
    // logit(0.9) = ln 9; sigma(0.5 * 2.1972 - 1) = sigma(0.0986).
    expect(calibrated(0.9, scale)).toBeCloseTo(0.52463, 5);
    expect(calibrated(0.9, { slope: 1, intercept: 0 })).toBeCloseTo(0.9, 12);
  });

  it('lies between 0 and 1 for whatever a model says, and keeps the order', () => {
    const said = [-1, 0, 1e-300, 0.2, 0.5, 0.9999, 1 - 1e-9, 1, 1 + 1e-9];
    const made = said.map((each) => calibrated(each, scale));
    expect(made.every((each) => each > 0 && each < 1)).toBe(true);
    expect([...made].sort((a, b) => a - b)).toEqual(made);
    expect(Number.isFinite(logit(1)) && Number.isFinite(logit(0))).toBe(true);
  });

  it('is the probability itself where the card has no scale', () => {
    expect([-1, 0.3, 2].map((each) => calibrated(each, undefined))).toEqual([0, 0.3, 1]);
  });

  it('changes the confidence of facts, nothing else of them, and is named by the run', async () => {
    const run = (calibration?: typeof scale) => {
      const source = { 'zh-CN': '', en: '' };
      const strategy = {
        ...markedCopyCard,
        ...(calibration && { calibration: { ...scale, source } }),
      };
      return extract(
        { text: '患者高血压，头痛三天。'.repeat(10), schema: 'ccks2019-symptom' },
        {
          model: new HostileModel(3),
          card: cardWith(strategy),
          signal: new AbortController().signal,
        },
      );
    };
    const [plain, scaled] = [await run(), await run(scale)];
    expect(plain.facts.length).toBeGreaterThan(0);
    expect(scaled.facts).toEqual(
      plain.facts.map((fact) => ({ ...fact, confidence: calibrated(fact.confidence ?? 0, scale) })),
    );
    expect(plain.run.settings).not.toHaveProperty('calibration');
    expect(scaled.run.settings['calibration']).toBe('0.5 -1');
  });
});

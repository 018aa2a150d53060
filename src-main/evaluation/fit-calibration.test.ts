import { describe, expect, it } from 'vitest';
import { calibrated } from '../tasks/extraction/calibrated';
import { CalibrationMeter } from './calibration';
import { fitCalibration, type Judged } from './fit-calibration';

/** Facts of which just that share is right which a scale says, in thousandths. */
function judgedBy(scale: { slope: number; intercept: number }): Judged[] {
  return [0.05, 0.3, 0.5, 0.8, 0.95, 0.999].flatMap((confidence) => {
    const right = Math.round(1000 * calibrated(confidence, scale));
    return Array.from({ length: 1000 }, (_, i) => ({ confidence, isRight: i < right }));
  });
}

describe('the fitted scale', () => {
  it.each([
    { slope: 1, intercept: 0 },
    { slope: 0.47, intercept: -0.73 },
    { slope: 1.6, intercept: 0.4 },
  ])('is the one that the facts were made by: $slope, $intercept', (scale) => {
    const found = fitCalibration(judgedBy(scale));
    expect(found?.slope).toBeCloseTo(scale.slope, 2);
    expect(found?.intercept).toBeCloseTo(scale.intercept, 2);
  });

  it('makes the calibration error of what it was fitted to nearly nothing', () => {
    const judged = judgedBy({ slope: 0.4, intercept: -0.5 });
    const scale = fitCalibration(judged) ?? undefined;
    const [before, after] = [new CalibrationMeter(), new CalibrationMeter()];
    for (const { confidence, isRight } of judged) {
      before.add(confidence, isRight);
      after.add(calibrated(confidence, scale), isRight);
    }
    expect(before.calibration().ece).toBeGreaterThan(0.1);
    expect(after.calibration().ece).toBeLessThan(0.002);
  });

  it('is none where the facts cannot tell one', () => {
    const of = (...pairs: (readonly [number, boolean])[]): Judged[] =>
      pairs.map(([confidence, isRight]) => ({ confidence, isRight }));
    expect(fitCalibration([])).toBeNull();
    expect(fitCalibration(of([0.9, true], [0.5, true]))).toBeNull();
    expect(fitCalibration(of([0.9, true], [0.9, false]))).toBeNull();
    expect(fitCalibration(of([0.9, true], [0.5, false]))).toBeNull();
    expect(
      fitCalibration(of([0.9, false], [0.8, false], [0.7, true], [0.5, true], [0.85, true])),
    ).toBeNull();
  });
});

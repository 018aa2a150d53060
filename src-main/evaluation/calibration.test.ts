import { describe, expect, it } from 'vitest';
import { CalibrationMeter } from './calibration';

describe('calibration', () => {
  it('is that of a case counted by hand', () => {
    const meter = new CalibrationMeter();
    meter.add(0.9, true);
    meter.add(0.95, false);
    meter.add(0.2, false);
    meter.add(1, true);
    const { bins, brier, ece, facts } = meter.calibration();
    expect(facts).toBe(4);
    // (0.01 + 0.9025 + 0.04 + 0) / 4
    expect(brier).toBeCloseTo(0.238125, 10);
    expect(bins[9]).toMatchObject({ from: 0.9, to: 1, facts: 3 });
    expect(bins[9]?.confidence).toBeCloseTo(0.95, 10);
    expect(bins[9]?.right).toBeCloseTo(2 / 3, 10);
    // (3 * |0.95 - 2/3| + 1 * |0.2 - 0|) / 4
    expect(ece).toBeCloseTo(0.2625, 10);
  });

  it('puts a confidence on a border into the bin that begins there', () => {
    const meter = new CalibrationMeter();
    meter.add(0.5, true);
    const { bins } = meter.calibration();
    expect(bins.map(({ facts }) => facts)).toEqual([0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
  });

  it('says nothing where there is nothing', () => {
    const { brier, ece, facts, bins } = new CalibrationMeter().calibration();
    expect({ brier, ece, facts }).toEqual({ brier: null, ece: null, facts: 0 });
    expect(bins.every(({ confidence, right }) => confidence === null && right === null)).toBe(true);
  });

  it('of a model that is right as often as it says, the error is nothing', () => {
    const meter = new CalibrationMeter();
    for (let i = 0; i < 100; i++) meter.add(0.75, i % 4 !== 0);
    expect(meter.calibration().ece).toBeCloseTo(0, 10);
  });
});

import { describe, expect, test } from 'vitest';
import { needsGuard } from './csv-guard';

describe('results of a laboratory stay as they are', () => {
  test.each([
    ...['+', '++', '+++', '++++', '-', '--', '±', '+/-', '-/+', '＋', '－', '(+)', '（-）', '(±)'],
    ...[
      '-0.5',
      '+0.5',
      '-5',
      '0',
      '0.5',
      '-.5',
      '37.2',
      '100',
      '-12.5%',
      '<0.5',
      '≥3',
      '1.2×10⁹/L',
    ],
    ...[
      '阴性',
      '高血压',
      "'quoted",
      '120/80',
      '2024',
      '2024-03-05',
      '2024-03',
      'T2N0M0',
      '123456789012345',
      ...['SEPT', 'May', 'MARKER1', 'CA125', 'HER2', 'E10', '100', '1,234', '2024年3月5日'],
      ...['(3项)', '3月5日复查', '1.05', '5 mg', '10%', '3个月'],
    ],
    '',
  ])('%s', (text) => {
    expect(needsGuard(text)).toBe(false);
  });
});

describe('what a spreadsheet would compute is guarded', () => {
  test.each([
    ...['=1+1', '+1+1', '-1+1', '@SUM(A1)', "=cmd|' /C calc'!A0", '=HYPERLINK("x")', '+86-10-1234'],
    ...[
      '-头痛',
      '+阳性',
      '＝1+1',
      '＋A1',
      '－A1',
      '＠A1',
      ' =1',
      '\t=1',
      '\u200b=1',
      '\uFEFF=1',
      '\n=1',
    ],
    ...['\t1', '\r1', '--1', '+-1', '++A1'],
  ])('%j', (text) => {
    expect(needsGuard(text)).toBe(true);
  });
});

describe('what a spreadsheet would change is guarded', () => {
  test.each([
    ...['110105199001011234', '1234567890123456', '-1234567890123456', '00384512', '007'],
    ...['2/15', '1-2', '3-5', '12/24', '1/2/2024', '1:40', '1:160', '10:30:05', '2E10', '1e5'],
    ...[
      'SEPT9',
      'MARCH1',
      'Dec1',
      'mar 5',
      '5-Mar',
      '5-Mar-24',
      '2015 May',
      '3月5日',
      '5日',
      '3月',
    ],
    ...['1.2E5', '-1.2e-3', '(3)', '（12）', '1 1/2', '7.40', '-0.50', '.10', '10.0'],
  ])('%s', (text) => {
    expect(needsGuard(text)).toBe(true);
  });
});

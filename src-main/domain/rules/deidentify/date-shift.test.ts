import { describe, expect, it } from 'vitest';
import { noContext, patientShiftDays, shiftDate } from './date-shift';

const shifted = (written: string, days: number): string | null =>
  shiftDate(written, days)?.written ?? null;

describe('a shifted date', () => {
  it.each([
    ['2023-03-05', '2023-04-14'],
    ['2023-3-5', '2023-4-14'],
    ['2023.03.05', '2023.04.14'],
    ['2023/12/28', '2024/02/06'],
    ['2023年3月5日', '2023年4月14日'],
    ['2023 年 3 月 6 日', '2023 年 4 月 15 日'],
    ['2023年03月07日', '2023年04月16日'],
    ['２０２３年３月５日', '２０２３年４月１４日'],
    ['20230305', '20230414'],
    ['23年3月5日', '23年4月14日'],
    ['24.01.08', '24.02.17'],
    ['2023-03-05T08:30:00', '2023-04-14T08:30:00'],
    ['2023年3月', '2023年4月'],
    ['2023-01', '2023-02'],
    ['3月5日', '4月14日'],
    ['12月30日', '2月8日'],
    ['03-06', '04-15'],
    ['二〇二三年三月五日', '二〇二三年四月十四日'],
    ['三月二十一日', '四月三十日'],
    ['2024-02-29', '2024-04-09'],
  ])('%s by 40 days is %s', (written, wanted) => {
    expect(shifted(written, 40)).toBe(wanted);
  });

  it.each([
    '去年10月',
    '腊月',
    '2021年底',
    '1/3/2022',
    '2023-02-30',
    '2023-13-01',
    'Mar 5, 2023',
    '',
  ])('%s cannot be moved', (written) => expect(shifted(written, 40)).toBeNull());

  it('the way back is the date itself, for every day of five years and every form that says the day', () => {
    for (let day = 0; day < 1826; day += 13) {
      const iso = new Date(Date.UTC(2020, 0, 1 + day)).toISOString().slice(0, 10);
      for (const written of [iso, iso.replaceAll('-', ''), iso.replaceAll('-', '/')])
        for (const days of [-365, -31, 30, 200])
          expect(shifted(shifted(written, days) ?? '', -days)).toBe(written);
    }
  });

  it('intervals between complete dates stay', () => {
    const days = (text: string | null): number => Date.parse(text ?? '') / 86_400_000;
    expect(days(shifted('2024-03-01', -77)) - days(shifted('2023-02-27', -77))).toBe(368);
  });

  it('a day of a month before says its year to the dates after it', () => {
    const first = shiftDate('2024年2月27日', 2, noContext);
    expect(first?.written).toBe('2024年2月29日');
    expect(shiftDate('2月28日', 2, first?.context)?.written).toBe('3月1日');
  });
});

describe("a patient's shift", () => {
  const key = new Uint8Array(32).fill(7);

  it('is the same for the patient and the key, and between 30 and 365 days', async () => {
    const all = new Set<number>();
    for (let i = 0; i < 200; i++) {
      const days = await patientShiftDays(key, `patient-${i}`);
      expect(days).toBe(await patientShiftDays(key, `patient-${i}`));
      expect(Math.abs(days)).toBeGreaterThanOrEqual(30);
      expect(Math.abs(days)).toBeLessThanOrEqual(365);
      all.add(days);
    }
    expect(all.size).toBeGreaterThan(100);
  });

  it('is another one with another key', async () => {
    const other = new Uint8Array(32).fill(8);
    const both = await Promise.all(
      ['a', 'b', 'c'].map(async (patient) => [
        await patientShiftDays(key, patient),
        await patientShiftDays(other, patient),
      ]),
    );
    expect(both.some(([one, two]) => one !== two)).toBe(true);
  });
});

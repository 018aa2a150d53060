import { describe, expect, it } from 'vitest';
import { normaliseDate } from './date';
import { normaliseNumber } from './number';

describe('a number is read from a quotation', () => {
  it.each<[string, number | string, string?]>([
    ['36.8℃', 36.8, '℃'],
    ['３６．８ ℃', 36.8, '℃'],
    ['体温36.8°C', 36.8, '℃'],
    ['98次/分', 98, '次/分'],
    ['12.1×10^9/L', 12.1, '10^9/L'],
    ['12.1 x10^9/L', 12.1, '10^9/L'],
    ['12.1×10⁹/L', 12.1, '10^9/L'],
    ['4.5×10¹²/L', 4.5, '10^12/L'],
    ['1.2×10^3 IU/mL', 1200, 'IU/mL'],
    ['白细胞 12.1 10^9/L', 12.1, '10^9/L'],
    ['158mmHg', 158, 'mmHg'],
    ['40U/L', 40, 'U/L'],
    ['104μmol/L', 104, 'μmol/L'],
    ['104umol/L', 104, 'μmol/L'],
    ['3260pg/ml', 3260, 'pg/mL'],
    ['1,200ml', 1200, 'mL'],
    ['-0.5', -0.5],
    ['<0.5', '<0.5'],
    ['＜0.5ng/ml', '<0.5', 'ng/mL'],
    ['＞1000U/mL', '>1000', 'U/mL'],
    ['≥140mmHg', '>=140', 'mmHg'],
    ['超过180mmHg', '>180', 'mmHg'],
    ['65岁以上', '>=65', '岁'],
    ['3.5-9.5', '3.5-9.5'],
    ['2～3天', '2-3', '天'],
    ['三天', 3, '天'],
    ['十二年', 12, '年'],
    ['二十五岁', 25, '岁'],
    ['一百零三', 103],
    ['两片', 2, '片'],
    ['半片', 0.5, '片'],
    ['1年半', 1.5, '年'],
    ['CA199 35U/mL', 35, 'U/mL'],
    ['Ki-67约30%', 30, '%'],
    ['维生素B12 0.5mg', 0.5, 'mg'],
  ])('%s', (quotation, value, unit) => {
    expect(normaliseNumber(quotation)).toEqual(unit === undefined ? { value } : { value, unit });
  });

  it.each([
    ...[
      '158/92mmHg',
      '3年2个月',
      '30余年',
      '2+',
      '(+)',
      '阴性',
      '1:80',
      '第3天',
      '一般情况可',
      '无',
    ],
    ...['一日三次', '数天', 'Ki-67', '9.5-3.5', '±0.2', '2/6级', '3.5.2', '', '12,5'],
  ])('%s could be read in two ways or states none: no value', (quotation) => {
    expect(normaliseNumber(quotation)).toBeNull();
  });

  it('writes a unit as the field does', () => {
    expect(normaliseNumber('12.1x10^9/l', ['×10^9/L'])).toEqual({ value: 12.1, unit: '×10^9/L' });
    expect(normaliseNumber('3颗', ['颗'])).toEqual({ value: 3, unit: '颗' });
    expect(normaliseNumber('3 dB', ['dB'])).toEqual({ value: 3, unit: 'dB' });
  });
});

describe('a date is read from a quotation', () => {
  it.each([
    ['2024年3月5日', '2024-03-05'],
    ['2024-3-5', '2024-03-05'],
    ['2024/03/05', '2024-03-05'],
    ['2024.3.5', '2024-03-05'],
    ['20240305', '2024-03-05'],
    ['２０２４年３月５日', '2024-03-05'],
    ['二〇二四年三月五日', '2024-03-05'],
    ['于2015年3月行胆囊切除', '2015-03'],
    ['2015年', '2015'],
    ['2015', '2015'],
    ['2024-03', '2024-03'],
    ['3月5日', 'XXXX-03-05'],
    ['三月十五日', 'XXXX-03-15'],
    ['2024-03-05 09:30', '2024-03-05T09:30'],
    ['2024年3月5日9时30分', '2024-03-05T09:30'],
    ['2024年2月29日', '2024-02-29'],
    ['2月29日', 'XXXX-02-29'],
  ])('%s', (quotation, value) => {
    expect(normaliseDate(quotation)).toBe(value);
  });

  it.each([
    ...['5天前', '24.3.5', '3.5', '3/5', '99年', '2024-13-01', '2024年2月30日', '2023年2月29日'],
    ...[
      '2024-03-05至2024-03-12',
      '2015年前',
      '3月初',
      '3年前',
      '入院当天',
      '',
      '2024年3月5日、6日',
    ],
    ...['12024-03-05', '血压158/92'],
  ])('%s states no one date: no value', (quotation) => {
    expect(normaliseDate(quotation)).toBeNull();
  });
});

import { expect, test } from 'vitest';
import type { Problem } from '../contract/errors';
import { problemDetail } from './problem-detail';

const both = (problem: Problem): (string | null)[] => [
  problemDetail('zh-CN', problem),
  problemDetail('en', problem),
];

test.each<[Problem, string, string]>([
  [
    { code: 'TEXT_TOO_LARGE', params: { chars: 2_097_152, limit: 1_000_000 } },
    '共 2,097,152 字，最多 1,000,000 字。',
    'It has 2,097,152 characters; 1,000,000 is the most.',
  ],
  [
    { code: 'QUESTION_TOO_LONG', params: { chars: 50_000, limit: 2_000 } },
    '共 50,000 字，最多 2,000 字。',
    'It has 50,000 characters; 2,000 is the most.',
  ],
  [
    { code: 'EMPTY_TEXT', params: { column: 'B / AA' } },
    '这一行的 B / AA 列没有内容。',
    'Nothing stands in column B / AA of this row.',
  ],
  [
    { code: 'TABLE_CELL_WITHOUT_VALUE', params: { why: 'formula', column: 'C' } },
    'C 列：公式没有保存结果。',
    'Column C: a formula without its result.',
  ],
  [
    { code: 'TABLE_COLUMN_MISSING', params: { column: 28, columns: 3 } },
    '所选为 AB 列，首行只有 3 列。',
    'Column AB was chosen; the first row has 3 columns.',
  ],
  [
    { code: 'TABLE_DAMAGED', params: { row: 1204 } },
    '从第 1,204 行起（标题行计算在内）。',
    'From row 1,204 on, headings counted.',
  ],
])('%o says in both languages where and how much', (problem, zh, en) => {
  expect(both(problem)).toEqual([zh, en]);
});

test('of a text that is no table, and of params that say nothing, there is no detail', () => {
  expect(both({ code: 'EMPTY_TEXT' })).toEqual([null, null]);
  expect(both({ code: 'TABLE_CELL_WITHOUT_VALUE', params: { why: '?', column: 'C' } })).toEqual([
    null,
    null,
  ]);
});

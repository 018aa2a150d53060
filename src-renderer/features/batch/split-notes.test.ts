import { expect, test } from 'vitest';
import { splitNotes } from './split-notes';

test('notes between lines of dashes, whatever their line ends and widths', () => {
  const text = '甲，头痛。\r\n体温37.5-38℃\r\n----\r\n乙，发热。\n　＝＝＝　\n丙。';
  expect(splitNotes(text, 'dashes')).toEqual(['甲，头痛。\n体温37.5-38℃', '乙，发热。', '丙。']);
});

test('notes between two or more empty lines; one empty line belongs to the note', () => {
  const text = '\n甲。\n\n主诉：头痛。\n\n\n\n乙。\n \n\t\n丙。\n';
  expect(splitNotes(text, 'blank')).toEqual(['甲。\n\n主诉：头痛。', '乙。', '丙。']);
});

test('nothing between separators is no note', () => {
  expect(splitNotes('---\n\n---\n 　\n----', 'dashes')).toEqual([]);
  expect(splitNotes('', 'blank')).toEqual([]);
});

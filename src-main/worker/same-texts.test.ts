import { expect, test } from 'vitest';
import { SameTexts } from './same-texts';

test('owners of one text are told in their order, those of another case left out where both are known', () => {
  const texts = new SameTexts();
  texts.add('aa', 5, '病例1');
  texts.add('bb', 6);
  texts.add('aa', 7, '病例2');
  texts.add('aa', 2);
  texts.add('aa', 7, '病例2');

  expect([...texts.owners('aa')]).toEqual([5, 7, 2]);
  expect([...texts.owners('aa', '病例1')]).toEqual([5, 2]);
  expect([...texts.owners('aa', '病例2')]).toEqual([7, 2]);
  expect([...texts.owners('aa', '病例3')]).toEqual([2]);
  expect([...texts.owners('bb', '病例3')]).toEqual([6]);
  expect([...texts.owners('cc')]).toEqual([]);
});

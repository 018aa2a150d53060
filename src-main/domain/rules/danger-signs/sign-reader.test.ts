import { expect, it } from 'vitest';
import { findDangerSigns } from './find-danger-signs';
import { SignReader } from './sign-reader';

it('a text is read once while it is asked for in every reading, and forgotten with the first that does not', () => {
  const reader = new SignReader();
  const first = reader.find('胸口疼得厉害');
  expect(first).toEqual(findDangerSigns('胸口疼得厉害'));
  expect(first).not.toEqual([]);
  expect(reader.find('胸口疼得厉害')).toBe(first);
  reader.end();
  expect(reader.find('胸口疼得厉害')).toBe(first);
  reader.end();
  reader.find('没事了');
  reader.end();
  const again = reader.find('胸口疼得厉害');
  expect(again).not.toBe(first);
  expect(again).toEqual(first);
});

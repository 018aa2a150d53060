/** E-mail addresses, and accounts of WeChat and QQ by their label. */
import type { Candidate } from './identifier';
import { labelledValues, labelPattern } from './labels';
import { matches } from './words';

const mail = /[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}/g;
const labels = labelPattern([
  '微信号',
  '微信',
  '微信联系',
  'QQ',
  'QQ号',
  'WeChat',
  '钉钉号',
  '抖音号',
]);
const account = /[A-Za-z0-9_][A-Za-z0-9_-]{4,30}/y;

export function* contacts(folded: string): Generator<Candidate> {
  for (const { index, 0: text } of matches(mail, folded))
    yield {
      kind: 'contact',
      start: index,
      end: index + text.length,
      rule: 'contact-mail',
      certainty: 99,
    };
  for (const { start, end } of labelledValues(folded, labels, account))
    yield { kind: 'contact', start, end, rule: 'contact-label', certainty: 88 };
}

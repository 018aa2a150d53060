/** What stands in the place of an identifier: 【姓名1】. */
import type { IdentifierKind } from './identifier';

const words: Record<IdentifierKind, string> = {
  name: '姓名',
  id: '证件号',
  phone: '电话',
  address: '地址',
  'hospital-number': '院内编号',
  'insurance-number': '医保号',
  date: '日期',
  institution: '机构',
  'bank-account': '银行账号',
  plate: '车牌号',
  contact: '网络账号',
};

const pattern = new RegExp(`【(?:${Object.values(words).join('|')})[0-9]{1,7}】`, 'g');

export function placeholder(kind: IdentifierKind, number: number): string {
  return `【${words[kind]}${number}】`;
}

/** Placeholders that a text holds already: a new one must not look like one of them. */
export function placeholdersIn(text: string): Set<string> {
  return new Set(Array.from(text.matchAll(pattern), ([found]) => found));
}

/** The text with each placeholder as brackets alone, so that no rule reads a label or a number in it. */
export function withoutPlaceholders(folded: string): string {
  return folded.replace(pattern, (found) => '】'.repeat(found.length));
}

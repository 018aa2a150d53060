/** Sections of a Chinese record, found by headings at the beginning of lines. */
import type { Section } from '../contract/section';

const headings = [
  ...['主诉', '现病史', '既往史', '个人史', '婚育史', '月经史', '家族史', '体格检查', '专科检查'],
  ...['辅助检查', '初步诊断', '入院诊断', '出院诊断', '诊断', '诊疗经过', '诊疗计划', '出院医嘱'],
  ...['出院情况', '入院情况', '医嘱'],
];
const heading = new RegExp(`^[ \\t　【\\[]*(${headings.join('|')})[】\\]]?[ \\t　]*[:：\\n]`, 'gm');

/** In order, without overlap; nothing before the first heading. */
export function findSections(text: string): Section[] {
  const found = [...text.matchAll(heading)];
  return found.map((match, index) => ({
    name: match[1] ?? '',
    start: match.index,
    body: match.index + match[0].length,
    end: found[index + 1]?.index ?? text.length,
  }));
}

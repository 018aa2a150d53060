/**
 * Runs the shipped model over the thirty samples and writes what it said, right and wrong alike:
 * `npx tsx models/nano/samples.ts` -> `models/nano/SAMPLES.md`, and the scores on stdout.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Fact } from '../../src-main/domain/contract/fact';
import { messagesFor } from '../../src-main/domain/messages';
import { extract } from '../../src-main/tasks/extraction/extract';
import { loadShipped } from './shipped';

interface Mark {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  /** Chinese names of what is stated of it, in a fixed order. */
  readonly attributes: string;
}

const typeOf: Record<string, string> = {
  D: '疾病和诊断',
  I: '影像检查',
  L: '实验室检验',
  O: '手术',
  M: '药物',
  B: '解剖部位',
  S: '症状',
};
const names = messagesFor('zh-CN').extraction.attribute;
/** What a letter after the type states; the names are those that the program shows. */
const flags = [
  ['n', names.negated],
  ['u', names.uncertain],
  ['h', names.historical],
  ['f', names.family],
] as const;

/** `{Dn|糖尿病}` -> the text without braces, and its marks in UTF-16 units. */
function parseSample(line: string): { text: string; marks: Mark[] } {
  let text = '';
  const marks: Mark[] = [];
  let last = 0;
  for (const slot of line.matchAll(/\{([A-Z])([a-z]*)\|([^}]*)\}/gu)) {
    const [whole, letter = '', stated = '', words = ''] = slot;
    text += line.slice(last, slot.index);
    last = slot.index + whole.length;
    const type = typeOf[letter];
    if (!type) throw new Error(`no type ${letter}`);
    const attributes = flags.filter(([flag]) => stated.includes(flag)).map(([, name]) => name);
    marks.push({
      type,
      start: text.length,
      end: text.length + words.length,
      attributes: attributes.join(),
    });
    text += words;
  }
  return { text: text + line.slice(last), marks };
}

function markOf({ type, start, end, attributes }: Fact): Mark {
  const stated = [
    attributes.negated ? names.negated : '',
    attributes.uncertain ? names.uncertain : '',
    attributes.historical ? names.historical : '',
    attributes.experiencer === 'family' ? names.family : '',
  ].filter((name) => name !== '');
  return { type, start: start ?? 0, end: end ?? 0, attributes: stated.join() };
}

const keyOf = ({ type, start, end }: Mark): string => `${type} ${start} ${end}`;

function shown(text: string, mark: Mark): string {
  return `${text.slice(mark.start, mark.end)}（${[mark.type, ...(mark.attributes ? [mark.attributes] : [])].join('·')}）`;
}

const { model, card } = await loadShipped();
const lines = (await readFile(join(import.meta.dirname, 'samples.txt'), 'utf8'))
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));

const report = [
  '# Thirty samples',
  '',
  `What \`${card.name}\` (SHA-256 ${card.sha256.slice(0, 12)}…) says of the thirty texts in`,
  '`samples.txt`, which we wrote before it was trained and did not pick by result. Made by',
  '`npx tsx models/nano/samples.ts`. Strict: type, first and last character as we marked them.',
  '',
];
let right = 0;
let wanted = 0;
let given = 0;
let statedRight = 0;
let stated = 0;
let markedWithAttributes = 0;
let statedWrongly = 0;
for (const [number, line] of lines.entries()) {
  const { text, marks } = parseSample(line);
  const { facts } = await extract(
    { text, schema: 'ccks2019-symptom' },
    { model, card, signal: new AbortController().signal },
  );
  const said = facts.map(markOf);
  const gold = new Map(marks.map((mark) => [keyOf(mark), mark]));
  const found = new Map(said.map((mark) => [keyOf(mark), mark]));
  const missed = marks.filter((mark) => !found.has(keyOf(mark)));
  const extra = said.filter((mark) => !gold.has(keyOf(mark)));
  const hits = said.filter((mark) => gold.has(keyOf(mark)));
  const otherwise = hits.filter((mark) => gold.get(keyOf(mark))?.attributes !== mark.attributes);
  markedWithAttributes += marks.filter(({ attributes }) => attributes !== '').length;
  right += hits.length;
  wanted += marks.length;
  given += said.length;
  for (const mark of hits) {
    const expected = gold.get(keyOf(mark))?.attributes ?? '';
    if (expected !== '') stated++;
    if (expected !== '' && expected === mark.attributes) statedRight++;
    if (expected === '' && mark.attributes !== '') statedWrongly++;
  }
  report.push(`### ${number + 1}`, '', text, '');
  const list = (title: string, items: readonly Mark[]): void => {
    if (items.length > 0)
      report.push(`- ${title}：${items.map((mark) => shown(text, mark)).join('、')}`);
  };
  list('对', hits);
  list('漏', missed);
  list('误', extra);
  if (otherwise.length > 0) {
    const attributesOf = (mark: Mark | undefined): string => mark?.attributes || '无';
    const pairs = otherwise.map(
      (mark) =>
        `${text.slice(mark.start, mark.end)}（标 ${attributesOf(gold.get(keyOf(mark)))}，说 ${attributesOf(mark)}）`,
    );
    report.push(`- 属性与我们所标不同：${pairs.join('、')}`);
  }
  report.push('');
}
const f1 = (2 * right) / Math.max(1, wanted + given);
const summary =
  `Strict F1 ${f1.toFixed(3)} (${right} right of ${wanted} marked and ${given} found). ` +
  `Of ${markedWithAttributes} mentions marked with attributes ${stated} were found, ${statedRight} of them with ` +
  `the attributes as marked; ${statedWrongly} found mentions have one where there is none.`;
report.splice(6, 0, summary, '');
await writeFile(join(import.meta.dirname, 'SAMPLES.md'), `${report.join('\n').trimEnd()}\n`);
console.log(summary);
await model.dispose();

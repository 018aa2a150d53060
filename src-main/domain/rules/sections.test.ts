import { expect, it } from 'vitest';
import { findSections, sectionAt, sectionNames } from './sections';
import { labelledRecords } from './sections.fixture';

function unmarked(record: string): { text: string; headings: { name: string; start: number }[] } {
  const headings: { name: string; start: number }[] = [];
  let text = '';
  let from = 0;
  for (const match of record.matchAll(/\{([^|{}]+)\|([^{}]+)\}/g)) {
    text += record.slice(from, match.index);
    headings.push({ name: match[1] as string, start: text.length });
    text += match[2] as string;
    from = match.index + match[0].length;
  }
  return { text: text + record.slice(from), headings };
}

it('finds the headings of labelled records: recall and precision at least 0.95', () => {
  let [wanted, found, right] = [0, 0, 0];
  const wrong: string[] = [];
  for (const record of labelledRecords) {
    const { text, headings } = unmarked(record);
    const sections = findSections(text);
    const key = (one: { name: string; start: number }) => `${one.name}@${one.start}`;
    const known = new Set(headings.map(key));
    const hits = sections.filter((section) => known.has(key(section)));
    if (hits.length < headings.length || sections.length > hits.length)
      wrong.push(`${record} -> ${sections.map(key).join(' ')}`);
    wanted += headings.length;
    found += sections.length;
    right += hits.length;
  }
  const [recall, precision] = [right / wanted, right / found];
  process.stdout.write(
    `Sections: ${labelledRecords.length} records, ${wanted} headings, ` +
      `recall ${recall.toFixed(3)}, precision ${precision.toFixed(3)}\n${wrong.join('\n')}\n`,
  );
  expect(labelledRecords.length).toBeGreaterThanOrEqual(60);
  expect(recall).toBeGreaterThanOrEqual(0.95);
  expect(precision).toBeGreaterThanOrEqual(0.95);
});

it('knows at least 40 sections by name', () => {
  expect(sectionNames.length).toBeGreaterThanOrEqual(40);
});

it('sections follow each other to the end of the text; what is before the first is in none', () => {
  const text = '入院记录\n主　诉：头痛。 现病史：\n\n  患者👩头痛3天。\n既往史：';
  const sections = findSections(text);
  expect(sections.map(({ name }) => name)).toEqual(['主诉', '现病史', '既往史']);
  expect(sections.map(({ end }) => end)).toEqual([
    ...sections.slice(1).map(({ start }) => start),
    text.length,
  ]);
  expect(sections.map(({ body, end }) => text.slice(body, end).trim())).toEqual([
    ...['头痛。', '患者👩头痛3天。', ''],
  ]);
  expect(sectionAt(sections, 2)).toBeUndefined();
  expect(sectionAt(sections, text.indexOf('患者'))?.name).toBe('现病史');
});

it('a long text of one character, or of headings alone, is done in no time', () => {
  expect(findSections('主'.repeat(200_000))).toEqual([]);
  expect(findSections('('.repeat(200_000))).toEqual([]);
  expect(findSections('主诉：'.repeat(20_000))).not.toEqual([]);
});

import { parse } from 'csv-parse/sync';
import { readSheet } from 'read-excel-file/node';
import { describe, expect, test } from 'vitest';
import type { AnnotationSchema } from '../../domain/contract/annotation-schema';
import type { ExportOptions } from '../../domain/contract/export';
import { distinct } from './headings';
import { writeDictionary } from './open-export';
import { Collected, exported, labSchema, options } from './records.fixture';

const own = (n: number, chinese: string, english = ''): AnnotationSchema => ({
  ...labSchema,
  ...{ id: `own-0000000${n}-1111-4111-8111-111111111111`, chinese, english },
});
const wide = (more: Partial<ExportOptions> = {}): ExportOptions => ({
  ...{ ...options, layout: 'wide', locale: 'zh-CN' },
  ...more,
});
async function csvHeadings(
  schemas: readonly AnnotationSchema[],
  more: Partial<ExportOptions> = {},
): Promise<string[]> {
  const bytes = await exported([], wide({ format: 'csv', ...more }), schemas);
  const [heading = []]: string[][] = parse(bytes, { bom: true });
  return heading;
}

describe('columns of several schemas', () => {
  test('are called by the schemas’ names, in the language of the file, and never by ids', async () => {
    const schemas = [own(1, '术后随访', 'Follow-up'), own(2, '出院带药')];
    const chinese = await csvHeadings(schemas);
    expect(chinese).toContain('术后随访：报告日期');
    expect(chinese).toContain('出院带药：检验.项目');
    const english = await csvHeadings(schemas, { locale: 'en' });
    expect(english).toContain('Follow-up: 报告日期');
    expect(english).toContain('出院带药: 报告日期');
    for (const heading of [...chinese, ...english]) expect(heading).not.toContain('own-');
    const xlsx = await exported([], wide({ format: 'xlsx' }), schemas);
    const [sheet = []] = await readSheet(xlsx, 1);
    expect(sheet).toContain('术后随访：报告日期');
    expect(await csvHeadings(schemas.slice(0, 1))).toContain('报告日期');
  });

  test('differ, and are called the same whatever record comes first', async () => {
    const schemas = [own(2, '随访'), own(1, '随访 '), own(3, '随\n访')];
    const headings = await csvHeadings(schemas, { withEvidence: true });
    expect(new Set(headings).size).toBe(headings.length);
    expect(headings).toContain('随访（2）：报告日期');
    const dates = (all: readonly string[]) => all.filter((each) => each.endsWith('：报告日期'));
    expect(dates(headings)).toEqual(['随访（2）：报告日期', '随访：报告日期', '随 访：报告日期']);
    expect(dates(await csvHeadings(schemas.toReversed())).sort()).toEqual(dates(headings).sort());
  });

  test('are guarded where a name would be computed', async () => {
    const schemas = [own(1, '=HYPERLINK("x")'), own(2, '-随访')];
    const headings = await csvHeadings(schemas);
    expect(headings).toContain(`'=HYPERLINK("x")：报告日期`);
    expect(headings).toContain(`'-随访：报告日期`);
  });

  test('have their schema’s id and version in the data dictionary', async () => {
    const schemas = [own(1, '随访'), own(2, '随访')];
    const sink = new Collected();
    await writeDictionary(sink, { options: wide(), schemas, deidentified: false });
    const rows: string[][] = parse(sink.bytes, { bom: true });
    const meaning = new Map(rows.map(([, heading = '', , said = '']) => [heading, said]));
    expect(meaning.get('随访：报告日期')).toContain(`编号 ${schemas[0]?.id}，第 3 版`);
    expect(meaning.get('随访（2）：体温（单位）')).toContain(`编号 ${schemas[1]?.id}`);
  });
});

describe('a heading', () => {
  test('of a type that is called like a column of every table is told apart from it', async () => {
    const fields = ['来源', '已加撇号的列'].map((id) => ({
      kind: 'text' as const,
      id,
      english: '',
    }));
    const headings = await csvHeadings([{ ...labSchema, fields }]);
    expect(headings).toEqual(expect.arrayContaining(['来源（2）', '已加撇号的列（2）']));
    expect(new Set(headings).size).toBe(headings.length);
  });

  test('with a number is not that of another one', () => {
    const names = ['a', 'a', 'a (2)', 'a'];
    expect(distinct(names, 'en')).toEqual(['a', 'a (3)', 'a (2)', 'a (4)']);
  });
});

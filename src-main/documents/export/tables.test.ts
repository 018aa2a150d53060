import { parse } from 'csv-parse/sync';
import readXlsxFile, { readSheet } from 'read-excel-file/node';
import { describe, expect, test } from 'vitest';
import {
  annotationSchema,
  annotationSchemas,
  type AnnotationSchema,
} from '../../domain/contract/annotation-schema';
import type { ExportedRecord, ExportOptions } from '../../domain/contract/export';
import { confirmedLabel, machineLabel } from '../../domain/rules/export/export-label';
import { writeDictionary } from './open-export';
import {
  Collected,
  exported,
  fact,
  facts,
  labSchema,
  options,
  record,
  text,
  unconfirmed,
} from './records.fixture';
import { entriesOf } from './zip.fixture';

const symptomSchema = annotationSchemas.filter(({ id }) => id === 'ccks2019-symptom');

async function entryOf(bytes: Buffer, name: string): Promise<string> {
  return (await entriesOf(bytes)).get(name)?.toString('utf-8') ?? '';
}

type Row = Record<string, string>;

async function csvRows(
  records: readonly ExportedRecord[],
  chosen: Partial<ExportOptions> = {},
  schemas: readonly AnnotationSchema[] = symptomSchema,
): Promise<Row[]> {
  const bytes = await exported(records, { format: 'csv', ...chosen }, schemas);
  return parse(bytes, { columns: true, bom: true });
}

/** A row as it was before the guard. */
function unguarded(row: Row): Row {
  const guarded = new Set((row['guarded'] ?? '').split(' ').filter(Boolean).map(Number));
  return Object.fromEntries(
    Object.entries(row).map(([name, cell], at) => [
      name,
      guarded.has(at + 1) ? cell.slice(1) : cell,
    ]),
  );
}

const labText = '2024年3月5日报告：白细胞 ++，血红蛋白 -0.5 g/L，体温38.5℃，无发热。';
const field = { kind: 'field', standing: 'machine', review: undefined } as const;
function labRecord(more: Partial<ExportedRecord> = {}): ExportedRecord {
  const of = (words: string, type: string, extra: object): ReturnType<typeof fact> => {
    const made = fact(words, type, { ...extra, kind: 'field', standing: 'machine' }, labText);
    delete made.review;
    return made;
  };
  return record({
    text: labText,
    confirmation: null,
    run: { ...record().run, schema: 'lab', definition: labSchema },
    facts: [
      of('白细胞', '项目', { group: { name: '检验', index: 0 } }),
      of('++', '结果', { group: { name: '检验', index: 0 } }),
      of('血红蛋白', '项目', { group: { name: '检验', index: 1 } }),
      of('-0.5', '结果', { group: { name: '检验', index: 1 }, value: -0.5, unit: 'g/L' }),
      of('2024年3月5日', '报告日期', { value: '2024-03-05' }),
      of('无发热', '发热', { value: false }),
      of('38.5℃', '体温', { value: 38.5, unit: '℃' }),
      {
        ...field,
        ...{ id: 'none', type: '分级', text: null, start: null, end: null, evidence: [] },
        ...{ attributes: {}, confidence: null },
        review: undefined,
      },
    ],
    ...more,
  });
}

describe('a CSV file with a row a fact', () => {
  test('begins with the mark that Excel needs, ends its lines with CR LF, and holds every fact', async () => {
    const bytes = await exported([record()], {}, symptomSchema);
    expect([...bytes.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
    expect(bytes.toString('utf-8').split('\r\n')).toHaveLength(facts.length + 2);
    const rows = await csvRows([record()]);
    expect(rows.map((row) => row['text'])).toEqual(facts.map((one) => one.text));
    for (const row of rows)
      expect(text.slice(Number(row['start']), Number(row['end']))).toBe(row['text']);
    expect(rows[1]).toMatchObject({
      type: '疾病和诊断',
      negated: 'true',
      uncertain: 'false',
      experiencer: 'patient',
      standing: 'accepted',
      label: confirmedLabel,
      confirmed_by: '王医师',
      confirmed_at: '2026-01-02T03:04:05.000Z',
      status: 'completed',
    });
    expect(rows[2]?.['review']).toBe('bulk');
  });

  test('an 18-digit number survives, marked, and the mark undoes the guard exactly', async () => {
    const hostile = '=HYPERLINK("x")"，\r\n第二行';
    const odd = [hostile, '+', '++', '±', '-0.5', '2/15', "'mine", '-头痛', '0012', '\ud800x'];
    const own = odd.join('、');
    const made = record({ text: own, facts: odd.map((words) => fact(words, '症状', {}, own)) });
    const rows = await csvRows([made]);
    expect(rows[0]?.['case_id']).toBe("'110105199001011234");
    const undone = rows.map(unguarded);
    expect(undone[0]?.['case_id']).toBe('110105199001011234');
    // A lone surrogate has no UTF-8.
    expect(undone.map((row) => row['text'])).toEqual([...odd.slice(0, -1), '\uFFFDx']);
    expect(rows.map((row) => row['text']).slice(1, 5)).toEqual(['+', '++', '±', '-0.5']);
    expect(rows[0]?.['text']).toBe(`'${hostile}`);
  });

  test('flags that a schema or a model does not state are empty, never false', async () => {
    const silent = record({ run: { ...record().run, settings: { attributes: '' } } });
    expect((await csvRows([silent])).at(-1)).toMatchObject({ negated: '', experiencer: '' });
    expect((await csvRows([record()])).at(-1)).toMatchObject({ negated: 'false' });
  });

  test('a type that is not asked about a flag has neither false nor a column for it', async () => {
    const [schema] = symptomSchema as [AnnotationSchema];
    const types = schema.types.map((one) =>
      one.id === '药物' ? { ...one, attributes: ['negated' as const] } : one,
    );
    const own = {
      ...schema,
      types: types.map((one) => (one.id === '手术' ? { ...one, attributes: [] } : one)),
    };
    const made = record({ run: { ...record().run, definition: own } });
    const rows = await csvRows([made], {}, [own]);
    const drug = rows.find(({ type }) => type === '药物');
    expect(drug).toMatchObject({ negated: 'false', historical: '', experiencer: '' });
    const [wide] = await csvRows([made], { layout: 'wide' }, [own]);
    expect(wide).toHaveProperty('药物 (flagged)');
    expect(wide).not.toHaveProperty('手术 (flagged)');
    // A person's own flag is not lost for want of a column.
    expect(wide?.['手术']).toBe('冠脉造影');
    expect(wide?.['other']).toBe('手术=阑尾切除术[!]');
  });

  test('a fact of another schema than the run has flags only where somebody stated them', async () => {
    const made = record({ facts: [fact('胸闷', '别的'), fact('高血压', '疾病和诊断')] });
    const [other, known] = await csvRows([made]);
    expect(other).toMatchObject({ negated: '', experiencer: '' });
    expect(known).toMatchObject({ negated: 'false', experiencer: 'patient' });
  });

  test('what nobody confirmed carries the label; what is partial says so; a record without facts stays', async () => {
    const failed = unconfirmed({
      id: 'record-0002',
      status: 'failed',
      problem: { code: 'LENGTH_LIMIT' },
      facts: [],
    });
    const rows = await csvRows([unconfirmed({ status: 'incomplete' }), failed]);
    expect(rows).toHaveLength(facts.length + 1);
    for (const row of rows) expect(row['label']).toBe(machineLabel);
    expect(rows[0]?.['status']).toBe('incomplete');
    expect(rows.at(-1)).toMatchObject({
      ...{ record_id: 'record-0002', fact_id: '', status: 'failed', problem: 'LENGTH_LIMIT' },
    });
  });

  test('a field that is not mentioned is told from one that is denied', async () => {
    const rows = await csvRows([labRecord()], {}, [labSchema]);
    const of = (type: string): Row | undefined => rows.find((row) => row['type'] === type);
    expect(of('分级')).toMatchObject({ mentioned: 'false', text: '', value: '' });
    expect(of('发热')).toMatchObject({ mentioned: 'true', text: '无发热', value: 'false' });
  });

  test('confirmed only leaves out what is not', async () => {
    const rows = await csvRows([unconfirmed(), record({ id: 'b' })], { which: 'confirmed' });
    expect(new Set(rows.map((row) => row['record_id']))).toEqual(new Set(['b']));
  });

  test('no records: a heading alone', async () => {
    expect(await csvRows([])).toEqual([]);
    expect((await exported([], {}, [])).toString('utf-8')).toContain('record_id,');
  });
});

describe('a CSV file with a row a record', () => {
  test('a denied disease is not in the column of diseases', async () => {
    const [row] = await csvRows([record()], { layout: 'wide' });
    expect(row?.['疾病和诊断']).toBe('');
    expect(row?.['疾病和诊断 (flagged)']).toBe(
      '高血压[historical] | 糖尿病[negated] | 肺部感染[uncertain] | 肺癌[family] | 家族性结肠息肉病[negated, family]',
    );
    expect(row).toMatchObject({
      手术: '冠脉造影',
      药物: '硝苯地平',
      facts: '9',
      unconfirmed_facts: '0',
    });
  });

  test('members of a group stand in line, fields by their values', async () => {
    const [row] = await csvRows([labRecord()], { layout: 'wide' }, [labSchema]);
    expect(unguarded(row ?? {})).toMatchObject({
      '检验.项目': '白细胞 | 血红蛋白',
      '检验.结果': '++ | -0.5',
      '检验.结果 (unit)': ' | g/L',
      报告日期: '2024-03-05',
      发热: 'false',
      体温: '38.5',
      '体温 (unit)': '℃',
      分级: 'not mentioned',
    });
  });

  test('a drug that is denied or was stopped says so in the line of its group', async () => {
    const own = '否认服用阿司匹林，曾用二甲双胍0.5g，现服氨氯地平5mg。';
    const of = (words: string, type: string, index: number, more: object = {}) =>
      fact(words, type, { kind: 'field', group: { name: '用药', index }, ...more }, own);
    const medication = annotationSchema('medication');
    const made = record({
      text: own,
      run: { ...record().run, schema: 'medication', definition: medication },
      facts: [
        of('阿司匹林', '药名', 0, { attributes: { negated: true } }),
        of('二甲双胍', '药名', 1, { attributes: { historical: true } }),
        of('0.5g', '单次剂量', 1, { value: 0.5, unit: 'g', attributes: { historical: true } }),
        of('氨氯地平', '药名', 2),
        of('5mg', '单次剂量', 2, { value: 5, unit: 'mg' }),
      ],
    });
    const [row] = await csvRows([made], { layout: 'wide' }, [medication]);
    expect(row?.['用药.药名']).toBe('阿司匹林[negated] | 二甲双胍[historical] | 氨氯地平');
    expect(row?.['用药.单次剂量']).toBe(' | 0.5[historical] | 5');
  });

  test('a field with a flag is not in the column of its values', async () => {
    const own = '体温最高39℃为去年，现36.5℃；否认高血压。';
    const schema: AnnotationSchema = {
      ...{ ...labSchema, id: 'own', attributes: ['negated', 'historical'] },
      fields: [
        { kind: 'number', id: '体温', english: '', units: ['℃'] },
        { kind: 'text', id: '慢病', english: '' },
      ],
    };
    const of = (words: string, type: string, more: object) =>
      fact(words, type, { kind: 'field', ...more }, own);
    const facts = [
      of('39℃', '体温', { value: 39, unit: '℃', attributes: { historical: true } }),
      of('36.5℃', '体温', { value: 36.5, unit: '℃' }),
      of('高血压', '慢病', { attributes: { negated: true } }),
    ];
    const run = { ...record().run, schema: 'own', definition: schema };
    const [row] = await csvRows([record({ text: own, run, facts })], { layout: 'wide' }, [schema]);
    expect(row).toMatchObject({
      ...{ 体温: '36.5', '体温 (flagged)': '39[historical]' },
      ...{ 慢病: '', '慢病 (flagged)': '高血压[negated]', other: '' },
    });
    // A person may flag what the schema asks no flags for: then the value itself says so.
    const silent: AnnotationSchema = { ...schema, attributes: [] };
    const [plain] = await csvRows(
      [record({ text: own, run: { ...run, definition: silent }, facts: facts.slice(2) })],
      { layout: 'wide' },
      [silent],
    );
    expect(plain?.['慢病']).toBe('高血压[negated]');
  });

  test('values that hold the separator can be told apart', async () => {
    const own = '甲 | 乙；丙\\丁';
    const made = record({
      text: own,
      facts: [fact('甲 | 乙', '药物', {}, own), fact('丙\\丁', '药物', {}, own)],
    });
    const [row] = await csvRows([made], { layout: 'wide' });
    expect(row?.['药物']).toBe('甲 \\| 乙 | 丙\\\\丁');
  });

  test('evidence has columns of its own if wanted', async () => {
    const [row] = await csvRows([record()], { layout: 'wide', withEvidence: true });
    const at = text.indexOf('硝苯地平');
    expect(row?.['药物 (evidence)']).toBe(`硝苯地平@${at}-${at + 4}`);
  });

  test('a row a case joins its records, and only these', async () => {
    const rows = await csvRows(
      [
        record({ id: 'a', caseId: 'A' }),
        unconfirmed({ id: 'b', caseId: 'A', status: 'incomplete' }),
        record({ id: 'c', caseId: 'B' }),
        record({ id: 'd', caseId: undefined }),
        record({ id: 'e', caseId: undefined }),
      ],
      { layout: 'wide', rows: 'case' },
    );
    expect(rows.map((row) => row['record_id'])).toEqual(['a | b', 'c', 'd', 'e']);
    expect(rows[0]).toMatchObject({
      ...{ records: '2', 药物: '硝苯地平 | 硝苯地平', label: machineLabel, status: 'incomplete' },
      unconfirmed_facts: '9',
    });
  });

  test('60 types, and facts of a type that the schema does not have', async () => {
    const types = Array.from({ length: 60 }, (_, at) => ({ id: `类型${at}`, english: '', hue: 1 }));
    const wide: AnnotationSchema = { ...labSchema, id: 'w', types, fields: [] };
    const made = record({
      run: { ...record().run, schema: 'w', definition: wide },
      facts: [fact('胸闷', '类型59'), fact('肺癌', '别的', { attributes: { negated: true } })],
    });
    const [row] = await csvRows([made], { layout: 'wide' }, [wide]);
    expect(Object.keys(row ?? {}).filter((name) => name.startsWith('类型'))).toHaveLength(60);
    expect(row).toMatchObject({ 类型59: '胸闷', 类型0: '', other: '别的=肺癌[!]' });
  });

  test('types of the same name in two schemas are kept apart', async () => {
    const both = annotationSchemas;
    const [six, seven] = ['ccks2019', 'ccks2019-symptom'].map(
      (id) => annotationSchema(id)?.english ?? '',
    );
    const other = record({ id: 'b', run: { ...record().run, schema: 'ccks2019' } });
    const rows = await csvRows([record({ id: 'a' }), other], { layout: 'wide' }, both);
    expect(rows[0]?.[`${six}: 药物`]).toBe('');
    expect(rows[0]?.[`${seven}: 药物`]).toBe('硝苯地平');
    expect(rows[1]?.[`${six}: 药物`]).toBe('硝苯地平');
  });
});

describe('the data dictionary', () => {
  test.each(['long', 'wide'] as const)(
    'names every column of the %s table in order',
    async (layout) => {
      for (const locale of ['zh-CN', 'en'] as const) {
        const chosen = { ...options, layout, locale, withEvidence: true };
        const file = {
          options: chosen,
          schemas: [...symptomSchema, labSchema],
          deidentified: false,
        };
        const sink = new Collected();
        await writeDictionary(sink, file);
        const rows: string[][] = parse(sink.bytes, { bom: true });
        const table = await exported([], chosen, file.schemas);
        const [heading = []]: string[][] = parse(table, { bom: true });
        expect(rows.slice(1).map((row) => row[1])).toEqual(heading);
        for (const row of rows) for (const cell of row) expect(cell.trim()).not.toBe('');
      }
    },
  );
});

describe('a workbook', () => {
  const sheetsOf = async (
    records: readonly ExportedRecord[],
    chosen: Partial<ExportOptions> = {},
    schemas: readonly AnnotationSchema[] = symptomSchema,
  ): Promise<{ sheet: string; data: unknown[][] }[]> =>
    readXlsxFile(await exported(records, { format: 'xlsx', ...chosen }, schemas));

  test('holds the facts, what the file is, and the dictionary', async () => {
    const sheets = await sheetsOf([record(), unconfirmed({ id: 'b', status: 'stopped' })]);
    expect(sheets.map(({ sheet }) => sheet)).toEqual(['Data', 'About', 'Dictionary']);
    const [heading = [], ...rows] = sheets[0]?.data ?? [];
    const column = (name: string): unknown[] => rows.map((row) => row[heading.indexOf(name)]);
    expect(column('text')).toEqual([...facts, ...facts].map((one) => one.text));
    expect(column('start').slice(0, 9)).toEqual(facts.map((one) => one.start));
    expect(column('negated')[1]).toBe(true);
    expect(column('case_id')[0]).toBe('110105199001011234');
    const about = new Map((sheets[1]?.data ?? []).map((row) => [row[0], row[1]]));
    expect(about.get('Label')).toBe(machineLabel);
    expect(about.get('Records')).toBe(2);
    expect(about.get('Of these partial')).toBe(1);
    expect(sheets[2]?.data.slice(1).map((row) => row[1])).toEqual(heading);
  });

  test('texts are texts: no guard, no formula, every character', async () => {
    const odd = [
      '=1+1',
      '+',
      '-0.5',
      '007',
      '<b>&"',
      'a\u0007b',
      '_x0041_',
      'x\r\ny',
      '  z ',
      '𠮷',
    ];
    const own = odd.join('、');
    const made = record({ text: own, facts: odd.map((words) => fact(words, '症状', {}, own)) });
    const bytes = await exported([made], { format: 'xlsx' }, symptomSchema);
    const [heading = [], ...rows] = await readSheet(bytes);
    const at = heading.indexOf('text');
    const seen = rows.map((row) => row[at]);
    // The reader at hand drops blanks at the ends.
    expect(seen.map((cell) => String(cell).trim())).toEqual(odd.map((cell) => cell.trim()));
    const xml = await entryOf(bytes, 'xl/worksheets/sheet1.xml');
    expect(xml).toContain('<t xml:space="preserve">  z </t>');
    expect(xml).not.toContain('<f>');
  });

  test('a text longer than a cell may be is cut visibly and counted', async () => {
    const long = '长'.repeat(40_000);
    const made = record({ text: long, facts: [fact(long, '症状', {}, long)] });
    const sheets = await sheetsOf([made]);
    const [heading = [], row = []] = sheets[0]?.data ?? [];
    const cell = String(row[heading.indexOf('text')]);
    expect(cell).toHaveLength(32_767);
    expect(cell.endsWith('…[cut]')).toBe(true);
    expect(sheets[1]?.data.at(-1)?.[1]).toBe(1);
  });

  test('wide, with 60 types and a list of 200', async () => {
    const types = Array.from({ length: 60 }, (_, at) => ({ id: `类型${at}`, english: '', hue: 1 }));
    const schema: AnnotationSchema = { ...labSchema, types };
    const [grade, made] = ['38.5℃', labRecord()];
    const more = [
      fact('无发热', '类型59', {}, labText),
      fact(grade, '分级', { kind: 'field', value: '第199级' }, labText),
    ];
    const run = { ...made.run, definition: schema };
    const second = labRecord({ id: 'second', run, facts: more });
    const records = [labRecord({ run }), second];
    const sheets = await sheetsOf(records, { layout: 'wide', locale: 'zh-CN' }, [schema]);
    const [heading = [], row = [], next = []] = sheets[0]?.data ?? [];
    expect(heading.filter((name) => String(name).startsWith('类型'))).toHaveLength(60);
    expect(next[heading.indexOf('类型59')]).toBe('无发热');
    expect(next[heading.indexOf('类型0')] ?? null).toBeNull();
    expect(next[heading.indexOf('分级')]).toBe('第199级');
    const cell = (name: string): unknown => row[heading.indexOf(name)];
    expect(cell('体温')).toBe(38.5);
    expect(cell('发热')).toBe(false);
    expect(cell('分级')).toBe('未提及');
    expect(cell('检验.结果')).toBe('++ | -0.5');
  });

  test('nobody has to open it to know what made it', async () => {
    const bytes = await exported([unconfirmed()], { format: 'xlsx' }, symptomSchema);
    const custom = await entryOf(bytes, 'docProps/custom.xml');
    expect(custom).toContain('name="AIGC"');
    expect(custom).toContain('"Label":"1"');
    expect(custom).toContain(machineLabel);
    expect(await entryOf(bytes, 'docProps/core.xml')).toContain(machineLabel);
  });
});

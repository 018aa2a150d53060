import { describe, expect, it } from 'vitest';
import type { ExaminedFiles } from '@domain/contract/batch';
import type { TablePreview } from '@domain/contract/document';
import { AppError } from '@domain/contract/errors';
import type { Bridge } from '@domain/contract/ipc';
import { annotationSchema } from '@domain/contract/annotation-schema';
import { cardOf } from '../models/models.fixture';
import { asAsked } from '../schemas';
import type { WorkerLink } from './batches.svelte';
import { NewBatch } from './new-batch.svelte';

const ticket = '3f2a7c1e-0000-4000-8000-000000000000';
const found: ExaminedFiles = {
  ...{ files: 2, bytes: 400, refused: [], refusedCount: 0, tables: [] },
  sample: {
    ...{ files: 2, bytes: 400, records: 2, chars: 200, longest: 150 },
    ...{ problems: 0, unreadable: [], text: '患者甲。' },
  },
};
const withTables: ExaminedFiles = {
  ...found,
  files: 3,
  tables: [
    { file: 0, name: '门诊.csv' },
    { file: 1, name: '住院.xlsx' },
  ],
};
const tableWith = (change: Partial<TablePreview>): TablePreview => ({
  ...{ sheets: ['病历', '检验'], sheet: '病历', columns: ['住院号', '病程'] },
  ...{ rows: [['ZY1', '头痛。']], totalRows: 40, suggestion: null },
  ...change,
});
const suggestion = { sheet: '病历', heading: true, textColumns: [1], caseIdColumn: 0 };
const model = { card: cardOf('a'.repeat(64)) };
const schema = annotationSchema('ccks2019');

/** On a worker that answers; what it is asked for is noted. */
function made(
  answers: {
    examine?: (ticket: string) => Promise<ExaminedFiles>;
    text?: (textId: string) => Promise<string>;
    table?: (of: { file: number; sheet?: string; heading?: boolean }) => Promise<TablePreview>;
  } = {},
) {
  const asked: [string, unknown][] = [];
  const call = async (method: string, params: never): Promise<unknown> => {
    asked.push([method, params]);
    const { examine = () => Promise.resolve(found) } = answers;
    const { table = () => Promise.resolve(tableWith({ suggestion })) } = answers;
    if (method === 'batch.examine') return examine((params as { ticket: string }).ticket);
    if (method === 'batch.table') return table(params);
    return { batchId: 'b1' };
  };
  const worker = {
    ready: () => Promise.resolve({ call }),
    onClient: () => () => undefined,
  } as unknown as WorkerLink;
  const bridge: Bridge = {
    invoke: (channel, ...params) => {
      asked.push([channel, params[0]]);
      return Promise.resolve({ ok: true, value: channel === 'files.anyFolder' || ticket });
    },
    subscribe: () => () => undefined,
    pathOf: ({ name }) => (name === 'virtual' ? '' : `/in/${name}`),
  };
  const textOf = answers.text ?? (() => Promise.resolve('患者甲。'));
  const draft = new NewBatch(bridge, worker, textOf);
  draft.modelId = 'm';
  const ordered = (): unknown => asked.find(([method]) => method === 'batch.start')?.[1];
  return { draft, asked, ordered };
}

describe('what a batch is made of', () => {
  it('what was chosen is looked at before it can start, and its size is reckoned from a sample', async () => {
    let look: (examined: ExaminedFiles) => void = () => undefined;
    const { draft } = made({ examine: () => new Promise((resolve) => (look = resolve)) });
    const chosen = draft.choose('folder');
    await expect.poll(() => draft.examining).toBe(true);
    expect(draft.canStart).toBe(false);
    look(found);
    await chosen;
    expect([draft.examining, draft.canStart, draft.sampleText]).toEqual([false, true, '患者甲。']);
    expect(draft.size).toEqual({ records: 2, chars: 200, longest: 150 });
  });

  it('a slow look at a folder never covers that at a later one', async () => {
    const looks: ((examined: ExaminedFiles) => void)[] = [];
    const { draft } = made({ examine: () => new Promise((resolve) => looks.push(resolve)) });
    const first = draft.choose('folder');
    await expect.poll(() => looks.length).toBe(1);
    const second = draft.choose('folder');
    await expect.poll(() => looks.length).toBe(2);
    looks[1]?.({ ...found, files: 7 });
    await second;
    looks[0]?.(found);
    await first;
    expect([draft.examined?.files, draft.examining]).toEqual([7, false]);
  });

  it('what is dropped has the dialog open and goes to main by its path', async () => {
    const { draft, asked } = made();
    const files = [new File([], '2024.05 病历'), new File([], 'virtual')];
    expect(await draft.hasFolder(files)).toBe(true);
    await draft.drop(files);
    expect([draft.open, draft.kind, draft.canStart]).toEqual([true, 'files', true]);
    const paths = ['/in/2024.05 病历'];
    expect(asked.slice(0, 2)).toEqual([
      ['files.anyFolder', { paths }],
      ['batch.offer', { paths }],
    ]);
    expect(await draft.hasFolder([new File([], 'virtual')])).toBe(false);
  });

  it('an empty folder, or none at all, starts nothing', async () => {
    const { draft } = made({ examine: () => Promise.resolve({ ...found, files: 0 }) });
    expect(draft.canStart).toBe(false);
    await draft.choose('folder');
    expect(draft.canStart).toBe(false);
  });

  it('pasted notes are counted; without any, or without a model, nothing starts', () => {
    const { draft } = made();
    draft.kind = 'notes';
    expect(draft.canStart).toBe(false);
    draft.pasted = '患者甲。\n----\n患者乙，头痛。';
    expect(draft.size).toEqual({ records: 2, chars: 11, longest: 7 });
    expect(draft.canStart).toBe(true);
    draft.modelId = null;
    expect(draft.canStart).toBe(false);
  });
});

describe('the columns of its tables', () => {
  it('are those that the headings suggest, and go with the order', async () => {
    const { draft, ordered } = made({ examine: () => Promise.resolve(withTables) });
    await draft.choose('files');
    expect(draft.tables.map(({ choice }) => choice)).toEqual([suggestion, suggestion]);
    expect(draft.size.records).toBe(81);
    draft.chooseColumns(1, { textColumns: [0, 1], caseIdColumn: undefined });
    expect(await draft.start(model, asAsked(schema))).toBe('b1');
    expect(ordered()).toMatchObject({
      source: {
        ...{ kind: 'files', ticket },
        tables: [
          { file: 0, choice: suggestion },
          { file: 1, choice: { ...suggestion, textColumns: [0, 1], caseIdColumn: undefined } },
        ],
      },
    });
  });

  it('another sheet, or its first row as a record, is looked at anew, and what was chosen before goes', async () => {
    const { draft, asked } = made({
      examine: () => Promise.resolve(withTables),
      table: ({ sheet = '病历', heading = true }) =>
        Promise.resolve(
          tableWith({
            sheet,
            columns: heading ? ['住院号', '病程'] : ['列 A', '列 B'],
            suggestion: sheet === '病历' && heading ? suggestion : null,
          }),
        ),
    });
    await draft.choose('files');
    await draft.look(0, { sheet: '检验' });
    expect(draft.tables[0]?.choice).toEqual({ sheet: '检验', heading: true, textColumns: [] });
    await draft.look(0, { sheet: '检验', heading: false });
    expect(asked.at(-1)).toEqual([
      'batch.table',
      { ticket, file: 0, sheet: '检验', heading: false },
    ]);
    expect(draft.tables[0]).toMatchObject({
      preview: { columns: ['列 A', '列 B'] },
      choice: { sheet: '检验', heading: false, textColumns: [] },
    });
    expect(draft.tables[1]?.choice).toEqual(suggestion);
  });

  it('a table of which no text column is chosen keeps the batch from starting', async () => {
    const { draft, ordered } = made({
      examine: () => Promise.resolve(withTables),
      table: ({ file }) =>
        Promise.resolve(tableWith({ suggestion: file === 0 ? suggestion : null })),
    });
    await draft.choose('files');
    expect(draft.canStart).toBe(false);
    expect(await draft.start(model, asAsked(schema))).toBeNull();
    expect(ordered()).toBeUndefined();
    draft.chooseColumns(1, { textColumns: [1] });
    expect(draft.canStart).toBe(true);
    draft.chooseColumns(0, { textColumns: [] });
    expect(draft.canStart).toBe(false);
  });

  it('one that cannot be read is said to be so, and the others can start', async () => {
    const { draft, ordered } = made({
      examine: () => Promise.resolve(withTables),
      table: ({ file }) =>
        file === 0
          ? Promise.reject(new AppError('DOCUMENT_DAMAGED'))
          : Promise.resolve(tableWith({ suggestion })),
    });
    await draft.choose('files');
    expect(draft.tables[0]).toMatchObject({ problem: { code: 'DOCUMENT_DAMAGED' }, choice: null });
    await draft.start(model, asAsked(schema));
    expect(ordered()).toMatchObject({ source: { tables: [{ file: 1, choice: suggestion }] } });
  });
});

describe('what it would cost', () => {
  const tokens = (count: number) =>
    Array.from({ length: count }, (_, id) => ({ id, text: 'a', isControl: false }));

  it('is reckoned from the first text, by the model’s own speed where that is known', async () => {
    const { draft } = made();
    await draft.choose('folder');
    await draft.askCost('患'.repeat(100), () =>
      Promise.resolve({ windows: 1, tokens: tokens(50) }),
    );
    const known = draft.estimate({ prefill: 100, decode: 10 });
    expect(known).toMatchObject({ records: 2, tokens: 200, windows: 2, seconds: 11 });
    expect(draft.estimate(null)).toMatchObject({ tokens: 200, seconds: null });
  });

  it('says why it is not known; a later answer that is there already stays', async () => {
    const { draft } = made();
    await draft.choose('folder');
    await draft.askCost('患者。', () => Promise.reject(new AppError('SCHEMA_INVALID')));
    expect(draft.costProblem?.code).toBe('SCHEMA_INVALID');
    expect(draft.estimate(null).tokens).toBeNull();
    let late = (): void => undefined;
    const slow = draft.askCost('患者。', () => {
      return new Promise((_, reject) => (late = () => reject(new AppError('INTERNAL'))));
    });
    await draft.askCost('患者。', () => Promise.resolve({ windows: 1, tokens: tokens(6) }));
    late();
    await slow;
    expect([draft.costProblem, draft.estimate(null).tokens]).toEqual([null, 800]);
    await draft.askCost(null, null);
    expect(draft.estimate(null).tokens).toBeNull();
  });

  it('a schema of the hospital’s own is asked with its definition, one that ships by its id', async () => {
    const own = { ...schema, id: 'own-1', chinese: '本科室' };
    expect(asAsked(schema)).toEqual({ schema: 'ccks2019' });
    expect(asAsked(own)).toEqual({ schema: 'own-1', definition: own });
    const { draft, ordered } = made();
    await draft.choose('folder');
    await draft.start(model, asAsked(own));
    expect(ordered()).toMatchObject({ order: { schema: 'own-1', definition: own } });
    expect([draft.open, draft.examined]).toEqual([false, null]);
  });
});

describe('records of the list', () => {
  const head = (chars: number) => ({ chars, textId: `t${chars}` });
  const two = [
    { id: 'r1', head: head(30) },
    { id: 'r2', head: head(50) },
  ];

  it('their size is what their heads say, and what is asked for are the records themselves', async () => {
    const { draft, ordered } = made();
    await draft.showRecords(two);
    expect([draft.open, draft.kind, draft.sampleText]).toEqual([true, 'records', '患者甲。']);
    expect(draft.size).toEqual({ records: 2, chars: 80, longest: 50 });
    await draft.start(model, asAsked(schema));
    expect(ordered()).toMatchObject({ source: { kind: 'records', recordIds: ['r1', 'r2'] } });
    expect(draft.open).toBe(false);
    draft.show();
    expect([draft.kind, draft.canStart]).toEqual(['files', false]);
  });

  it('more than a batch takes are not begun, and it is said', async () => {
    const { draft } = made();
    const many = Array.from({ length: 50_001 }, (_, i) => ({ id: `r${i}`, head: head(1) }));
    await draft.showRecords(many);
    expect([draft.tooMany, draft.canStart]).toEqual([true, false]);
    await draft.showRecords(many.slice(1));
    expect([draft.tooMany, draft.canStart]).toEqual([false, true]);
  });

  it('a text that comes late, or does not open, is never taken for that of a later choice', async () => {
    const texts: ((text: string) => void)[] = [];
    const { draft } = made({
      text: (id) =>
        id === 't50'
          ? Promise.reject(new AppError('RECORD_NOT_FOUND'))
          : new Promise((resolve) => texts.push(resolve)),
    });
    const first = draft.showRecords(two);
    await draft.showRecords(two.slice(1));
    texts[0]?.('别的');
    await first;
    expect([draft.sampleText, draft.canStart]).toEqual([null, true]);
  });
});

/** Fields, groups and flags in typed lists: what a model says, at its exact place in the text. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeScriptedModel } from '../../../e2e/fixtures/scripted-model';
import { makeVocabulary } from '../../../e2e/fixtures/vocabulary';
import type { AnnotationSchema, SchemaField } from '../../domain/contract/annotation-schema';
import { annotationSchema } from '../../domain/contract/annotation-schema';
import type { ExtractionEvent } from '../../domain/contract/extraction';
import type { Fact } from '../../domain/contract/fact';
import { loadLlamaModel } from '../../engine/load-llama-model';
import { cardWith, typedListCard } from './card.fixture';
import { extract, previewPrompt } from './extract';
import { HostileModel } from './hostile-model.fixture';
import { generalCard, heard, heardFrom, SpokenModel, type Asked } from './spoken-model.fixture';
import type { Window } from './windows';

const never = new AbortController().signal;

function own(change: Partial<AnnotationSchema>): AnnotationSchema {
  return {
    ...{ id: 'own', version: 1, chinese: '自定', english: '', types: [], fields: [] },
    ...{ attributes: [], ...change },
  };
}
const type = (id: string) => ({ id, english: '', hue: 1 });
const field = (kind: 'text' | 'date' | 'yes-no', id: string): SchemaField => ({
  ...{ kind, id, english: '' },
});
const number = (id: string, ...units: string[]): SchemaField => ({
  ...{ kind: 'number', id, english: '', units },
});
const choice = (id: string, ...options: string[]): SchemaField => ({
  ...{ kind: 'choice', id, english: '', options },
});

/** The same through the real engine. An answer may not repeat itself beyond what the model remembers. */
async function heardThroughEngine(answer: string, request: Asked) {
  const folder = await mkdtemp(join(tmpdir(), 'chimed-spoken-'));
  try {
    const path = join(folder, 'model.gguf');
    await writeScriptedModel(
      path,
      makeVocabulary(answer + request.text, { merged: false }),
      [{ after: '\n[bot]:', say: answer }],
      { seed: 5 },
    );
    const model = await loadLlamaModel({ path, contextSize: 4096, backend: 'cpu', threads: 1 });
    try {
      return await heardFrom(model, request);
    } finally {
      await model.dispose();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const short = (facts: readonly Fact[]) =>
  facts.map(({ type: name, text, start, value, unit, group, attributes }) => [
    name,
    text,
    start,
    ...(value === undefined ? [] : [value]),
    ...(unit === undefined ? [] : [unit]),
    ...(group ? [group.index] : []),
    ...(Object.keys(attributes).length > 0 ? [attributes] : []),
  ]);

function expectGrounded(facts: readonly Fact[], text: string): void {
  expect(new Set(facts.map(({ id }) => id)).size).toBe(facts.length);
  for (const { text: words, start, end, evidence, value } of facts) {
    if (words === null) {
      expect([start, end, evidence, value]).toEqual([null, null, [], undefined]);
      continue;
    }
    expect(text.slice(start ?? -1, end ?? -1)).toBe(words);
    expect(words.trim()).toBe(words);
    expect(words).not.toBe('');
    expect(evidence[0]).toEqual({ text: words, start, end });
    for (const one of evidence) expect(text.slice(one.start, one.end)).toBe(one.text);
  }
}

describe('a field', () => {
  const text =
    '患者，男，67岁，2024年3月5日入院。体温36.8℃。否认吸烟史，饮酒20年。主诉：头痛3天；恶心。';
  const schema = own({
    fields: [
      choice('性别', '男', '女'),
      number('年龄', '岁'),
      field('date', '入院日期'),
      number('体温', '℃'),
      field('yes-no', '吸烟'),
      field('yes-no', '饮酒'),
      field('text', '主诉'),
      field('text', '家族史'),
      number('脉搏', '次/分'),
    ],
  });
  const answer = [
    ...['性别：男→男', '年龄：67岁', '入院日期：2024年3月5日', '体温：36.8℃'],
    ...['吸烟：否认吸烟史→否', '饮酒：饮酒20年→是', '主诉：头痛3天；恶心'],
  ].join('\n');

  it('is quoted, with its value beside it; a stated negative is an answer; silence is null', async () => {
    const events: ExtractionEvent[] = [];
    const { facts, status, run } = await heard(answer, { text, definition: schema }, (event) =>
      events.push(event),
    );
    expect(short(facts)).toEqual([
      ['性别', '男', 3, '男'],
      ['年龄', '67岁', 5, 67, '岁'],
      ['入院日期', '2024年3月5日', 9, '2024-03-05'],
      ['体温', '36.8℃', 23, 36.8, '℃'],
      ['吸烟', '否认吸烟史', 29, false],
      ['饮酒', '饮酒20年', 35, true],
      ['主诉', '头痛3天；恶心', 44],
      ['家族史', null, null],
      ['脉搏', null, null],
    ]);
    expectGrounded(facts, text);
    expect(status).toBe('completed');
    expect(run.definition).toEqual(schema);
    expect(facts.every(({ kind }) => kind === 'field')).toBe(true);
    expect(facts.find(({ type: name }) => name === '主诉')?.section).toBe('主诉');
    const told = events.flatMap((event) => (event.kind === 'fact' ? [event.fact.id] : []));
    expect(told.sort()).toEqual(facts.map(({ id }) => id).sort());
  });

  it('is the same through the real engine', async () => {
    const { facts } = await heardThroughEngine(answer, { text, definition: schema });
    const expected = await heard(answer, { text, definition: schema });
    expect(short(facts)).toEqual(short(expected.facts));
  });

  it('whose value cannot be read in one way has its quotation alone', async () => {
    const words = '血压158/92mmHg，约3年2个月前起病。';
    const { facts } = await heard('血压：158/92mmHg\n起病：3年2个月前', {
      text: words,
      definition: own({ fields: [number('血压', 'mmHg'), field('date', '起病')] }),
    });
    expect(short(facts)).toEqual([
      ['血压', '158/92mmHg', 2],
      ['起病', '3年2个月前', 14],
    ]);
  });

  it('quotes paragraphs as they stand, up to the next section', async () => {
    const words = '现病史：患者头痛。\r\n\r\n  昨日加重。\n体格检查：体健。';
    const { facts } = await heard('现病史：患者头痛。昨日加重。', {
      text: words,
      definition: own({ fields: [field('text', '现病史'), field('text', '查体')] }),
    });
    expect(facts[0]?.text).toBe('患者头痛。\r\n\r\n  昨日加重。');
    expectGrounded(facts, words);
  });
});

describe('a group', () => {
  const schema = own({
    fields: [
      {
        ...{ kind: 'group', id: '检验', english: '' },
        fields: [
          { kind: 'text', id: '项目', english: '' },
          { kind: 'number', id: '结果', english: '', units: ['g/L', '×10^9/L'] },
          { kind: 'choice', id: '标志', english: '', options: ['高', '低', '低于危急值'] },
          { kind: 'date', id: '时间', english: '' },
        ],
      },
    ],
  });
  const text =
    '3月5日：白细胞12.1×10^9/L↑，血红蛋白98g/L。3月6日：血红蛋白98g/L，血小板减少（↓）。';

  it('has an item each time, and its members know which', async () => {
    const { facts } = await heard(
      '检验：白细胞｜12.1×10^9/L｜↑→高｜3月5日；血红蛋白｜98g/L｜｜3月5日；血红蛋白｜98g/L｜｜3月6日；血小板｜｜↓→低',
      { text, definition: schema },
    );
    expectGrounded(facts, text);
    expect(short(facts)).toEqual([
      ['时间', '3月5日', 0, 'XXXX-03-05', 0],
      ['时间', '3月5日', 0, 'XXXX-03-05', 1],
      ['项目', '白细胞', 5, 0],
      ['结果', '12.1×10^9/L', 8, 12.1, '×10^9/L', 0],
      ['标志', '↑', 19, '高', 0],
      ['项目', '血红蛋白', 21, 1],
      ['结果', '98g/L', 25, 98, 'g/L', 1],
      ['时间', '3月6日', 31, 'XXXX-03-06', 2],
      ['项目', '血红蛋白', 36, 2],
      ['结果', '98g/L', 40, 98, 'g/L', 2],
      ['项目', '血小板', 46, 3],
      ['标志', '↓', 52, '低', 3],
    ]);
    expect(facts.every(({ group }) => group?.name === '检验')).toBe(true);
  });

  it('that does not come is not mentioned', async () => {
    const { facts } = await heard('', { text, definition: schema });
    expect(short(facts)).toEqual([['检验', null, null]]);
  });
});

describe('a mention', () => {
  const schema = own({ types: [type('疾病'), type('手术')] });

  it('may stand inside of another one, and each repetition has its own place', async () => {
    const text = '胃癌，行胃癌根治术，术后胃癌复发。';
    const { facts } = await heard('疾病：胃癌；胃癌；胃癌；胃癌\n手术：胃癌根治术', {
      text,
      definition: schema,
    });
    expect(short(facts)).toEqual([
      ['疾病', '胃癌', 0],
      ['疾病', '胃癌', 4],
      ['手术', '胃癌根治术', 4],
      ['疾病', '胃癌', 12],
    ]);
  });

  it.each([
    ['a line break', '患者患胃\n癌，头痛。', '胃\n癌'],
    ['a Windows line break', '患者患胃\r\n癌，头痛。', '胃\r\n癌'],
    ['a line break with an indent', '患者患胃\n　　癌，头痛。', '胃\n　　癌'],
  ])('with %s inside is one stretch with exact offsets', async (_name, text, words) => {
    const { facts } = await heard('疾病：胃癌', { text, definition: schema });
    expect(facts.map((fact) => [fact.text, fact.start])).toEqual([[words, 3]]);
    expectGrounded(facts, text);
  });

  it.each([
    ['a paragraph', '患者患胃\n\n癌。'],
    ['the beginning of a section', '患者患胃\n癌：一般情况：可。'],
  ])('does not go across %s', async (_name, text) => {
    const sections = [{ name: '诊断', start: text.indexOf('癌'), end: text.length, body: 0 }];
    const { facts } = await heard('疾病：胃癌', { text, definition: schema, sections });
    expect(facts.map((fact) => fact.text)).not.toContain(text.slice(3, text.indexOf('癌') + 1));
  });

  it('in traditional characters and full width has its place in the original', async () => {
    const text = '患者因「胃癌」行ＣＴ檢查，術後頭痛。';
    const { facts } = await heard('疾病：胃癌；頭痛\n手术：ＣＴ檢查', { text, definition: schema });
    expect(short(facts)).toEqual([
      ['疾病', '胃癌', 4],
      ['手术', 'ＣＴ檢查', 8],
      ['疾病', '頭痛', 15],
    ]);
  });

  it('is followed by what is said of it, where the schema asks and the model can', async () => {
    const text = '否认高血压，疑肺癌（早期），其父患胃癌。';
    const definition = own({
      types: [type('疾病')],
      attributes: ['negated', 'uncertain', 'historical', 'experiencer'],
    });
    const { facts, run } = await heard(
      '疾病：高血压（否认）；肺癌（早期）（可疑、既往）；胃癌（家属）',
      {
        text,
        definition,
      },
    );
    expect(short(facts)).toEqual([
      ['疾病', '高血压', 2, { negated: true }],
      ['疾病', '肺癌（早期）', 7, { uncertain: true, historical: true }],
      ['疾病', '胃癌', 17, { experiencer: 'family' }],
    ]);
    expect(run.settings).toMatchObject({
      attributes: 'negated,uncertain,historical,experiencer',
      attributesByRule: '',
    });
  });

  it('says no more of a type than the type asks, whoever says it', async () => {
    const text = '否认高血压，既往胃痛。';
    const definition = own({
      types: [type('疾病'), { ...type('部位'), attributes: ['negated'] }],
      attributes: ['negated', 'historical'],
    });
    const said = '疾病：高血压（否认）\n部位：胃（既往）';
    const { facts } = await heard(said, { text, definition });
    expect(short(facts).slice(0, 2)).toEqual([
      ['疾病', '高血压', 2, { negated: true }],
      ['部位', '胃', 8],
    ]);
    const free = { ...definition, types: [type('疾病'), type('部位')] };
    expect(short((await heard(said, { text, definition: free })).facts)).toContainEqual([
      ...['部位', '胃', 8],
      { historical: true },
    ]);
    const card = cardWith(typedListCard);
    const capabilities = { ...card.capabilities, anySchema: true, attributes: [] };
    const ruled = { ...card, capabilities };
    const states = new Set<string>();
    for (let seed = 1; seed <= 40; seed++) {
      const context = { model: new HostileModel(seed), card: ruled, signal: never };
      const { facts: found } = await extract({ text, schema: 'own', definition }, context);
      for (const { type: name, attributes } of found)
        for (const attribute of Object.keys(attributes)) states.add(`${name} ${attribute}`);
    }
    expect(states).toContain('疾病 historical');
    expect(states).not.toContain('部位 historical');
  });

  it('has from the rules what the model cannot state, only where the schema asks', async () => {
    const text = '患者有高血压史，无糖尿病，头痛。';
    const card = {
      ...cardWith(typedListCard),
      capabilities: {
        schemas: [],
        anySchema: true,
        attributes: [],
        tasks: ['extraction' as const],
      },
    };
    const seen = new Set<string>();
    for (let seed = 1; seed <= 40; seed++) {
      for (const attributes of [[], ['negated' as const]]) {
        const definition = own({ types: [type('疾病')], attributes });
        const { facts, run } = await extract(
          { text, schema: 'own', definition },
          { model: new HostileModel(seed), card, signal: never },
        );
        expect(run.settings).toMatchObject({
          ...{ attributes: '', attributesByRule: attributes.join() },
        });
        for (const { start, attributes: said } of facts) {
          if (attributes.length === 0) expect(said).toEqual({});
          else seen.add(`${text[start as number]} ${JSON.stringify(said)}`);
        }
      }
    }
    expect(seen).toContain('糖 {"negated":true}');
    expect(seen).toContain('高 {}');
  });
});

describe('a schema', () => {
  it('of 60 types, the last of which is found', async () => {
    const types = Array.from({ length: 60 }, (_, i) => type(`类型${i}`));
    const { facts } = await heard('类型59：头痛\n类型5：胃癌', {
      text: '头痛，胃癌。',
      definition: own({ types }),
    });
    expect(short(facts)).toEqual([
      ['类型59', '头痛', 0],
      ['类型5', '胃癌', 3],
    ]);
  });

  it.each(['选项1', '选项19', '选项199', '选项1（重）'])(
    'with a list of 200 options that begin alike: %s',
    async (option) => {
      const options = [...Array.from({ length: 199 }, (_, i) => `选项${i + 1}`), '选项1（重）'];
      const { facts } = await heard(`结论：阳性→${option}`, {
        text: '结果阳性。',
        definition: own({ fields: [choice('结论', ...options)], attributes: ['negated'] }),
      });
      expect(facts.map(({ value }) => value)).toEqual([option]);
    },
  );

  it('whose names, options and descriptions hold the signs of an answer', async () => {
    const odd = '说明：甲；乙｜丙→丁（戊）\n第二行“{types}”$& </s>';
    const definition = own({
      types: [{ ...type('病；名（全）'), description: odd, examples: [odd] }, type('药：品')],
      fields: [{ ...choice('结论', '是；否', '（无）', '→'), description: odd }],
    });
    const { facts } = await heard('病；名（全）：胃癌；头痛\n药：品：阿司匹林\n结论：胃癌→是；否', {
      text: '胃癌，头痛，阿司匹林。',
      definition,
    });
    expect(short(facts)).toEqual([
      ['病；名（全）', '胃癌', 0],
      ['结论', '胃癌', 0, '是；否'],
      ['病；名（全）', '头痛', 3],
      ['药：品', '阿司匹林', 6],
    ]);
  });

  it('that cannot run is refused by what is wrong with it; one for a specialist by its model', async () => {
    const definition = own({ types: [type('药'), type('药')] });
    const model = new HostileModel(1);
    const context = { model, card: generalCard, signal: never };
    const asked = { text: '头痛', schema: 'own', definition };
    await expect(extract(asked, context)).rejects.toMatchObject({
      code: 'SCHEMA_INVALID',
      params: { at: 'types.1.id', why: 'name-duplicate' },
    });
    await expect(
      extract(
        { ...asked, definition: own({ types: [type('药')] }) },
        { ...context, card: cardWith(typedListCard) },
      ),
    ).rejects.toMatchObject({ code: 'SCHEMA_NOT_SUPPORTED' });
    expect(model.evaluated).toBe(0);
  });

  it('is shown in the prompt with descriptions and examples, before the text', () => {
    const definition = own({
      types: [{ ...type('病名'), description: '所有的病', examples: ['胃癌'] }],
      examples: [{ text: '患胃癌。', facts: [{ type: '病名', text: '胃癌' }] }],
    });
    const model = new HostileModel(1, 2048);
    const request = { text: '此处为正文', schema: 'own', definition };
    const { tokens } = previewPrompt(request, { model, card: generalCard });
    const prompt = tokens.map(({ id }) => id).join();
    const at = (words: string) => prompt.indexOf(model.tokenize(words).join());
    const places = ['所有的', '如胃癌', '病名：胃癌', '此处为正文'].map(at);
    expect(places.every((place, i) => place > (places[i - 1] ?? 0))).toBe(true);
  });
});

describe('whatever a model says', () => {
  const text =
    '主诉：头痛3年，\n患者2024年3月有高血压；无糖尿病｜头痛（否认）→是。\r\n\r\n既往史：患糖尿\n病史，ＣＴ𠀀示1.2cm';
  const everything = own({
    types: [type('疾病'), type('部位')],
    fields: [
      field('text', '主诉'),
      number('大小', 'cm'),
      field('date', '日期'),
      field('yes-no', '病史'),
      choice('结论', '是', '是（否）', '否；是'),
      ...annotationSchema('lab-results').fields,
    ],
    attributes: ['negated', 'uncertain', 'historical', 'experiencer'],
  });

  it('every quotation is its own words at its own place, and every value is one of the list', async () => {
    const kinds = new Set<string>();
    for (let seed = 1; seed <= 60; seed++) {
      const { facts } = await extract(
        { text, schema: 'own', definition: everything },
        { model: new HostileModel(seed, 2048), card: generalCard, signal: never },
      );
      expectGrounded(facts, text);
      for (const { type: name, value, text: words, group } of facts) {
        kinds.add(`${group ? `${group.name}.` : ''}${name}`);
        if (words === null) continue;
        if (name === '结论') expect(['是', '是（否）', '否；是']).toContain(value);
        if (name === '病史') expect([true, false]).toContain(value);
      }
    }
    expect(kinds.size).toBeGreaterThan(9);
  });

  it('a long quotation is read in few batches, because its next words are known', async () => {
    const words = Array.from({ length: 300 }, (_, i) => String.fromCodePoint(0x4e00 + 7 * i)).join(
      '',
    );
    const model = new SpokenModel(`经过：${words}`);
    const { facts } = await heardFrom(model, {
      text: `患者${words}。`,
      definition: own({ fields: [field('text', '经过')] }),
    });
    expect(facts[0]?.text).toBe(words);
    expect(model.work.batches).toBeLessThan(60);
    expect(model.work.tokens).toBeLessThan(1000);
  });

  it('nothing is drafted where a token more in a call costs as much as a call', async () => {
    const words = Array.from({ length: 100 }, (_, i) => String.fromCodePoint(0x4e00 + 7 * i)).join(
      '',
    );
    class Dear extends SpokenModel {
      override costOfMore(): number {
        return 1;
      }
    }
    const request = {
      text: `患者${words}。`,
      definition: own({ fields: [field('text', '经过')] }),
    };
    const [dear, cheap] = [new Dear(`经过：${words}`), new SpokenModel(`经过：${words}`)];
    const facts = await Promise.all([dear, cheap].map((model) => heardFrom(model, request)));
    expect(facts.map((found) => found.facts[0]?.text)).toEqual([words, words]);
    // Every token that is evaluated is one of the answer.
    expect(dear.work.tokens).toBe(dear.tokenize(`经过：${words}`).length + 1);
    expect(cheap.work.batches).toBeLessThan(dear.work.batches / 2);
  });

  it('no token of an answer is evaluated twice, also where none of the likeliest may come', async () => {
    const { typedList } = await import('./typed-list');
    const { sourceText } = await import('./source-text');
    const source = sourceText('头痛', 'none');
    let unlikely = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const model = new HostileModel(seed, 2048);
      const definition = own({ types: [type('疾病'), type('部位')] });
      const annotator = typedList(model, typedListCard, generalCard.promptFormat, source, {
        ...{ schema: definition, longestDraft: 0 },
      });
      const sequence = await model.openSequence();
      const evaluate = sequence.evaluate.bind(sequence);
      sequence.evaluate = async (tokens, asks) => {
        const answers = await evaluate(tokens, asks);
        asks.forEach((ask, i) => {
          const { top = [] } = answers[i] ?? {};
          if (ask?.allowed && top.length !== ask.top) unlikely++;
        });
        return answers;
      };
      const [window] = annotator.windows;
      await annotator.annotate(window as Window, sequence, never, () => undefined);
      expect(model.evaluated).toBe(sequence.length);
    }
    expect(unlikely).toBeGreaterThan(0);
  });

  it('drafts decide exactly as one token at a time', async () => {
    const { typedList } = await import('./typed-list');
    const { sourceText } = await import('./source-text');
    const source = sourceText(text.repeat(3), 'none');
    for (let seed = 1; seed <= 30; seed++) {
      const found = async (longestDraft: number): Promise<unknown[]> => {
        const model = new HostileModel(seed, 2048);
        const list: unknown[] = [];
        const annotator = typedList(model, typedListCard, generalCard.promptFormat, source, {
          ...{ schema: everything, attributes: everything.attributes, longestDraft },
        });
        const sequence = await model.openSequence();
        for (const window of annotator.windows)
          await annotator.annotate(window, sequence, never, (one) => list.push(one));
        return list;
      };
      expect(await found(16)).toEqual(await found(0));
    }
  });
});

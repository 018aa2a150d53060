/** `chimed ask`, `draft` and `eval mcq|generate|qa-grounding` as a person starts them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shortCue, writeDraftingModel } from '../../e2e/drafting-model';
import { builtProgram, type Ended } from './program.fixture';

const program = builtProgram();
const chimed = (...args: string[]) => program(args);
const record = '患者男，45岁。对青霉素过敏。现服用硝苯地平控释片。否认手术史。';
let folder: string;
let drafting: string;
let recordFile: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-answers-cli-'));
  drafting = await writeDraftingModel(folder);
  recordFile = await fileWith('record.txt', record);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function fileWith(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

const json = ({ out }: Ended): Record<string, unknown> => JSON.parse(out);

describe('chimed ask', () => {
  it('answers from a record in its words, says where there is no evidence, and where there is no record', async () => {
    const found = await chimed('ask', '有药物过敏吗？', '--record', recordFile, '--format', 'json');
    expect(found.code).toBe(0);
    const answer = json(found);
    expect(answer).toMatchObject({ version: 1, basis: 'record' });
    for (const key of ['answer', 'quotes', 'confidence', 'usage'])
      expect(answer).toHaveProperty(key);
    const quotes = answer['quotes'] as { text: string; start: number; end: number }[];
    expect(quotes.some(({ text }) => text.includes('青霉素过敏'))).toBe(true);
    for (const { text, start, end } of quotes) expect(record.slice(start, end)).toBe(text);

    const none = await chimed('ask', '肝功能怎么样？', '--record', recordFile, '--format', 'json');
    expect(none.code).toBe(0);
    expect(json(none)).toMatchObject({ basis: 'record-no-evidence', answer: '', quotes: [] });
  });

  it('refuses an empty question, a record that is not there, and a question that its model cannot take', async () => {
    for (const args of [
      ['  '],
      ['过敏？', '--record', join(folder, 'none.txt')],
      ['高血压怎么办？'],
    ]) {
      const { code, out, err } = await chimed('ask', ...args);
      expect([code === 0, out]).toEqual([false, '']);
      expect(err).toMatch(/\S/);
      expect(err).not.toMatch(/\n\s+at /);
    }
  });
});

it('whoever stops reading gets a plain word and no stack', async () => {
  const { code, err } = await program(['ask', '过敏？', '--record', recordFile], {
    reader: 'goes',
  });
  expect(code).toBe(1);
  expect(err).toContain('OUTPUT_UNWRITABLE');
  expect(err).not.toMatch(/\n\s+at /);
});

describe('chimed draft', () => {
  const turns = [{ role: 'patient', text: `胸口疼得厉害，${shortCue}` }];

  it('without a model that drafts tells the danger signs and a problem, and ends with 1', async () => {
    const more = [
      { role: 'doctor', text: '有没有晕倒？' },
      { role: 'patient', text: '嗯，有的' },
    ];
    const dialogue = await fileWith(
      'dialogue.json',
      JSON.stringify({ turns: [...turns, ...more] }),
    );
    const told = await chimed('draft', dialogue, '--format', 'json');
    expect(told.code).toBe(1);
    const output = json(told);
    expect(output).toMatchObject({ version: 1, state: 'machine-draft', candidates: [] });
    expect(output['problem']).toHaveProperty('code');
    expect(output['notice']).toBeTruthy();
    expect(output['dangerSigns']).toMatchObject([
      { turn: 0 },
      { turn: 2, text: '嗯', parts: [{ turn: 1, text: '晕倒' }] },
    ]);
  });

  it('with one writes as many drafts as are asked for, without any order, from the record', async () => {
    const dialogue = await fileWith('dialogue.json', JSON.stringify({ turns }));
    const drafted = await chimed(
      ...['draft', dialogue, '--model', drafting, '--record', recordFile, '--threads', '1'],
      ...['--candidates', '4', '--length', 'short', '--format', 'json'],
    );
    expect(drafted.err).toBe('');
    expect(drafted.code).toBe(0);
    const { candidates } = json(drafted) as {
      candidates: { text: string; guards: unknown[]; quotes: unknown[] }[];
    };
    expect(candidates).toHaveLength(4);
    for (const { text, guards, quotes } of candidates) {
      expect(text).toMatch(/^您好/);
      expect(text).not.toMatch(/5ml|布洛芬/);
      expect(Array.isArray(guards) && Array.isArray(quotes)).toBe(true);
    }
  });

  it.each([
    [
      'a role that is none',
      JSON.stringify({ turns: [{ role: 'nurse', text: '保密的话' }] }),
      'turns.0.role',
    ],
    ['no turns', '{}', 'turns'],
    ['no JSON', '{"turns": [保密的话', 'JSON'],
    [
      'another encoding',
      // 胸痛 in GB18030: read as UTF-8 it would be a conversation without a danger sign.
      Buffer.from(
        '7b227475726e73223a5b7b22726f6c65223a2270617469656e74222c2274657874223a22d0d8cdb4227d5d7d',
        'hex',
      ),
      'UTF-8',
    ],
  ])('names what is wrong with %s, and none of its words', async (_, content, field) => {
    const { code, err } = await chimed('draft', await fileWith('bad.json', content));
    expect(code).not.toBe(0);
    expect(err).toContain(field);
    expect(err).not.toContain('保密');
  });
});

describe('chimed eval', () => {
  it('mcq scores tables and MedQA, by probability and by answer, with an interval', async () => {
    const csv = 'id,question,A,B,C,D,answer\n0,问,甲,乙,丙,丁,C\n1,问,甲,乙,丙,丁,A\n';
    const table = await chimed(
      ...['eval', 'mcq', '--data', await fileWith('q.csv', csv), '--model', drafting],
      ...['--format', 'json', '--threads', '1'],
    );
    expect(table.code).toBe(0);
    for (const key of ['byProbability', 'byGeneration']) {
      const { low, value, high, asked } = json(table)[key] as Record<string, number>;
      expect(asked).toBe(2);
      expect(low).toBeLessThanOrEqual(value ?? NaN);
      expect(high).toBeGreaterThanOrEqual(value ?? NaN);
    }
    const broken = await fileWith('q2.csv', 'a,b\n1,2\n');
    expect((await chimed('eval', 'mcq', '--data', broken, '--model', drafting)).code).not.toBe(0);
  });

  it('generate scores free answers by BLEU and ROUGE', async () => {
    const data = JSON.stringify({
      question: `医生，${shortCue}`,
      answer: '您好，请多休息，多喝温水。',
    });
    const scored = await chimed(
      ...['eval', 'generate', '--data', await fileWith('a.jsonl', data), '--model', drafting],
      ...['--format', 'json', '--threads', '1', '--max-tokens', '64'],
    );
    expect(scored.err).toBe('');
    expect(scored.code).toBe(0);
    const report = json(scored);
    expect(report['answers']).toBe(1);
    // It says what was expected, and more.
    for (const key of ['bleu1', 'bleu2', 'rouge1', 'rouge2', 'rougeL'])
      expect(report[key]).toBeGreaterThan(0.1);
  });

  it('qa-grounding asks the questions of ours, and every citation is exact', async () => {
    const asked = await chimed('eval', 'qa-grounding', '--limit', '6', '--format', 'json');
    expect(asked.code).toBe(0);
    const report = json(asked) as { questions: number; citationExactness: { value: number } };
    expect(report.questions).toBe(6);
    expect(report.citationExactness.value).toBe(1);
  });
});

import { describe, expect, it } from 'vitest';
import { errorCodes } from '../contract/errors';
import { confirmedLabel, machineLabel } from '../rules/export/export-label';
import { exportColumns, wideTexts } from './export-columns';
import { exportFileTexts } from './export-file';
import { describeProblem, formatterFor, messagesFor, standingText, type Messages } from './index';

/** Every leaf as path -> the text a person sees; functions are called with a placeholder. */
function leaves(node: unknown, path = ''): Map<string, string> {
  if (typeof node === 'string') return new Map([[path, node]]);
  if (typeof node === 'function') {
    const text = node as (...args: string[]) => string;
    return new Map([[path, text(...new Array<string>(text.length).fill('0'))]]);
  }
  const all = new Map<string, string>();
  for (const [key, value] of Object.entries(node as Record<string, unknown>)) {
    for (const [inner, text] of leaves(value, path ? `${path}.${key}` : key)) all.set(inner, text);
  }
  return all;
}

const zh = leaves(messagesFor('zh-CN') satisfies Messages);
const en = leaves(messagesFor('en'));

/** Names of products, formats and options that a Chinese text rightly holds in Latin letters. */
const latinAllowed =
  /ChiMed-GPT|F1|Cohen|PDF|Alt|Shift|Esc|txt|docx|pdf|csv|xlsx|doc|xls|Office|WPS|--text-column|Electron|GGUF|Excel|CSV|JSONL?|FHIR R4|UTF-8|UTF-16|GB18030|SHA-256|\.txt|--force|--help|--labels|config\.json|Llama|SentencePiece|CUDA|Metal|Vulkan|GB|[A-Z] 键/g;

describe('messages', () => {
  it('both languages have exactly the same texts', () => {
    expect([...en.keys()].sort()).toEqual([...zh.keys()].sort());
  });

  it('no text is empty', () => {
    for (const [path, text] of [...zh, ...en]) expect(text.trim(), path).not.toBe('');
  });

  it('the English interface shows no Chinese', () => {
    for (const [path, text] of en)
      expect(text, path).not.toMatch(/\p{Script=Han}|[，。：；「」（）]/u);
  });

  it('the Chinese interface shows no English besides names and options', () => {
    for (const [path, text] of zh)
      expect(text.replace(latinAllowed, ''), path).not.toMatch(/[A-Za-z]/);
  });

  it('one thing has one Chinese name on screens and in files', () => {
    const files = { exportColumns, wideTexts, exportFileTexts, confirmedLabel, machineLabel };
    const all = [...zh, ...leaves(files)];
    const others = [/提取/, /所述对象|所属者|所属对象|主体/];
    for (const [path, text] of all)
      for (const other of others) expect(text, path).not.toMatch(other);
    for (const name of [/机器抽取/, /所属人/])
      expect(all.filter(([, text]) => name.test(text)).length).toBeGreaterThan(1);
  });

  it('every error code says what happened and what to do, in both languages', () => {
    for (const locale of ['zh-CN', 'en'] as const) {
      const { errors } = messagesFor(locale);
      expect(Object.keys(errors).sort()).toEqual([...errorCodes].sort());
    }
  });

  it('a problem is described in one line with its code and incident', () => {
    expect(describeProblem('en', { code: 'INTERNAL', incident: 'ab12cd34' })).toMatch(
      /went wrong\. .*\[INTERNAL ab12cd34\]$/,
    );
    expect(describeProblem('zh-CN', { code: 'DISK_FULL' })).toContain('[DISK_FULL]');
  });
});

describe('the standing of a model', () => {
  const builtIn = { id: 'chimed-nano', standing: 'release' } as const;

  it('the built-in model is called what it is, and never ChiMed-GPT', () => {
    expect(standingText('zh-CN', builtIn)).toBe('内置小模型');
    expect(standingText('en', builtIn)).toBe('Built-in small model');
  });

  it('a model that only has its name or only its standing is not the built-in one', () => {
    expect(standingText('en', { ...builtIn, standing: 'imported' })).toBe('Imported model');
    expect(standingText('en', { ...builtIn, id: 'other' })).toBe('Release model');
  });
});

describe('formats', () => {
  it('numbers are grouped and shares are whole percentages', () => {
    expect(formatterFor('zh-CN').integer(2_000_000)).toBe('2,000,000');
    expect(formatterFor('en').percent(0.456)).toBe('46%');
    expect(formatterFor('zh-CN').decimal(0.78412)).toBe('0.784');
    expect(formatterFor('en').measure(1)).toBe('1.000');
  });

  it('dates follow the language, with a 24-hour clock', () => {
    const when = new Date(2025, 2, 4, 15, 6).getTime();
    expect(formatterFor('zh-CN').dateTime(when)).toBe('2025/03/04 15:06');
    expect(formatterFor('en').dateTime(when)).toMatch(/Mar 04, 2025, 15:06/);
  });
});

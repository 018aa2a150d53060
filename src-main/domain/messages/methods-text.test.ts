import { describe, expect, it } from 'vitest';
import type { MethodsData, StoredStudy } from '../contract/study';
import { methodsText } from './methods-text';

const same = { both: 4, onlyFirst: 2, onlySecond: 2 };
const near = { both: 5, onlyFirst: 1, onlySecond: 1 };
const study: StoredStudy = {
  ...{ id: '11111111-1111-4111-8111-111111111111', recordId: null, schema: 'ccks2019' },
  ...{ createdAt: 1, updatedAt: 1, deletedAt: null, seed: '0123456789abcdef', population: 40 },
  records: ['a', 'b', 'c'].map((recordId) => ({
    ...{ recordId, textSha256: 't', runId: 'r' },
    first: { by: '张三', contentSha256: 'c'.repeat(64) },
  })),
  second: '22222222-1111-4111-8111-111111111111',
  result: {
    at: 2,
    agreement: {
      ...{ records: 2, chars: 80, strict: same, relaxed: near, kappa: 0.78412 },
      byType: [{ kind: 'field', type: '体温', strict: same, relaxed: near, kappa: null }],
    },
  },
};
const methods: MethodsData = {
  schemas: [{ chinese: '六类实体', english: 'Six types', version: 3, records: 2 }],
  models: [{ name: 'ChiMed Nano', sha256: 'a'.repeat(64), records: 2 }],
  promptFormats: ['plain'],
  instructions: ['List the drugs.\nQuote them.'],
  strategies: ['marked-copy'],
  machineFacts: 6,
  first: { reviewers: 1, records: 2, facts: 6, bulk: 1 },
  second: { records: 2, facts: 6, bulk: 0 },
  disputes: { records: 1, total: 3, first: 1, second: 1, own: 0, open: 1 },
  adjudicators: { total: 1, reviewed: 0, own: 0 },
};
const textOf = (
  locale: 'zh-CN' | 'en',
  changes: { study?: Partial<StoredStudy>; methods?: Partial<MethodsData> } = {},
): string =>
  methodsText(locale, {
    study: { ...study, ...changes.study },
    methods: { ...methods, ...changes.methods },
    version: '1.2.3',
    typeName: (type) => (locale === 'en' ? 'Temperature' : type),
  });

describe('the methods paragraph', () => {
  it('states what was used, counted and measured, in both languages', () => {
    for (const locale of ['zh-CN', 'en'] as const) {
      const said = textOf(locale);
      for (const part of ['0123456789abcdef', '40', 'ChiMed Nano', 'a'.repeat(64)]) {
        expect(said).toContain(part);
      }
      for (const part of [
        ...['marked-copy', 'plain', '0.784', '0.667', '0.833', '1.2.3'],
        'List the drugs. / Quote them.',
      ]) {
        expect(said).toContain(part);
      }
    }
    expect(textOf('zh-CN')).toContain('“六类实体”（第 3 版）');
    expect(textOf('zh-CN')).toContain('未仲裁 1 处');
    expect(textOf('en')).toContain('“Six types” (version 3)');
    expect(textOf('en')).not.toMatch(/\p{Script=Han}/u);
  });

  it('says of what was not measured that it was not, and leaves no gap', () => {
    expect(textOf('zh-CN')).toContain('κ 未测得');
    expect(textOf('zh-CN')).toContain('1 份病历在比较时已删除或已改动');
    const bare = textOf('en', {
      study: { result: null },
      methods: {
        ...{
          promptFormats: [],
          instructions: [],
          models: [],
          adjudicators: { total: 0, reviewed: 0, own: 0 },
        },
        schemas: [{ chinese: 'x', english: 'x', version: null, records: 2 }],
      },
    });
    expect(bare).toContain('κ over characters: not measured');
    expect(bare).toContain('prompt format not known');
    expect(bare).toContain('(version not known)');
    expect(bare).toContain('No adjudication was made');
    expect(bare).not.toMatch(/undefined|null|NaN/);
  });

  it('says of an adjudication by one of the two reviewers that it was one', () => {
    const adjudicators = { total: 2, reviewed: 2, own: 3 };
    expect(textOf('zh-CN', { methods: { adjudicators } })).toContain(
      '其中 3 份病历由该病历的两位审核者之一仲裁',
    );
    const said = textOf('en', { methods: { adjudicators } });
    expect(said).toContain('adjudicated by one of their two reviewers: 3.');
    expect(said).not.toContain('had not reviewed it');
    expect(textOf('en')).toContain('by a doctor who had not reviewed it');
    const none = { total: 0, reviewed: 0, own: 0 };
    expect(textOf('en', { methods: { adjudicators: none } })).not.toContain('had not reviewed it');
  });

  it('names no person, and tells records that were extracted differently apart', () => {
    expect(textOf('zh-CN')).not.toContain('张三');
    expect(textOf('zh-CN')).not.toContain(study.second);
    const other = { name: 'Other', sha256: 'b'.repeat(64), records: 1 };
    const said = textOf('en', { methods: { models: [...methods.models, other] } });
    expect(said).toContain(`Other (SHA-256 ${'b'.repeat(64)}) (records: 1)`);
  });
});

/** Exported records for tests; their words are ours. */
import { createHash } from 'node:crypto';
import type { AnnotationSchema } from '../../domain/contract/annotation-schema';
import type { ExportedFact, ExportedRecord, ExportOptions } from '../../domain/contract/export';
import type { ByteSink } from './sink';
import { openExport } from './open-export';

export const text =
  '主诉：胸闷3天。\n既往史：高血压病史10年，否认糖尿病。考虑肺部感染可能。\n' +
  '母亲患肺癌，否认家族性结肠息肉病。2015年行阑尾切除术，拟行冠脉造影，口服硝苯地平。';

export function fact(
  words: string,
  type: string,
  more: Partial<ExportedFact> = {},
  inText = text,
): ExportedFact {
  const start = inText.indexOf(words);
  if (start < 0) throw new Error(`${words} is not in the text`);
  const end = start + words.length;
  return {
    id: `f-${type}-${start}`,
    kind: 'mention',
    type,
    text: words,
    start,
    end,
    evidence: [{ text: words, start, end }],
    attributes: {},
    confidence: 0.5,
    standing: 'accepted',
    review: 'single',
    ...more,
  };
}

export const facts: ExportedFact[] = [
  fact('高血压', '疾病和诊断', { attributes: { historical: true }, section: '既往史' }),
  fact('糖尿病', '疾病和诊断', { attributes: { negated: true } }),
  fact('肺部感染', '疾病和诊断', { attributes: { uncertain: true }, review: 'bulk' }),
  fact('肺癌', '疾病和诊断', { attributes: { experiencer: 'family' } }),
  fact('家族性结肠息肉病', '疾病和诊断', { attributes: { experiencer: 'family', negated: true } }),
  fact('阑尾切除术', '手术', { attributes: { historical: true }, standing: 'edited' }),
  fact('冠脉造影', '手术'),
  fact('硝苯地平', '药物', { standing: 'added' }),
  fact('胸闷', '症状'),
];

export const confirmation = {
  by: 'user-1',
  name: '王医师',
  title: '主治医师',
  at: Date.UTC(2026, 0, 2, 3, 4, 5),
  contentSha256: 'c'.repeat(64),
  signature: 'd'.repeat(128),
};

export function record(more: Partial<ExportedRecord> = {}): ExportedRecord {
  const itsText = more.text ?? text;
  return {
    id: 'record-0001',
    caseId: '110105199001011234',
    textSha256: createHash('sha256').update(itsText).digest('hex'),
    text: itsText,
    deidentified: false,
    status: 'completed',
    run: {
      schema: 'ccks2019-symptom',
      model: { name: 'ChiMed Nano', sha256: 'a'.repeat(64) },
      strategy: 'marked-copy',
      settings: { attributes: 'negated,uncertain,historical,family' },
    },
    facts,
    confirmation,
    ...more,
  };
}

function machine(decided: ExportedFact): ExportedFact {
  const made: ExportedFact = { ...decided, standing: 'machine' };
  delete made.review;
  return made;
}

/** The record as a model leaves it. */
export function unconfirmed(more: Partial<ExportedRecord> = {}): ExportedRecord {
  return record({
    confirmation: null,
    facts: facts.map(machine),
    ...more,
  });
}

/** Laboratory values as a repeated group, and one field of each kind. */
export const labSchema: AnnotationSchema = {
  id: 'lab',
  version: 3,
  chinese: '检验',
  english: 'Laboratory',
  types: [],
  attributes: [],
  fields: [
    {
      kind: 'group',
      id: '检验',
      english: 'Test',
      fields: [
        { kind: 'text', id: '项目', english: 'Item' },
        { kind: 'number', id: '结果', english: 'Result', units: ['g/L'] },
      ],
    },
    { kind: 'date', id: '报告日期', english: 'Date' },
    { kind: 'yes-no', id: '发热', english: 'Fever' },
    { kind: 'number', id: '体温', english: 'Temperature', units: ['℃'] },
    {
      kind: 'choice',
      id: '分级',
      english: 'Grade',
      options: Array.from({ length: 200 }, (_, at) => `第${at}级`),
    },
  ],
};

export const options: ExportOptions = { format: 'csv', which: 'all', locale: 'en' };

/** All bytes of a file. */
export class Collected implements ByteSink {
  readonly #pieces: Buffer[] = [];

  write(bytes: Uint8Array): Promise<void> {
    this.#pieces.push(Buffer.from(bytes));
    return Promise.resolve();
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#pieces);
  }
}

export async function exported(
  records: readonly ExportedRecord[],
  chosen: Partial<ExportOptions>,
  schemas: readonly AnnotationSchema[],
): Promise<Buffer> {
  const sink = new Collected();
  const writer = await openExport(sink, {
    options: { ...options, ...chosen },
    schemas,
    deidentified: records.length > 0 && records.every(({ deidentified }) => deidentified),
  });
  for (const one of records) await writer.write(one);
  await writer.finish();
  return sink.bytes;
}

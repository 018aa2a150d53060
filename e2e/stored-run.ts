/** A record with a run whose facts carry attributes, written as the worker writes it. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Fact } from '../src-main/domain/contract/fact';
import { Vault } from '../src-main/vault/vault';
import { RecordStore } from '../src-main/worker/store';
import { openProfile } from './profile';

const text =
  '患者高血压病史10年，口服硝苯地平控释片。既往否认糖尿病、冠心病史。\n' +
  '查体：未闻及心脏杂音，双下肢无水肿。考虑肺部感染可能，行胸部CT检查。\n' +
  '家族史：母亲患肺癌，否认家族性结肠息肉病。2015年行阑尾切除术。';

const stated: readonly [string, string, Fact['attributes']][] = [
  ['疾病和诊断', '高血压', {}],
  ['药物', '硝苯地平控释片', {}],
  ['疾病和诊断', '糖尿病', { negated: true, historical: true }],
  ['疾病和诊断', '冠心病', { negated: true, historical: true }],
  ['症状', '心脏杂音', { negated: true }],
  ['解剖部位', '双下肢', {}],
  ['症状', '水肿', { negated: true }],
  ['疾病和诊断', '肺部感染', { uncertain: true }],
  ['影像检查', '胸部CT', {}],
  ['疾病和诊断', '肺癌', { experiencer: 'family' }],
  ['疾病和诊断', '家族性结肠息肉病', { negated: true, experiencer: 'family' }],
  ['手术', '阑尾切除术', { historical: true }],
];

/** Its words are ours; `facts` is in the order of the text. */
export const attributeNote = {
  text,
  facts: stated.map(([type, words, attributes], index): Fact => {
    const start = text.indexOf(words);
    const end = start + words.length;
    return {
      id: `f${index}`,
      kind: 'mention',
      type,
      text: words,
      start,
      end,
      evidence: [{ text: words, start, end }],
      attributes,
      confidence: 0.9,
    };
  }),
};

/** Adds the record to a data folder whose program is not running. */
export async function storeNoteWithAttributes(userData: string): Promise<void> {
  const dataDir = join(userData, 'data');
  const { keyId, bytes } = await openProfile(userData);
  const vault = await Vault.open(dataDir, { keyId, key: bytes });
  try {
    const store = new RecordStore({ vault });
    const { recordId } = await store.create({
      title: '随访记录',
      text,
      source: { kind: 'paste', notices: [] },
    });
    const at = Date.now();
    await store.saveRun({
      id: 'run-with-attributes',
      recordId,
      textSha256: createHash('sha256').update(text, 'utf8').digest('hex'),
      startedAt: at,
      finishedAt: at,
      status: 'completed',
      run: {
        schema: 'ccks2019-symptom',
        model: { name: 'ChiMed Nano', sha256: 'a'.repeat(64) },
        strategy: 'marked-copy',
        settings: { attributes: 'negated,uncertain,historical,family' },
      },
      facts: [...attributeNote.facts],
    });
  } finally {
    await vault.close();
  }
}

/** A record with a run whose facts carry attributes, written as the worker writes it. */
import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { AnnotationSchema } from '../src-main/domain/contract/annotation-schema';
import type { Fact } from '../src-main/domain/contract/fact';
import type { StoredRun } from '../src-main/domain/contract/record';
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

/** A mention of words at their n-th place in a text, n from 0. */
export function mentionIn(
  whole: string,
  [type, words, attributes]: readonly [string, string, Fact['attributes']],
  nth = 0,
): Fact {
  let start = whole.indexOf(words);
  for (let at = 0; at < nth; at += 1) start = whole.indexOf(words, start + 1);
  const end = start + words.length;
  return {
    ...{ id: `f${start}-${type}`, kind: 'mention', type, text: words, start, end, attributes },
    evidence: [{ text: words, start, end }],
    confidence: 0.9,
  };
}

/** Its words are ours; `facts` is in the order of the text. */
export const attributeNote = {
  title: '随访记录',
  text,
  facts: stated.map((each): Fact => mentionIn(text, each)),
};

export interface Note {
  readonly title: string;
  readonly text: string;
  readonly facts: readonly Fact[];
  readonly schema?: string;
  /** The patient key. */
  readonly caseId?: string;
  readonly definition?: AnnotationSchema;
}

/** Adds the record to a data folder whose program is not running. */
export async function storeNoteWithAttributes(userData: string): Promise<void> {
  await storeNotes(userData, [attributeNote]);
}

/** Adds records with one ended run each, as `storeNoteWithAttributes`. @returns their ids */
export async function storeNotes(userData: string, notes: readonly Note[]): Promise<string[]> {
  return withStore(userData, async (store) => {
    const ids: string[] = [];
    for (const note of notes) {
      const source = { kind: 'paste' as const, notices: [] };
      const { title, text: words, caseId } = note;
      const { recordId } = await store.create({ title, text: words, source, caseId });
      await store.saveRun(runOf(recordId, note));
      ids.push(recordId);
    }
    return ids;
  });
}

/** Adds a later run of a record. */
export async function storeRun(userData: string, recordId: string, note: Note): Promise<void> {
  await withStore(userData, (store) => store.saveRun(runOf(recordId, note)));
}

function runOf(recordId: string, { text: whole, facts, schema, definition }: Note): StoredRun {
  const at = Date.now();
  return {
    id: randomUUID(),
    recordId,
    textSha256: createHash('sha256').update(whole, 'utf8').digest('hex'),
    startedAt: at,
    finishedAt: at,
    status: 'completed',
    run: {
      schema: schema ?? 'ccks2019-symptom',
      model: { name: 'ChiMed Nano', sha256: 'a'.repeat(64) },
      strategy: 'marked-copy',
      settings: { attributes: 'negated,uncertain,historical,family' },
      ...(definition ? { definition } : {}),
    },
    facts: [...facts],
  };
}

/** How many runs the journal of a program that has ended holds. */
export function storedRuns(userData: string): Promise<number> {
  return withStore(userData, (store) => Promise.resolve(store.ids('run').ids.length));
}

async function withStore<T>(
  userData: string,
  work: (store: RecordStore) => Promise<T>,
): Promise<T> {
  const { keyId, bytes } = await openProfile(userData);
  const vault = await Vault.open(join(userData, 'data'), { keyId, key: bytes });
  try {
    return await work(new RecordStore({ vault }));
  } finally {
    await vault.close();
  }
}

/** Records with runs and reviews, as other parts of the program store them, for tests of exports. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { StoredReview } from '../src-main/domain/contract/review';
import { Vault } from '../src-main/vault/vault';
import { storeReview } from '../src-main/worker/review-rows.fixture';
import { RecordStore } from '../src-main/worker/store';
import { openProfile } from './profile';
import { attributeNote } from './stored-run';

/** What identifies is in front of the note, so its facts lie so much further on. */
const lead = '姓名：张建国，住院号：00384512，电话：13951860024。\n';
export const exportedText = lead + attributeNote.text;
export const exportedFacts = attributeNote.facts.map((fact) => {
  const [start, end] = [(fact.start ?? 0) + lead.length, (fact.end ?? 0) + lead.length];
  return { ...fact, start, end, evidence: [{ text: fact.text ?? '', start, end }] };
});

/** One confirmed record, one that is partial and that nobody has looked at, one without a run. */
export async function storeReviewedRecords(userData: string): Promise<void> {
  const { keyId, bytes } = await openProfile(userData);
  const vault = await Vault.open(join(userData, 'data'), { keyId, key: bytes });
  try {
    const store = new RecordStore({ vault });
    const textSha256 = createHash('sha256').update(exportedText, 'utf8').digest('hex');
    const make = async (title: string): Promise<string> => {
      const source = { kind: 'paste' as const, notices: [] };
      return (await store.create({ title, text: exportedText, source })).recordId;
    };
    const run = (recordId: string, id: string, status: 'completed' | 'incomplete') =>
      store.saveRun({
        ...{ id, recordId, textSha256, startedAt: 1, finishedAt: 2, status },
        ...(status === 'incomplete' ? { problem: { code: 'LENGTH_LIMIT' as const } } : {}),
        run: {
          schema: 'ccks2019-symptom',
          model: { name: 'ChiMed Nano', sha256: 'a'.repeat(64) },
          strategy: 'marked-copy',
          settings: { attributes: 'negated,uncertain,historical,family' },
        },
        facts: exportedFacts,
      });
    await make('没有运行');
    await run(await make('未审核'), 'run-partial', 'incomplete');
    const reviewed = await make('已审核');
    await run(reviewed, 'run-reviewed', 'completed');
    await storeReview(vault, {
      ...{ id: 'review-1', recordId: reviewed, textSha256, role: 'primary', runId: 'run-reviewed' },
      ...{ schema: 'ccks2019-symptom', version: 1, changes: [], updatedAt: 3 },
      items: exportedFacts.map((fact, at): StoredReview['items'][number] => ({
        ...{ id: `i${at}`, fact, origin: 'model', decision: 'accepted', review: 'single' },
      })),
      confirmation: {
        ...{ by: 'user-1', name: '王医师', title: '主治医师', at: Date.UTC(2026, 0, 2) },
        contentSha256: 'c'.repeat(64),
        signature: 'd'.repeat(128),
      },
    });
  } finally {
    await vault.close();
  }
}

/** A doctor who confirms reviews, and a vault beside its audit log, for tests of what the two say of each other. */
import { createHash, createPrivateKey, sign } from 'node:crypto';
import { join } from 'node:path';
import type { AuditEntry } from '../domain/contract/audit';
import type { StoredReview } from '../domain/contract/review';
import type { ConfirmedAct } from '../domain/contract/stored-act';
import { confirmationBytes, contentSha256 } from '../domain/review/confirmation';
import { startReview } from '../domain/review/review';
import { mention, run, text } from '../domain/review/review.fixture';
import { AuditLog } from '../vault/audit/audit-log';
import { addMissingActs, type ActsInJournal, type Compared } from '../vault/audit/missing-acts';
import { isConfirmed } from '../vault/confirm-review';
import { publicHexOf } from '../vault/keyring/boxes';
import { Vault } from '../vault/vault';
import { RecordStore } from './store';
import { confirmedAct, storedActs } from './stored-acts';

export const doctor = '5f0b8c1e-0000-4000-8000-000000000001';
/** The same in every process: PKCS #8 of Ed25519 around 32 bytes. */
const key = createPrivateKey({
  key: Buffer.from(`302e020100300506032b657004220420${'2a'.repeat(32)}`, 'hex'),
  ...({ format: 'der', type: 'pkcs8' } as const),
});

export interface ConfirmingVault {
  readonly vault: Vault;
  readonly store: RecordStore;
  readonly log: AuditLog;
  readonly journal: ActsInJournal;
  /** A new record with the text that is reviewed. */
  create(): Promise<string>;
  /** Its review, confirmed and stored; without one, that of a new record. The log is not told. */
  confirm(
    at?: number,
    of?: Pick<StoredReview, 'recordId' | 'runId' | 'schema'>,
  ): Promise<ConfirmedAct>;
  /** The same of a review that is stored already, as its next version. */
  amend(of: ConfirmedAct): Promise<ConfirmedAct>;
  /** As at the opening of the vault. */
  compare(): Promise<Compared>;
  entries(): Promise<AuditEntry[]>;
  close(): Promise<void>;
}

/** @param dir of both; made anew or opened again */
export async function openConfirming(dir: string): Promise<ConfirmingVault> {
  const dataKey = { keyId: '0011223344556677', key: new Uint8Array(32).fill(7) };
  const vault = await Vault.open(join(dir, 'data'), dataKey);
  const log = await AuditLog.open(join(dir, 'audit'));
  const signPublic = publicHexOf(key);
  const store = new RecordStore({ vault, userId: doctor, signPublic });
  const journal: ActsInJournal = {
    head: async () => vault.journal.head,
    holds: async (head) => vault.journal.holds(head),
    after: (seq) => storedActs(vault, seq),
  };
  const saved = async (review: StoredReview, base: number, at: number): Promise<ConfirmedAct> => {
    const said = { by: doctor, name: '王', title: '', at };
    const content = { ...said, contentSha256: await contentSha256(review) };
    const bytes = confirmationBytes(review.recordId, content);
    const signature = sign(null, bytes, key).toString('hex');
    const confirmed = { ...review, confirmation: { ...content, signature } };
    await store.saveReview(confirmed, base);
    const act = await confirmedAct(vault, confirmed);
    if (!act) throw new Error('not confirmed');
    return act;
  };
  const fresh = (recordId: string): StoredReview => {
    const textSha256 = createHash('sha256').update(text).digest('hex');
    const subject = { recordId, textSha256, role: 'primary' as const };
    const begun = startReview(subject, run('run-1', [mention('高血压')]), { at: 50, by: doctor });
    const decision = { decision: 'accepted' as const, at: 50, by: doctor };
    const items = begun.items.map((item) => ({ ...item, ...decision }));
    return { ...begun, items };
  };
  const create = async (): Promise<string> => {
    const source = { kind: 'paste' as const, notices: [] };
    return (await store.create({ title: '随访', text, source })).recordId;
  };
  return {
    ...{ vault, store, log, journal, create },
    confirm: async (at = Date.now(), of) =>
      saved({ ...fresh(of?.recordId ?? (await create())), ...of }, 0, at),
    amend: async ({ recordId }) => saved({ ...fresh(recordId), version: 2 }, 1, Date.now()),
    compare: () =>
      addMissingActs(log, journal, (act) =>
        isConfirmed({ signingKeysOf: (user) => (user === doctor ? [signPublic] : []) }, act),
      ),
    entries: async () => (await log.read({}, { limit: 100_000 })).entries.reverse(),
    close: async () => {
      await log.close();
      await vault.close();
    },
  };
}

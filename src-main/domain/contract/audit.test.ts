import { describe, expect, test } from 'vitest';
import { channelNames } from './channel-names';
import { invokeChannels } from './ipc';
import { auditEntrySchema, auditKinds, newAuditEntrySchema, type AuditEvent } from './audit';

const user = '5f0b8c1e-0000-4000-8000-000000000001';
const hash = 'ef'.repeat(32);
const signature = 'ab'.repeat(64);

/** One sound event of every kind, every field of it filled. */
const events: { readonly [K in AuditEvent['kind']]: Extract<AuditEvent, { kind: K }> } = {
  'app-started': { kind: 'app-started', version: '0.1.0' },
  'app-ended': { kind: 'app-ended' },
  'vault-founded': { kind: 'vault-founded' },
  'sign-in': { kind: 'sign-in' },
  'sign-in-failed': { kind: 'sign-in-failed' },
  locked: { kind: 'locked', reason: 'idle' },
  'recovery-used': { kind: 'recovery-used' },
  'recovery-renewed': { kind: 'recovery-renewed' },
  'passphrase-changed': { kind: 'passphrase-changed' },
  'passphrase-reset': { kind: 'passphrase-reset' },
  'user-added': { kind: 'user-added', roles: ['doctor', 'administrator'] },
  'user-removed': { kind: 'user-removed' },
  'user-let-in': { kind: 'user-let-in' },
  wiped: { kind: 'wiped' },
  refused: { kind: 'refused', channel: 'vault.key' },
  'record-viewed': { kind: 'record-viewed' },
  'record-created': { kind: 'record-created' },
  'record-changed': { kind: 'record-changed' },
  'record-deleted': { kind: 'record-deleted' },
  'record-restored': { kind: 'record-restored' },
  'record-shredded': { kind: 'record-shredded', addedLater: '2026-11-29T12:00:00.000Z' },
  'run-saved': { kind: 'run-saved' },
  'review-changed': { kind: 'review-changed' },
  'review-amended': { kind: 'review-amended' },
  'study-started': { kind: 'study-started' },
  'study-begun': { kind: 'study-begun' },
  'study-compared': { kind: 'study-compared' },
  'study-own-allowed': { kind: 'study-own-allowed' },
  'sections-changed': { kind: 'sections-changed' },
  'reply-drafted': { kind: 'reply-drafted' },
  'reply-changed': { kind: 'reply-changed' },
  'reply-deleted': { kind: 'reply-deleted' },
  'reply-restored': { kind: 'reply-restored' },
  'reply-approved': { kind: 'reply-approved' },
  'reply-copied': { kind: 'reply-copied', chars: 80 },
  'reply-exported': { kind: 'reply-exported' },
  'danger-signs-shown': { kind: 'danger-signs-shown', count: 2 },
  'pairs-exported': { kind: 'pairs-exported', form: 'dpo', count: 12 },
  'questions-asked': { kind: 'questions-asked' },
  'batch-started': { kind: 'batch-started' },
  'batch-ended': { kind: 'batch-ended' },
  confirmed: {
    kind: 'confirmed',
    facts: 12,
    bulk: true,
    schema: { id: 'ccks2019', version: 1 },
    confirmation: hash,
    addedLater: '2026-11-29T12:00:00.000Z',
  },
  'acts-compared': {
    kind: 'acts-compared',
    journal: { seq: 7, mac: 'cd'.repeat(16) },
    entries: 30,
    added: 1,
  },
  'export-begun': { kind: 'export-begun', format: 'csv', deidentified: true },
  exported: { kind: 'exported', format: 'csv', count: 3, deidentified: true },
  printed: { kind: 'printed' },
  copied: { kind: 'copied', chars: 40 },
  'model-imported': { kind: 'model-imported' },
  'model-removed': { kind: 'model-removed' },
  'model-activated': { kind: 'model-activated' },
  'model-settings': { kind: 'model-settings' },
  'model-assigned': { kind: 'model-assigned', job: 'extraction:ccks2019' },
  'schema-changed': { kind: 'schema-changed' },
  'settings-changed': { kind: 'settings-changed', settings: ['lockMinutes'] },
  'policy-read': { kind: 'policy-read', sha256: hash },
  'backed-up': { kind: 'backed-up', records: 50_000 },
  restored: { kind: 'restored', records: 50_000 },
  'key-rotated': { kind: 'key-rotated' },
  'journal-compacted': { kind: 'journal-compacted' },
  'audit-verified': { kind: 'audit-verified', entries: 1_000_000, problems: 0 },
  integrity: { kind: 'integrity', what: 'row', count: 1 },
  'audit-cut': { kind: 'audit-cut', bytes: 13 },
  'audit-removed': { kind: 'audit-removed', upTo: 30_000, hash, newest: 1.8e12, signature },
  anchor: {
    kind: 'anchor',
    anchor: {
      vaultId: 'ab'.repeat(16),
      journal: { seq: 7, mac: 'cd'.repeat(16) },
      keyring: { revision: 1, mac: hash },
      signature,
    },
  },
};

/** What might slip in: words of a record in both scripts, numbers that stand for a person. */
const sentinels: readonly unknown[] = [
  '患者张哨兵',
  '张',
  'zhangsan',
  'gastric-cancer',
  'ZhangSan',
  'zhang_san_1971',
  'Zhang San, male, 45',
  '110101199003070019',
  '11010119900307001x',
  '13812345678',
  '6222020200112233',
  '住院号20190301',
  '2019-03-01',
  '=HYPERLINK("x")',
  'doctor ',
  13_812_345_678,
  110_101_199_003_070_019n.toString(),
  6_222_020_200_112_233,
  ['zhangsan'],
  { note: 'zhangsan' },
];
const words = sentinels.flatMap((value) =>
  typeof value === 'object' ? ['zhangsan'] : [String(value)],
);

type Json = { [key: string]: unknown } | unknown[];
const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null;

/** The value with one place of it replaced, for every place; and with a key more at every depth. */
function* variants(value: unknown, put: unknown): Generator<unknown> {
  yield put;
  if (!isJson(value)) return;
  if (Array.isArray(value)) {
    yield [...value, put];
    for (const [at, part] of value.entries())
      for (const other of variants(part, put)) yield value.with(at, other);
    return;
  }
  yield { ...value, note: put };
  for (const [key, part] of Object.entries(value))
    for (const other of variants(part, put)) yield { ...value, [key]: other };
}

const ownKinds = ['anchor', 'audit-removed'];
const toldKinds = auditKinds.filter((kind) => !ownKinds.includes(kind));

describe('the audit log holds no words', () => {
  test.each(toldKinds)('%s: whatever stands in whichever field is refused or left out', (kind) => {
    const told = { event: events[kind], actor: user, subject: user, result: 'DISK_FULL' };
    expect(newAuditEntrySchema.parse(told)).toEqual(told);
    let tried = 0;
    for (const sentinel of sentinels) {
      for (const variant of variants(told, sentinel)) {
        const parsed = newAuditEntrySchema.safeParse(variant);
        tried += 1;
        if (!parsed.success) continue;
        const kept = JSON.stringify(parsed.data);
        for (const word of words) expect(kept, JSON.stringify(variant)).not.toContain(word);
      }
    }
    expect(tried).toBeGreaterThan(100);
  });

  test.each(ownKinds)('%s can be said by the log alone', (kind) => {
    const { [kind as AuditEvent['kind']]: event } = events;
    expect(
      auditEntrySchema.safeParse({ n: 1, at: 1, actor: user, event, result: 'ok' }).success,
    ).toBe(true);
    expect(newAuditEntrySchema.safeParse({ event }).success).toBe(false);
  });

  test('nor do the fields that the log adds', () => {
    const entry = {
      n: 1,
      at: 1.8e12,
      clockBack: true,
      actor: 'system',
      event: events.anchor,
      result: 'ok',
    };
    expect(auditEntrySchema.parse(entry)).toEqual(entry);
    for (const key of ['n', 'at', 'clockBack'])
      for (const sentinel of sentinels.filter((value) => typeof value !== 'number'))
        expect(auditEntrySchema.safeParse({ ...entry, [key]: sentinel }).success).toBe(false);
  });

  test('the job of a schema that is none of ours is kept without its name', () => {
    const parsed = newAuditEntrySchema.parse({
      event: { kind: 'model-assigned', job: 'extraction:zhangsan' },
    });
    expect(parsed.event).toEqual({ kind: 'model-assigned', job: 'other' });
  });

  test('a schema is named by its id where that is no word: ours, or one of the hospital’s own', () => {
    const kept = (id: string): unknown =>
      newAuditEntrySchema.parse({
        event: { kind: 'confirmed', facts: 1, bulk: false, schema: { id, version: 3 } },
      }).event;
    for (const id of ['ccks2019-symptom', user])
      expect(kept(id)).toMatchObject({ schema: { id, version: 3 } });
    expect(kept('zhangsan')).toMatchObject({ schema: { id: 'other', version: 3 } });
  });

  test('every channel that can be refused is known to it', () => {
    expect([...channelNames].sort()).toEqual(Object.keys(invokeChannels).sort());
  });

  test('the ids that there are have their place', () => {
    for (const subject of [user, hash, 'ab'.repeat(16), 'ccks2019', 'ccks2019-symptom'])
      expect(newAuditEntrySchema.safeParse({ event: events['run-saved'], subject }).success).toBe(
        true,
      );
  });
});

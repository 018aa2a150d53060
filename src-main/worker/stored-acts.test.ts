/** Acts that are stored, and their entries in the audit log. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { annotationSchema } from '../domain/contract/annotation-schema';
import type { AuditEntry } from '../domain/contract/audit';
import type { ConfirmedAct } from '../domain/contract/stored-act';
import { mention, run } from '../domain/review/review.fixture';
import { addMissingActs, confirmedEntry } from '../vault/audit/missing-acts';
import { doctor, openConfirming, type ConfirmingVault } from './stored-acts.fixture';

let dir = '';
let opened: ConfirmingVault;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'chimed-acts-'));
  opened = await openConfirming(dir);
  // A log begins with the start of the program.
  await opened.log.append({ event: { kind: 'app-started', version: '0.1.0' } });
});
afterEach(async () => {
  await opened.close();
  await rm(dir, { recursive: true, force: true });
});

const isOf =
  (...kinds: string[]) =>
  ({ event }: AuditEntry): boolean =>
    kinds.includes(event.kind);
async function restarted(): Promise<void> {
  await opened.close();
  opened = await openConfirming(dir);
}
const tell = (act: ConfirmedAct): Promise<unknown> => opened.log.append(confirmedEntry(act));
async function confirmations(): Promise<AuditEntry[]> {
  return (await opened.entries()).filter(isOf('confirmed'));
}

describe('an act that was stored and not told of', () => {
  test('a confirmation gets its entry at the next opening, in its own name and with its own time, once', async () => {
    const told = await opened.confirm();
    await tell(told);
    const lost = await opened.confirm(Date.UTC(2030, 0, 2, 3, 4, 5, 6));
    await restarted();
    expect(await opened.compare()).toEqual({ added: 1, unsigned: 0 });
    const [first, second, ...more] = await confirmations();
    expect(first).toMatchObject({ subject: told.recordId, event: { kind: 'confirmed', facts: 1 } });
    expect(first?.event).not.toHaveProperty('addedLater');
    expect(second).toMatchObject({
      ...{ actor: doctor, subject: lost.recordId },
      event: { facts: 1, bulk: false, addedLater: '2030-01-02T03:04:05.006Z' },
    });
    expect(more).toEqual([]);
    await restarted();
    expect(await opened.compare()).toEqual({ added: 0, unsigned: 0 });
    expect(await confirmations()).toHaveLength(2);
  });

  test('so does a confirmed version that was taken up again since, and each is known apart', async () => {
    const first = await opened.confirm();
    const second = await opened.amend(first);
    await tell(second);
    await opened.compare();
    const times = (await confirmations()).map(({ event }) => 'addedLater' in event);
    // Told was the later one.
    expect(times).toEqual([false, true]);
    await opened.compare();
    expect(await confirmations()).toHaveLength(2);
  });

  test('a record that was deleted for good gets its entry; one of which only a question is gone gets none', async () => {
    const { recordId: gone } = await opened.confirm();
    const { recordId: there } = await opened.confirm();
    await opened.store.shred(gone);
    const { key } = await opened.vault.takeKey().then(async (taken) => {
      await opened.vault.shred(taken.keyId, { recordId: there, at: Date.now(), by: doctor });
      return taken;
    });
    expect(key).toBeDefined();
    await opened.compare();
    await opened.compare();
    const shredded = (await opened.entries()).filter(isOf('record-shredded'));
    expect(shredded).toMatchObject([{ actor: doctor, subject: gone, event: { addedLater: /Z$/ } }]);
    // Of the review that went with it nothing can be said any more.
    expect((await confirmations()).map(({ subject }) => subject)).toEqual([there]);
  });

  test('entries of earlier programs, which do not say which confirmation they are of, count for one each', async () => {
    const first = await opened.confirm();
    const second = await opened.amend(first);
    const other = await opened.confirm();
    const event = { kind: 'confirmed' as const, facts: 1, bulk: false };
    await opened.log.append({ actor: doctor, event, subject: second.recordId });
    await opened.log.append({ actor: doctor, event, subject: other.recordId });
    await opened.compare();
    const added = (await confirmations()).filter(({ event: each }) => 'addedLater' in each);
    expect(added).toMatchObject([
      {
        subject: first.recordId,
        event: { addedLater: new Date(first.confirmation.at).toISOString() },
      },
    ]);
  });

  test('what a restored backup brought, and what was done before there was a log, is for the log of its time', async () => {
    const before = Date.now() - 1000;
    await opened.confirm(before);
    await opened.compare();
    expect(await confirmations()).toEqual([]);
    const lost = await opened.confirm();
    await opened.log.append({ event: { kind: 'restored', records: 2 } });
    await sleep(2);
    const later = await opened.confirm();
    await opened.compare();
    expect((await confirmations()).map(({ subject }) => subject)).toEqual([later.recordId]);
    expect(lost.recordId).not.toBe(later.recordId);
    // Nor when all of it is compared again, as after the key was replaced.
    const journal = { ...opened.journal, holds: async () => false };
    expect(await addMissingActs(opened.log, journal, () => true)).toMatchObject({ added: 0 });
  });

  test('one that nobody of this vault signed is not put into anybody’s name', async () => {
    await opened.confirm();
    const nobody = await addMissingActs(opened.log, opened.journal, () => false);
    expect(nobody).toEqual({ added: 0, unsigned: 1 });
    expect(await confirmations()).toEqual([]);
  });

  test('an opening looks at what came since the last one, and under another key at all again', async () => {
    await tell(await opened.confirm());
    await opened.compare();
    const asked: number[] = [];
    const watched = {
      ...opened.journal,
      after: (seq: number) => {
        asked.push(seq);
        return opened.journal.after(seq);
      },
    };
    const stood = opened.vault.journal.lastSeq;
    await addMissingActs(opened.log, watched, () => true);
    expect(asked).toEqual([]);
    await opened.confirm();
    await addMissingActs(opened.log, watched, () => true);
    expect(asked).toEqual([stood]);
    expect(await confirmations()).toHaveLength(2);
    const foreign = { ...watched, holds: async () => false };
    await addMissingActs(opened.log, foreign, () => true);
    expect(asked).toEqual([stood, 0]);
    expect(await confirmations()).toHaveLength(2);
  });
});

test('a confirmation names its schema in the version that its run has frozen, also once that is changed or gone', async () => {
  const { store } = opened;
  const schemaId = '5f0b8c1e-0000-4000-8000-00000000000a';
  const definition = { ...annotationSchema('ccks2019'), id: schemaId, version: 4 };
  const recordId = await opened.create();
  const { textSha256 } = await store.text(recordId);
  const frozen = run('run-4', [mention('高血压')]);
  await store.saveRun({
    ...frozen,
    ...{ recordId, textSha256, run: { ...frozen.run, schema: schemaId, definition } },
  });
  const schema = { id: schemaId, version: 4 };
  const of = { recordId, runId: 'run-4', schema: schemaId };
  expect(await opened.confirm(Date.now(), of)).toMatchObject({ schema });
  const byHand = { recordId: await opened.create(), runId: null, schema: schemaId };
  expect(await opened.confirm(Date.now(), byHand)).toMatchObject({ schema: { id: schemaId } });
  await tell(await opened.confirm());
  await opened.compare();
  const named = (await confirmations()).map(({ event }) => 'schema' in event && event.schema);
  expect(named).toEqual([{ id: 'ccks2019', version: 1 }, schema, { id: schemaId }]);
});

test('killed again and again between what is stored and its entry, and while entries are added: each act has one', async () => {
  await opened.close();
  const script = fileURLToPath(new URL('./stored-acts-loop.fixture.ts', import.meta.url));
  // With one step it is killed while entries are added.
  for (const [round, steps] of [9, 1, 14, 1, 6, 1].entries()) {
    const args = ['--import', 'tsx', script, dir, String(round + 1)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const closed = once(child, 'close');
    let done = 0;
    await new Promise<void>((resolve, reject) => {
      child.stdout.on('data', (chunk: Buffer) => {
        done += chunk.byteLength;
        if (done >= steps) resolve();
      });
      child.once('exit', () => reject(new Error('the process ended by itself')));
    });
    child.removeAllListeners('exit');
    child.kill('SIGKILL');
    await closed;
  }
  opened = await openConfirming(dir);
  await opened.compare();
  expect((await confirmations()).some(({ event }) => 'addedLater' in event)).toBe(true);
  const marks = (await confirmations()).map(({ event }) =>
    event.kind === 'confirmed' ? event.confirmation : '',
  );
  expect(new Set(marks).size).toBe(marks.length);
  const stored: string[] = [];
  for (const id of opened.vault.journal.idsOf('review')) stored.push(id);
  const confirmed = new Set((await confirmations()).map(({ subject }) => `${subject}.primary`));
  expect(stored.filter((id) => !confirmed.has(id))).toEqual([]);
  expect(stored.length).toBeGreaterThan(8);
  const shredded = (await opened.entries()).filter(isOf('record-shredded'));
  const subjects = shredded.map(({ subject }) => subject ?? '');
  expect(new Set(subjects).size).toBe(subjects.length);
  expect(subjects).toHaveLength(opened.vault.journal.deletedKeys.size);
  expect(await opened.compare()).toEqual({ added: 0, unsigned: 0 });
  expect(await opened.log.verify({ signingKeysOf: () => [] })).toMatchObject({ faults: [] });
}, 60_000);

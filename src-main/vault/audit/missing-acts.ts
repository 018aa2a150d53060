/**
 * Entries for acts that are stored and that the log was not told of, because the program was killed in
 * between. How far the two were compared is itself an entry, so that each opening looks only at what came
 * since. An act is known by its own entry: however often this is killed, it is added once.
 */
import { createHash } from 'node:crypto';
import type { AuditEntry, JournalHead, NewAuditEntry } from '../../domain/contract/audit';
import type { ConfirmedAct, StoredAct, StoredActs } from '../../domain/contract/stored-act';
import type { AuditLog } from './audit-log';

/** The journal, as it is asked for what is stored. */
export interface ActsInJournal {
  head(): Promise<JournalHead | null>;
  holds(head: JournalHead): Promise<boolean>;
  /** One page, oldest first. Of all that it says the log was told before, unless it never will be. */
  after(seq: number): Promise<StoredActs>;
}

export interface Compared {
  /** Entries that were added. */
  readonly added: number;
  /** Confirmations that nobody signed who has or had an account; they are not added. */
  readonly unsigned: number;
}

/** With these the journal is another one: what is in it then is of elsewhere. */
const begun = ['restored', 'wiped'];
/** Rows after which it is noted how far it is, although nothing was done in them. */
const rowsWorthNoting = 10_000;
/** Appended together, so that they share a sync. */
const groupSize = 256;
/** Of the first page; mostly it is the only one. Each one after it is four times as long. */
const pageEntries = 200;
/** 9999-12-31; no clock shows more, but a confirmation's time is data. */
const latestMoment = 253_402_300_799_999;

/** What the log is told of a confirmed review, at once or later. */
export function confirmedEntry(
  { recordId, confirmation, schema, facts, bulk }: ConfirmedAct,
  addedLater?: string,
): NewAuditEntry {
  return {
    actor: confirmation.by,
    event: {
      ...{ kind: 'confirmed', facts, bulk, schema, confirmation: markOf(confirmation) },
      ...(addedLater === undefined ? {} : { addedLater }),
    },
    subject: recordId,
  };
}

/**
 * Adds an entry for every act behind the last comparison that has none. Acts before the log's first entry, or
 * before a backup was restored, are for the log of their time.
 *
 * @param isSigned whether a user of this vault signed the confirmation, be it one who left
 * @throws AppError as `AuditLog.append` and `AuditLog.read`, and of the journal; what was added stays
 */
export async function addMissingActs(
  log: AuditLog,
  journal: ActsInJournal,
  isSigned: (act: ConfirmedAct) => boolean,
): Promise<Compared> {
  // Before the journal is asked: what is stored after its answer has its entry behind this one.
  const entries = log.head.n;
  const head = await journal.head();
  if (!head) return { added: 0, unsigned: 0 };
  const from = await lastCompared(log, journal);
  const acts: StoredAct[] = [];
  for (let after = from.seq; after < head.seq;) {
    const page = await journal.after(after);
    acts.push(...page.acts.filter((act) => momentOf(act) >= from.since));
    if (page.upTo <= after) break;
    after = page.upTo;
  }
  const missing = acts.length === 0 ? [] : await withoutEntry(log, acts, from.entries);
  const signed = missing.filter((act) => act.kind !== 'confirmed' || isSigned(act));
  for (let at = 0; at < signed.length; at += groupSize) {
    const group = signed.slice(at, at + groupSize);
    await Promise.all(group.map((act) => log.append(laterEntry(act))));
  }
  const added = signed.length;
  if (acts.length > 0 || head.seq - from.seq >= rowsWorthNoting) {
    const { seq, mac } = head;
    await log.append({ event: { kind: 'acts-compared', journal: { seq, mac }, entries, added } });
  }
  return { added, unsigned: missing.length - added };
}

interface LastCompared {
  /** Row of the journal up to which everything has its entry. */
  readonly seq: number;
  /** What came later has its entry behind this one. */
  readonly entries: number;
  /** Acts before this moment are not looked at, milliseconds since the epoch. */
  readonly since: number;
}

async function lastCompared(log: AuditLog, journal: ActsInJournal): Promise<LastCompared> {
  const [last] = (await log.read({ kinds: ['acts-compared', ...begun] }, { limit: 1 })).entries;
  if (last?.event.kind === 'acts-compared' && (await journal.holds(last.event.journal))) {
    return { seq: last.event.journal.seq, entries: last.event.entries, since: 0 };
  }
  // Another journal than then, or one under another key: all that this log can know of is compared.
  const [first] = (await log.read({ kinds: begun }, { limit: 1 })).entries;
  return { seq: 0, entries: 0, since: first?.at ?? (await log.beganAt()) };
}

/** Those of `acts` that no entry behind `entries` is of, oldest first. */
async function withoutEntry(
  log: AuditLog,
  acts: readonly StoredAct[],
  entries: number,
): Promise<StoredAct[]> {
  const known = new KnownEntries();
  const filter = { kinds: ['confirmed', 'record-shredded'] };
  let before: number | undefined;
  for (let limit = pageEntries; ; limit *= 4) {
    const page = await log.read(filter, { before, limit });
    const later = page.entries.filter(({ n }) => n > entries);
    for (const entry of later) known.add(entry);
    if (page.next === null || later.length < page.entries.length) break;
    before = page.next;
  }
  // From the newest: of entries that do not say which confirmation they are of, each goes to the latest
  // one before it.
  return acts
    .toReversed()
    .filter((act) => !known.take(act))
    .reverse();
}

class KnownEntries {
  /** Of confirmations and of records that are gone. */
  readonly #marks = new Set<string>();
  /** Of confirmations that entries of earlier programs do not name: times, newest first. */
  readonly #unnamed = new Map<string, number[]>();

  /** @param entry given from the newest to the oldest */
  add({ event, subject = '', actor, at }: AuditEntry): void {
    if (event.kind === 'record-shredded') this.#marks.add(subject);
    if (event.kind !== 'confirmed') return;
    if (event.confirmation !== undefined) {
      this.#marks.add(event.confirmation);
      return;
    }
    const of = `${subject} ${actor}`;
    this.#unnamed.set(of, [...(this.#unnamed.get(of) ?? []), at]);
  }

  /** Whether an entry is of this act; one that names none is then used up. */
  take(act: StoredAct): boolean {
    if (act.kind === 'record-shredded') {
      // Asked for twice it has one entry, as there is one record.
      const isKnown = this.#marks.has(act.recordId);
      this.#marks.add(act.recordId);
      return isKnown;
    }
    if (this.#marks.has(markOf(act.confirmation))) return true;
    const times = this.#unnamed.get(`${act.recordId} ${act.confirmation.by}`) ?? [];
    const at = times.findLastIndex((time) => time >= act.confirmation.at);
    if (at < 0) return false;
    times.splice(at, 1);
    return true;
  }
}

function laterEntry(act: StoredAct): NewAuditEntry {
  const at = Math.min(Math.max(momentOf(act), 0), latestMoment);
  const addedLater = new Date(at).toISOString();
  if (act.kind === 'confirmed') return confirmedEntry(act, addedLater);
  const { kind, recordId, by } = act;
  return { actor: by ?? 'system', event: { kind, addedLater }, subject: recordId };
}

function momentOf(act: StoredAct): number {
  return act.kind === 'confirmed' ? act.confirmation.at : act.at;
}

/** Says which confirmation it is, and nothing of what was confirmed: nobody else could have made the signature. */
function markOf({ signature }: ConfirmedAct['confirmation']): string {
  return createHash('sha256').update(signature).digest('hex');
}

/**
 * What the program does, into the audit log: knows who is signed in, anchors the log when they come
 * and go, and compares what the newest anchor says with what is there.
 */
import { AppError, problemOf, type Problem } from '../../domain/contract/errors';
import type {
  Anchor,
  AuditFilter,
  AuditPage,
  AuditVerification,
  JournalHead,
  NewAuditEntry,
} from '../../domain/contract/audit';
import type { SessionEvent, VaultSession } from '../session';
import { AuditLog, type AuditLogOptions } from './audit-log';
import { isConfirmed } from '../confirm-review';
import { exportAudit, type AuditExport } from './export-audit';
import { addMissingActs, type ActsInJournal } from './missing-acts';

export interface AuditTrailOptions extends AuditLogOptions {
  readonly folder: string;
  readonly vault: VaultSession;
  /** How far the journal is; null while nobody knows. */
  journalHead(): Promise<JournalHead | null>;
  /** Something could not be written, or is not as it was. */
  onProblem(problem: Problem): void;
}

export class AuditTrail {
  readonly #options: AuditTrailOptions;
  #log: AuditLog | null = null;
  #opening: Promise<AuditLog> | null = null;
  #adding: Promise<void> = Promise.resolve();

  constructor(options: AuditTrailOptions) {
    this.#options = options;
  }

  /**
   * Opens the log; before that nothing is told. While there is no vault there is no log either.
   *
   * @throws AppError as `AuditLog.open`
   */
  async open(): Promise<void> {
    this.#opening ??= AuditLog.open(this.#options.folder, this.#options);
    try {
      this.#log = await this.#opening;
    } catch (error) {
      // What was in the way, a full disk, may be gone at the next try.
      this.#opening = null;
      throw error;
    }
  }

  /** Adds an entry in the name of who is signed in. What fails is reported, never thrown. */
  tell(entry: NewAuditEntry): void {
    const actor = entry.actor ?? this.#options.vault.user?.id ?? 'system';
    this.#log?.append({ ...entry, actor }).catch((error: unknown) => this.#report(error));
  }

  /**
   * The same of what may only be done once it is in the log. Nothing in a trial, which has none.
   *
   * @throws AppError as `AuditLog.append`
   */
  async tellFirst(entry: NewAuditEntry): Promise<void> {
    const actor = entry.actor ?? this.#options.vault.user?.id ?? 'system';
    await this.#log?.append({ ...entry, actor });
  }

  /** Adds what the vault's session says of itself. */
  follow(event: SessionEvent): void {
    this.tell(entryOf(event));
  }

  /** Signs that the log, the keyring and the journal are as they are. Nothing when nobody can sign. */
  async anchor(): Promise<void> {
    const { vault } = this.#options;
    const { user } = vault;
    if (!user || !this.#log) return;
    try {
      const journal = await this.#options.journalHead();
      const state = { vaultId: vault.vaultId, journal, keyring: vault.keyringMark };
      await this.#log.anchor(state, (bytes) => vault.sign(bytes), user.id);
    } catch (error) {
      this.#report(error);
    }
  }

  /**
   * Whether keyring and journal are at least as new as the newest anchor says. To be asked before the
   * next anchor is made, which would say what is there now.
   *
   * @param holds whether the journal has this head
   */
  async compare(holds: (head: JournalHead) => Promise<boolean>): Promise<void> {
    try {
      const newest = await this.#newestAnchor();
      if (!newest) return;
      if (newest.keyring.revision > this.#options.vault.keyringMark.revision) {
        this.#found('keyring', 'KEYRING_ROLLED_BACK');
      }
      if (newest.journal && !(await holds(newest.journal))) {
        this.#found('journal', 'JOURNAL_ROLLED_BACK');
      }
    } catch (error) {
      this.#report(error);
    }
  }

  /** Adds what a kill kept from it. Ended in the middle, by a lock or a kill, the next opening goes on. */
  addMissing(journal: ActsInJournal): Promise<void> {
    // One after the other: two at once, of a quick lock and sign-in, would both add the same.
    this.#adding = this.#adding.then(() => this.#addMissing(journal));
    return this.#adding;
  }

  /** Reads the whole log, and says if it is not as it was written. Nothing while there is none, in a trial. */
  async inspect(): Promise<void> {
    if (!this.#log) return;
    try {
      const { faults } = await this.#verified();
      if (faults.length > 0) this.#found('audit', 'AUDIT_TAMPERED');
    } catch (error) {
      this.#report(error);
    }
  }

  /** @throws AppError as `AuditLog.read` */
  read(filter: AuditFilter, before?: number): Promise<AuditPage> {
    return this.#opened().read(filter, { before });
  }

  /** @throws AppError as `AuditLog.verify` */
  async verify(): Promise<AuditVerification> {
    const result = await this.#verified();
    this.tell({
      event: { kind: 'audit-verified', entries: result.entries, problems: result.faults.length },
    });
    return result;
  }

  /** @returns number of entries. @throws AppError as `exportAudit` */
  async export(path: string, options: AuditExport): Promise<number> {
    await this.anchor();
    const count = await exportAudit(this.#options.folder, path, options);
    const format = options.format === 'csv' ? 'audit-csv' : 'audit-jsonl';
    this.tell({ event: { kind: 'exported', format, count, deidentified: true } });
    return count;
  }

  /** Removes what is older than the policy wants kept. Nothing when nobody can sign that. */
  async clean(): Promise<void> {
    const { vault } = this.#options;
    const { user } = vault;
    if (!user || !this.#log) return;
    try {
      const days = vault.policy.retention.auditDays;
      await this.#log.removeOlderThan(days, (bytes) => vault.sign(bytes), user.id);
    } catch (error) {
      this.#report(error);
    }
  }

  async close(): Promise<void> {
    const log = this.#log;
    this.#log = null;
    this.#opening = null;
    await log?.close();
  }

  async #addMissing(journal: ActsInJournal): Promise<void> {
    if (!this.#log) return;
    const { vault } = this.#options;
    try {
      const { unsigned } = await addMissingActs(this.#log, journal, (act) =>
        isConfirmed(vault, act),
      );
      if (unsigned === 0) return;
      const event = { kind: 'integrity' as const, what: 'row' as const, count: unsigned };
      this.tell({ event, result: 'CONFIRMATION_INVALID' });
    } catch (error) {
      if (problemOf(error).code !== 'WORKER_DIED') this.#report(error);
    }
  }

  async #newestAnchor(): Promise<Anchor | null> {
    // After a restoring, keyring and journal are those of the backup's time, and rightly so.
    const page = await this.#log?.read({ kinds: ['anchor', 'restored', 'wiped'] }, { limit: 1 });
    const event = page?.entries[0]?.event;
    return event?.kind === 'anchor' ? event.anchor : null;
  }

  #opened(): AuditLog {
    if (!this.#log) throw new AppError('STORE_READ_FAILED');
    return this.#log;
  }

  async #verified(): Promise<AuditVerification> {
    const { vault } = this.#options;
    return this.#opened().verify({ signingKeysOf: (userId) => vault.signingKeysOf(userId) });
  }

  #found(what: 'keyring' | 'journal' | 'audit', code: Problem['code']): void {
    this.tell({ event: { kind: 'integrity', what, count: 1 }, result: code });
    this.#options.onProblem({ code });
  }

  #report(error: unknown): void {
    this.#options.onProblem(problemOf(error));
  }
}

/** Session events in the log's words. */
export function entryOf(event: SessionEvent): NewAuditEntry {
  const { kind, userId: actor } = event;
  switch (kind) {
    case 'founded':
      return { actor, event: { kind: 'vault-founded' } };
    case 'signed-in':
      return { actor, event: { kind: 'sign-in' } };
    case 'sign-in-failed':
      return { actor, event: { kind: 'sign-in-failed' }, result: event.code };
    case 'recovery-failed':
      return { actor, event: { kind: 'recovery-used' }, result: event.code };
    case 'recovered':
      return { actor, event: { kind: 'recovery-used' } };
    case 'locked':
      return { actor, event: { kind: 'locked', reason: event.reason } };
    case 'user-added':
      return { actor, event: { kind, roles: [...event.roles] }, subject: event.subject };
    case 'user-removed':
    case 'passphrase-reset':
    case 'user-let-in':
      return { actor, event: { kind }, subject: event.subject };
    case 'passphrase-changed':
    case 'recovery-renewed':
    case 'key-rotated':
      return { actor, event: { kind } };
  }
}

/** Who is signed in, as the page knows it; every decision about it is main's. */
import type { ChosenBackup } from '@domain/contract/backup';
import type { LockedBatch } from '@domain/contract/batch';
import type { Bridge } from '@domain/contract/ipc';
import { defaultPolicy, type Policy } from '@domain/contract/policy';
import type { NewWords, Role, User, UserDetails, VaultState } from '@domain/contract/vault';
import { invoke } from '../../data/bridge';

export class VaultModel {
  readonly #bridge: Bridge;
  #state = $state.raw<VaultState | null>(null);
  #policy = $state.raw<Policy>(defaultPolicy);
  #lockedBatch = $state.raw<LockedBatch | null>(null);

  constructor(bridge: Bridge) {
    this.#bridge = bridge;
  }

  /** null until main has answered. */
  get state(): VaultState | null {
    return this.#state;
  }

  get user(): User | null {
    return this.#state?.phase === 'open' ? this.#state.user : null;
  }

  /** Counts of a batch that goes on while it is locked. */
  get lockedBatch(): LockedBatch | null {
    return this.#lockedBatch;
  }

  /** What the information office has set for this machine. */
  get policy(): Policy {
    return this.#policy;
  }

  get isTrial(): boolean {
    return this.#state?.phase === 'absent' && this.#state.trial;
  }

  /** Records may be read: by a doctor who was let in, or while trying the samples. */
  get readsRecords(): boolean {
    const { user } = this;
    return this.isTrial || (user !== null && this.has('doctor') && !user.waitsForAccess);
  }

  get readsAudit(): boolean {
    const { administratorReadsAudit } = this.#policy.roles;
    return this.has('auditor') || (this.has('administrator') && administratorReadsAudit);
  }

  has(role: Role): boolean {
    return this.user?.roles.includes(role) ?? false;
  }

  /** Follows main from now on. */
  async follow(): Promise<void> {
    let pushed = false;
    this.#bridge.subscribe('vault.state', (state) => {
      pushed = true;
      this.#state = state;
    });
    this.#bridge.subscribe('batch.locked', (counts) => {
      this.#lockedBatch = counts;
    });
    this.#lockedBatch = await invoke(this.#bridge, 'batch.locked');
    this.#policy = await invoke(this.#bridge, 'policy.get');
    const state = await invoke(this.#bridge, 'vault.state');
    if (!pushed) this.#state = state;
  }

  tryOut(): Promise<void> {
    return invoke(this.#bridge, 'vault.try');
  }

  /** @throws AppError for a passphrase that is not taken */
  found(details: Omit<UserDetails, 'roles'>, passphrase: string): Promise<NewWords> {
    return invoke(this.#bridge, 'vault.found', { details, passphrase });
  }

  /** @throws AppError `RECOVERY_WORDS_INVALID` with the place of the wrong one */
  confirmFounding(answers: string[]): Promise<void> {
    return invoke(this.#bridge, 'vault.confirm', { answers });
  }

  /** @throws AppError `PASSPHRASE_WRONG`, `SIGN_IN_DELAYED` and others */
  signIn(userId: string, passphrase: string): Promise<void> {
    return invoke(this.#bridge, 'vault.signIn', { userId, passphrase });
  }

  recover(words: string, userId: string, passphrase: string): Promise<void> {
    return invoke(this.#bridge, 'vault.recover', { words, userId, passphrase });
  }

  /** Shows the system's dialog; null when a person closed it. @throws AppError of the backup */
  chooseBackup(): Promise<ChosenBackup | null> {
    return invoke(this.#bridge, 'restore.choose');
  }

  /** Restores the chosen backup. @throws AppError of the backup, or for a wrong proof */
  restore(proof: { userId: string; passphrase: string } | { words: string }): Promise<void> {
    return invoke(this.#bridge, 'restore.run', proof);
  }

  /** Destroys all data of this workstation but the audit log. @throws AppError `PASSPHRASE_WRONG` */
  wipe(passphrase: string): Promise<void> {
    return invoke(this.#bridge, 'vault.wipe', { passphrase });
  }

  /** Leaves data that cannot be opened, for the gate. */
  offerRestore(): Promise<void> {
    return invoke(this.#bridge, 'restore.offer');
  }

  lock(): Promise<void> {
    return invoke(this.#bridge, 'vault.lock');
  }

  changePassphrase(current: string, next: string): Promise<void> {
    return invoke(this.#bridge, 'users.passphrase', { current, next });
  }

  renewRecovery(): Promise<NewWords> {
    return invoke(this.#bridge, 'recovery.renew');
  }

  confirmRecovery(answers: string[]): Promise<void> {
    return invoke(this.#bridge, 'recovery.confirm', { answers });
  }
}

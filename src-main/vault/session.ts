/**
 * Who is signed in: the one place of the program that holds keys while the vault is open, and that
 * says who may do what. It knows nothing of windows and processes.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, problemOf, type ErrorCode } from '../domain/contract/errors';
import type {
  ChannelAccess,
  KnownUser,
  LockReason,
  NewWords,
  RecoveryWords,
  Role,
  User,
  UserDetails,
  VaultState,
} from '../domain/contract/vault';
import { defaultPolicy, type Policy } from '../domain/contract/policy';
import { dataKeyBytes, newKeyId } from '../domain/sealing/row';
import { journalKeyId, lockFileName } from './journal';
import { destroyPlainKey, readPlainKey } from './key-file';
import { wipeAccess, type Access, type HeldDataKey } from './keyring/access';
import { Keyring, type KeyringOptions, type UserKeys } from './keyring/keyring';
import { SignInGuard } from './keyring/sign-in-guard';
import { writeProblem } from './files';
import { readPolicy } from './policy';
import { acquireLock } from './process-lock';
import type { DataKeyBytes } from './vault';

/** How many of the twelve words a person repeats. */
const askedWords = 3;

/** What happened, for the audit log; ids only. */
export type SessionEvent =
  | { readonly kind: 'founded' | 'signed-in' | 'recovered'; readonly userId: string }
  | {
      readonly kind: 'sign-in-failed' | 'recovery-failed';
      readonly userId: string;
      readonly code: ErrorCode;
    }
  | { readonly kind: 'locked'; readonly userId: string; readonly reason: LockReason }
  | {
      readonly kind: 'user-added';
      readonly userId: string;
      readonly subject: string;
      readonly roles: readonly Role[];
    }
  | {
      readonly kind: 'user-removed' | 'passphrase-reset' | 'user-let-in';
      readonly userId: string;
      readonly subject: string;
    }
  | {
      readonly kind: 'passphrase-changed' | 'recovery-renewed' | 'key-rotated';
      readonly userId: string;
    };

export interface VaultSessionOptions extends KeyringOptions {
  /** Folder of the vault. */
  readonly folder: string;
  onState(state: VaultState): void;
  onEvent?(event: SessionEvent): void;
  /** The machine's policy file. */
  readonly policyPath: string;
  /** Last user who signed in here, to be chosen on the lock screen. */
  readonly lastUserId?: string | null;
}

interface Founding {
  readonly keyring: Keyring;
  readonly words: RecoveryWords;
  readonly ask: readonly number[];
  readonly keys: UserKeys;
  save(): Promise<void>;
}

export class VaultSession {
  readonly #options: VaultSessionOptions;
  #keyring: Keyring | null = null;
  #guard: SignInGuard | null = null;
  #keys: UserKeys | null = null;
  #trialKey: HeldDataKey | null = null;
  #founding: Founding | null = null;
  #newRecovery: { words: RecoveryWords; ask: readonly number[]; save(): Promise<void> } | null =
    null;
  /** Ends when no process puts the data under another key any more. */
  #carrying: Promise<void> = Promise.resolve();
  #failure: AppError | null = null;
  #policy: Policy = defaultPolicy;
  #lastUserId: string | null;
  #lockReason: LockReason | null = null;

  constructor(options: VaultSessionOptions) {
    this.#options = options;
    this.#lastUserId = options.lastUserId ?? null;
  }

  /** Reads the policy and looks whether there is a vault. What is wrong with either is the state. */
  async load(): Promise<void> {
    const { folder, policyPath } = this.#options;
    try {
      this.#policy = await readPolicy(policyPath);
      this.#keyring = await Keyring.open(folder, this.#options);
      this.#guard = await SignInGuard.open(folder, this.#options);
      this.#failure = null;
    } catch (error) {
      this.#failure = error instanceof AppError ? error : new AppError('INTERNAL');
    }
    this.#tell();
  }

  /** Something without which nobody may sign in is not to be had. */
  fail(error: unknown): void {
    this.#failure = error instanceof AppError ? error : new AppError('INTERNAL');
    this.#tell();
  }

  get state(): VaultState {
    if (this.#failure) return { phase: 'failed', problem: problemOf(this.#failure) };
    if (!this.#keyring) return { phase: 'absent', trial: this.#trialKey !== null };
    const user = this.user;
    if (user) return { phase: 'open', user };
    return {
      phase: 'locked',
      users: this.#keyring.users.map(knownPart),
      lastUserId: this.#keyring.users.some(({ id }) => id === this.#lastUserId)
        ? this.#lastUserId
        : null,
      reason: this.#lockReason,
    };
  }

  get policy(): Policy {
    return this.#policy;
  }

  /** Who is signed in. */
  get user(): User | null {
    const id = this.#keys?.userId;
    return this.#keyring?.users.find((user) => user.id === id) ?? null;
  }

  /** @throws AppError `VAULT_LOCKED`, `FORBIDDEN_ROLE` */
  demand(access: ChannelAccess): void {
    if (access === 'anyone') return;
    if (!this.#keyring && this.#trialKey && (access === 'records' || access === 'models')) return;
    const { user } = this;
    if (!user) throw new AppError('VAULT_LOCKED');
    const has = (...roles: User['roles']): boolean =>
      user.roles.some((role) => roles.includes(role));
    const allowed: Record<Exclude<ChannelAccess, 'anyone'>, boolean> = {
      user: true,
      records: has('doctor') && !user.waitsForAccess,
      models: has('doctor', 'administrator'),
      users: has('administrator'),
      audit: has('auditor') || (has('administrator') && this.#policy.roles.administratorReadsAudit),
    };
    if (!allowed[access]) throw new AppError('FORBIDDEN_ROLE');
  }

  /**
   * A copy of the data key; whoever takes it wipes it.
   *
   * @throws AppError `VAULT_LOCKED`, `FORBIDDEN_ROLE`
   */
  dataKey(): { keyId: string; bytes: Uint8Array<ArrayBuffer> } {
    this.demand('records');
    const held = this.#keyring ? this.#keys?.dataKey : this.#trialKey;
    if (!held) throw new AppError('VAULT_LOCKED');
    return { keyId: held.id, bytes: new Uint8Array(held.bytes) };
  }

  /** Ed25519 signature of who is signed in. @throws AppError `VAULT_LOCKED` */
  sign(bytes: Uint8Array): { userId: string; signature: Uint8Array } {
    if (!this.#keys) throw new AppError('VAULT_LOCKED');
    return { userId: this.#keys.userId, signature: this.#keys.sign(bytes) };
  }

  /** @throws AppError `BAD_REQUEST` while there is no vault */
  get vaultId(): string {
    return this.#founded().keyring.vaultId;
  }

  /** How new the keyring is, for the anchors of the audit log. */
  get keyringMark(): { revision: number; mac: string } {
    const { revision, mac } = this.#founded().keyring;
    return { revision, mac };
  }

  /** Every signing key that was ever this user's, hexadecimal. */
  signingKeysOf(userId: string): readonly string[] {
    return this.#keyring?.signingKeysOf(userId) ?? [];
  }

  /** Lets the samples be tried without a user, under a key that nobody keeps. */
  beginTrial(): void {
    if (this.#keyring || this.#failure) throw new AppError('BAD_REQUEST');
    this.#trialKey ??= { id: newKeyId(), bytes: randomBytes(dataKeyBytes) };
    this.#tell();
  }

  /**
   * Makes the first user, doctor and administrator. The vault exists once `confirmFounding` got the
   * words that are asked for.
   *
   * @throws AppError those of `checkNewPassphrase`, `KEY_UNREADABLE`, those of writing
   */
  async found(details: Omit<UserDetails, 'roles'>, passphrase: string): Promise<NewWords> {
    if (this.#keyring || this.#failure) throw new AppError('BAD_REQUEST');
    const { folder } = this.#options;
    await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
      throw writeProblem(error);
    });
    // Records of a time before there were users keep their key, which gets its protection now.
    const dataKey = (await readPlainKey(folder)) ?? {
      id: newKeyId(),
      bytes: randomBytes(dataKeyBytes),
    };
    try {
      const made = await Keyring.found(folder, details, passphrase, dataKey, this.#options);
      const keys = await made.keyring.signIn(made.userId, passphrase);
      this.#founding?.keys.wipe();
      this.#founding = { ...made, keys, ask: chosenPlaces() };
      return { words: made.words, ask: [...this.#founding.ask] };
    } finally {
      dataKey.bytes.fill(0);
    }
  }

  /** @throws AppError `RECOVERY_WORDS_INVALID`; those of writing; then there is no vault yet */
  async confirmFounding(answers: readonly string[]): Promise<void> {
    const founding = this.#founding;
    if (!founding) throw new AppError('BAD_REQUEST');
    checkAnswers(founding, answers);
    const guard = await SignInGuard.open(this.#options.folder, this.#options);
    await founding.save();
    this.#founding = null;
    await destroyPlainKey(this.#options.folder);
    this.#trialKey?.bytes.fill(0);
    this.#trialKey = null;
    this.#keyring = founding.keyring;
    this.#guard = guard;
    this.#report({ kind: 'founded', userId: founding.keys.userId });
    this.#enter(founding.keys);
  }

  /**
   * @throws AppError `PASSPHRASE_WRONG`, `PASSPHRASE_TOO_LONG`, `SIGN_IN_DELAYED`,
   *   `KEYRING_TAMPERED`, `USER_UNKNOWN`, those of writing
   */
  async signIn(userId: string, passphrase: string): Promise<void> {
    const { keyring, guard } = this.#founded();
    if (this.#keys) throw new AppError('BAD_REQUEST');
    if (!keyring.users.some(({ id }) => id === userId)) throw new AppError('USER_UNKNOWN');
    try {
      await guard.begin(userId);
      const keys = await keyring.signIn(userId, passphrase);
      await guard.passed(userId);
      // Left behind when the program was ended between writing the keyring and this.
      await destroyPlainKey(this.#options.folder);
      await this.#settleAtSignIn(keyring, keys);
      const letIn = keys.access ? await keyring.letIn(keys.access) : [];
      for (const subject of letIn) this.#report({ kind: 'user-let-in', userId, subject });
      this.#report({ kind: 'signed-in', userId });
      this.#enter(keys);
    } catch (error) {
      const { code } = problemOf(error);
      this.#report({ kind: 'sign-in-failed', userId, code });
      throw error;
    }
  }

  /**
   * Sets a new passphrase with the recovery words, and signs in with it.
   *
   * @throws AppError `RECOVERY_WORDS_INVALID`, `RECOVERY_WRONG`, `KEYRING_TAMPERED`,
   *   `FORBIDDEN_ROLE` for an auditor, those of `checkNewPassphrase`, those of writing
   */
  async recover(words: string, userId: string, passphrase: string): Promise<void> {
    const { keyring, guard } = this.#founded();
    if (this.#keys) throw new AppError('BAD_REQUEST');
    try {
      const access = keyring.recover(words);
      try {
        await keyring.resetPassphrase(access, userId, passphrase);
      } finally {
        wipeAccess(access);
      }
      await guard.passed(userId);
      this.#report({ kind: 'recovered', userId });
    } catch (error) {
      this.#report({ kind: 'recovery-failed', userId, code: problemOf(error).code });
      throw error;
    }
    await this.signIn(userId, passphrase);
  }

  /** Forgets all keys. Nothing happens when nobody is signed in. */
  lock(reason: LockReason): void {
    const keys = this.#keys;
    if (!keys) return;
    this.#report({ kind: 'locked', userId: keys.userId, reason });
    keys.wipe();
    this.#keys = null;
    this.#newRecovery = null;
    this.#lockReason = reason;
    this.#tell();
  }

  /** Everybody who has or had an account. */
  get people(): readonly { id: string; name: string }[] {
    const { keyring } = this.#founded();
    const all = new Map(keyring.retired.map(({ userId, name }) => [userId, name]));
    for (const { id, name } of keyring.users) all.set(id, name);
    return [...all].map(([id, name]) => ({ id, name }));
  }

  get users(): readonly User[] {
    return this.#founded().keyring.users;
  }

  /** @throws AppError as `Keyring.addUser`, `FORBIDDEN_ROLE`, `POLICY_FORBIDS` */
  async addUser(details: UserDetails, passphrase: string): Promise<User> {
    const { keyring, access, userId } = this.#administrator();
    const both = details.roles.includes('doctor') && details.roles.includes('administrator');
    if (both && !this.#policy.roles.doctorMayAdminister) throw new AppError('POLICY_FORBIDS');
    const user = await keyring.addUser(access, details, passphrase);
    this.#report({ kind: 'user-added', userId, subject: user.id, roles: user.roles });
    return user;
  }

  /** @throws AppError as `Keyring.removeUser`, `FORBIDDEN_ROLE` */
  async removeUser(subject: string): Promise<void> {
    const { keyring, guard, access, userId } = this.#administrator();
    await keyring.removeUser(access, subject);
    await guard.passed(subject);
    this.#report({ kind: 'user-removed', userId, subject });
    if (subject === userId) this.lock('user-removed');
    else this.#tell();
  }

  /** @throws AppError as `Keyring.resetPassphrase`, `FORBIDDEN_ROLE` */
  async resetPassphrase(subject: string, passphrase: string): Promise<void> {
    const { keyring, guard, access, userId } = this.#administrator();
    // One's own is changed with the old one: a desk left open must not be taken over so.
    if (subject === userId) throw new AppError('BAD_REQUEST');
    await keyring.resetPassphrase(access, subject, passphrase);
    await guard.passed(subject);
    this.#report({ kind: 'passphrase-reset', userId, subject });
  }

  /** @throws AppError as `Keyring.changePassphrase`, `SIGN_IN_DELAYED`, `VAULT_LOCKED` */
  async changePassphrase(current: string, next: string): Promise<void> {
    const { keyring, guard } = this.#founded();
    if (!this.#keys) throw new AppError('VAULT_LOCKED');
    const { userId } = this.#keys;
    await guard.begin(userId);
    try {
      await keyring.changePassphrase(userId, current, next);
    } catch (error) {
      // A new one that is too short says nothing about the old one.
      if (problemOf(error).code !== 'PASSPHRASE_WRONG') await guard.passed(userId);
      throw error;
    }
    await guard.passed(userId);
    this.#report({ kind: 'passphrase-changed', userId });
  }

  /**
   * Makes sure that who is at the desk is who signed in.
   *
   * @throws AppError `PASSPHRASE_WRONG`, `PASSPHRASE_TOO_LONG`, `SIGN_IN_DELAYED`, `VAULT_LOCKED`
   */
  async confirmPassphrase(passphrase: string): Promise<void> {
    const { keyring, guard } = this.#founded();
    if (!this.#keys) throw new AppError('VAULT_LOCKED');
    const { userId } = this.#keys;
    await guard.begin(userId);
    const keys = await keyring.signIn(userId, passphrase);
    keys.wipe();
    await guard.passed(userId);
  }

  /**
   * Whether the one who is signed in may change the data key: it takes a doctor, who holds it, and an
   * administrator, who answers for it; where the policy lets nobody be both, any doctor may.
   *
   * @throws AppError `VAULT_LOCKED`, `FORBIDDEN_ROLE`
   */
  demandRotation(): void {
    this.demand('records');
    if (this.#policy.roles.doctorMayAdminister) this.demand('users');
  }

  /**
   * Changes the data key. Everybody who may have it gets the new one sealed to their own keys, and so
   * does the recovery key: nobody's passphrase is needed, no word changes. Both keys are kept until it
   * is certain which one holds; ended in between, the next doctor's sign-in finds that out.
   *
   * @param carryOut puts all data under the key, whose bytes are its own to wipe; ends when nobody is at
   *   it any more, also when it fails
   * @throws AppError as `demandRotation`, those of writing the keyring, and what `carryOut` throws;
   *   whichever key holds then is the one that `dataKey` gives
   */
  async rotateDataKey(carryOut: (next: DataKeyBytes) => Promise<void>): Promise<void> {
    this.demandRotation();
    const { keyring } = this.#founded();
    const keys = this.#keys;
    const old = keys?.dataKey;
    if (!keys?.access || !old) throw new AppError('VAULT_LOCKED');
    const next: HeldDataKey = { id: newKeyId(), bytes: randomBytes(dataKeyBytes) };
    const { memberKey } = keys.access;
    try {
      await keyring.replaceDataKeys({ memberKey, dataKeys: [next, old] });
    } catch (error) {
      next.bytes.fill(0);
      throw error;
    }
    keys.holdDataKeys([old, next]);
    const carrying = carryOut({ keyId: next.id, key: new Uint8Array(next.bytes) });
    this.#carrying = carrying.catch(() => undefined);
    try {
      await carrying;
    } finally {
      // A lock meanwhile has taken the keys away; then the next sign-in settles it.
      if (this.#keys === keys) await this.#settleDataKeys(keyring, keys, next);
    }
  }

  /** New recovery words; the old ones hold until `confirmRecovery`. @throws AppError `FORBIDDEN_ROLE` */
  renewRecovery(): NewWords {
    this.demand('records');
    const { keyring } = this.#founded();
    const access = this.#keys?.access;
    if (!access) throw new AppError('VAULT_LOCKED');
    this.#newRecovery = { ...keyring.newRecovery(access), ask: chosenPlaces() };
    return { words: this.#newRecovery.words, ask: [...this.#newRecovery.ask] };
  }

  /** @throws AppError `RECOVERY_WORDS_INVALID`, those of writing */
  async confirmRecovery(answers: readonly string[]): Promise<void> {
    const fresh = this.#newRecovery;
    if (!fresh || !this.#keys) throw new AppError('BAD_REQUEST');
    checkAnswers(fresh, answers);
    await fresh.save();
    this.#newRecovery = null;
    this.#report({ kind: 'recovery-renewed', userId: this.#keys.userId });
  }

  /**
   * Settles what an interrupted rotation left. Not while it may still be carried out, by a process that
   * a lock has not ended yet or that has outlived its main: the key that it brings must not be dropped.
   */
  async #settleAtSignIn(keyring: Keyring, keys: UserKeys): Promise<void> {
    await this.#carrying;
    if ((keys.access?.dataKeys.length ?? 0) < 2) return;
    const release = await acquireLock(join(this.#options.folder, lockFileName)).catch(() => null);
    // Whoever has it keeps the data from being opened now, too; the next sign-in tries again.
    if (!release) return;
    try {
      await this.#settleDataKeys(keyring, keys);
    } finally {
      await release();
    }
  }

  /** After a rotation, finished or not: of two data keys the one stays that the journal is kept under. */
  async #settleDataKeys(
    keyring: Keyring,
    keys: UserKeys,
    newest = keys.access?.dataKeys[0],
  ): Promise<void> {
    const { access } = keys;
    if (!access || access.dataKeys.length < 2) return;
    // A journal that cannot be read is told of by who opens it; until then both are kept.
    const held = await journalKeyId(this.#options.folder).catch(() => null);
    const kept = access.dataKeys.find(({ id }) => id === held);
    if (!kept) return;
    keys.holdDataKeys([kept]);
    if (kept === newest) this.#report({ kind: 'key-rotated', userId: keys.userId });
    // Should it fail, both stay in the file, which opens as well; the next sign-in tries again.
    await keyring
      .replaceDataKeys({ memberKey: access.memberKey, dataKeys: [kept] })
      .catch(() => undefined);
  }

  #founded(): { keyring: Keyring; guard: SignInGuard } {
    if (this.#failure) throw this.#failure;
    if (!this.#keyring || !this.#guard) throw new AppError('BAD_REQUEST');
    return { keyring: this.#keyring, guard: this.#guard };
  }

  #administrator(): { keyring: Keyring; guard: SignInGuard; access: Access; userId: string } {
    this.demand('users');
    const access = this.#keys?.access;
    if (!this.#keys || !access) throw new AppError('VAULT_LOCKED');
    return { ...this.#founded(), access, userId: this.#keys.userId };
  }

  #enter(keys: UserKeys): void {
    this.#keys = keys;
    this.#lastUserId = keys.userId;
    this.#lockReason = null;
    this.#tell();
  }

  #report(event: SessionEvent): void {
    this.#options.onEvent?.(event);
  }

  #tell(): void {
    this.#options.onState(this.state);
  }
}

function knownPart({ id, name, title, roles }: User): KnownUser {
  return { id, name, title, roles };
}

/** Different places of the twelve words, in order. */
function chosenPlaces(): number[] {
  const places = new Set<number>();
  while (places.size < askedWords) places.add(randomInt(12));
  return [...places].sort((a, b) => a - b);
}

/** @throws AppError `RECOVERY_WORDS_INVALID` with the place, from 1, of the first wrong answer */
function checkAnswers(
  { words, ask }: { readonly words: RecoveryWords; readonly ask: readonly number[] },
  answers: readonly string[],
): void {
  ask.forEach((place, index) => {
    const answer = answers[index]?.normalize('NFKC').trim().toLowerCase();
    if (answer !== words['zh-CN'][place] && answer !== words.en[place]) {
      throw new AppError('RECOVERY_WORDS_INVALID', { params: { reason: 'answer', at: place + 1 } });
    }
  });
}

/**
 * The keyring: users, what each may open, and the recovery key.
 *
 * Each user has two key pairs, whose private halves only the passphrase opens: one signs (Ed25519),
 * one receives (X25519). What a role may open is sealed to the receiving key, so that nobody's
 * passphrase is needed to let somebody in, to take somebody out, or to change the data key.
 */
import { hkdfSync, randomBytes, randomUUID, sign as signBytes, type KeyObject } from 'node:crypto';
import { AppError } from '../../domain/contract/errors';
import type { RecoveryWords, Role, User, UserDetails } from '../../domain/contract/vault';
import {
  decodeAccess,
  encodeAccess,
  memberKeyBytes,
  wipeAccess,
  type Access,
  type HeldDataKey,
} from './access';
import { privateKeyOf, publicHexOf, seal, sealFor, unseal, unsealWith } from './boxes';
import { deriveKey, passphraseCost, type Kdf, type KdfCost } from './kdf';
import {
  isAuthentic,
  keyringFormat,
  readKeyring,
  sign,
  writeKeyring,
  type KeyringContent,
  type KeyringFile,
  type RetiredKey,
  type StoredUser,
} from './keyring-file';
import { checkNewPassphrase } from './passphrase-rules';
import { newRecoveryKey, readWords, wordsOf } from './recovery-words';

const privateKeyBytes = 32;

export interface KeyringOptions {
  /** Milliseconds since the epoch. Defaults to the system's clock. */
  readonly now?: () => number;
  /** Cost of new passphrases; lower in tests only. */
  readonly cost?: KdfCost;
}

/** What one signed-in user holds; `wipe` ends it. */
export class UserKeys {
  readonly userId: string;
  #access: Access | null;
  readonly #signPrivate: KeyObject;
  #wiped = false;

  constructor(userId: string, signPrivate: KeyObject, access: Access | null) {
    this.userId = userId;
    this.#signPrivate = signPrivate;
    this.#access = access;
  }

  /** null for an auditor. */
  get access(): Access | null {
    if (this.#wiped) throw new AppError('VAULT_LOCKED');
    return this.#access;
  }

  /** The newest data key, or null for who may not read records. */
  get dataKey(): HeldDataKey | null {
    return this.access?.dataKeys[0] ?? null;
  }

  /** Ed25519 signature, 64 bytes. @throws AppError `VAULT_LOCKED` after `wipe` */
  sign(bytes: Uint8Array): Uint8Array {
    if (this.#wiped) throw new AppError('VAULT_LOCKED');
    return signBytes(null, bytes, this.#signPrivate);
  }

  /** Takes over new data keys, newest first; those of before that are not among them are overwritten. */
  holdDataKeys(dataKeys: readonly HeldDataKey[]): void {
    const { access } = this;
    if (!access) throw new AppError('VAULT_LOCKED');
    for (const old of access.dataKeys) if (!dataKeys.includes(old)) old.bytes.fill(0);
    this.#access = { memberKey: access.memberKey, dataKeys };
  }

  /** Overwrites the raw keys. (The signing key lies in OpenSSL's memory, which frees it unwiped.) */
  wipe(): void {
    if (this.#access) wipeAccess(this.#access);
    this.#wiped = true;
  }
}

export class Keyring {
  readonly #folder: string;
  readonly #now: () => number;
  readonly #cost: KdfCost;
  #file: KeyringFile;
  /** Changes take turns: each reads what the one before wrote. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(folder: string, file: KeyringFile, options: KeyringOptions) {
    this.#folder = folder;
    this.#file = file;
    this.#now = options.now ?? Date.now;
    this.#cost = options.cost ?? passphraseCost;
  }

  /**
   * @returns null where no vault was founded yet
   * @throws AppError `KEYRING_DAMAGED`, `STORE_NEWER`, `STORE_READ_FAILED`
   */
  static async open(folder: string, options: KeyringOptions = {}): Promise<Keyring | null> {
    const file = await readKeyring(folder);
    return file && new Keyring(folder, file, options);
  }

  /**
   * Makes a vault with its first user, who is doctor and administrator. Nothing is written before
   * `save`, so that a person who never confirmed the recovery words has no vault either.
   *
   * @param dataKey the key of data that is already there, or a fresh one; stays the caller's
   * @throws AppError `PASSPHRASE_TOO_SHORT`, `PASSPHRASE_TOO_LONG`, `PASSPHRASE_COMMON`
   */
  static async found(
    folder: string,
    details: Omit<UserDetails, 'roles'>,
    passphrase: string,
    dataKey: HeldDataKey,
    options: KeyringOptions = {},
  ): Promise<{ keyring: Keyring; words: RecoveryWords; userId: string; save(): Promise<void> }> {
    checkNewPassphrase(passphrase, details);
    const now = options.now ?? Date.now;
    const vaultId = randomBytes(16).toString('hex');
    const access: Access = { memberKey: randomBytes(memberKeyBytes), dataKeys: [dataKey] };
    const recovery = newRecoveryKey();
    try {
      const roles: Role[] = ['doctor', 'administrator'];
      const stored = await makeUser({
        vaultId,
        id: randomUUID(),
        details: { ...details, roles },
        passphrase,
        access,
        createdAt: now(),
        cost: options.cost ?? passphraseCost,
      });
      const content: KeyringContent = {
        format: keyringFormat,
        vaultId,
        revision: 1,
        users: [stored],
        retired: [],
        recovery: recoveryEntry(vaultId, recovery, access, now()),
      };
      const file = sign(content, access.memberKey);
      return {
        keyring: new Keyring(folder, file, options),
        words: wordsOf(recovery),
        userId: stored.id,
        save: () => writeKeyring(folder, file),
      };
    } finally {
      access.memberKey.fill(0);
      recovery.fill(0);
    }
  }

  get vaultId(): string {
    return this.#file.vaultId;
  }

  /** Counts the changes of this file; an older copy has a lower one. */
  get revision(): number {
    return this.#file.revision;
  }

  get mac(): string {
    return this.#file.mac;
  }

  get users(): readonly User[] {
    return this.#file.users.map(publicPart);
  }

  get retired(): readonly RetiredKey[] {
    return this.#file.retired;
  }

  /** Every signing key that was ever this user's, the one in use first. */
  signingKeysOf(userId: string): readonly string[] {
    const now = this.#file.users.filter(({ id }) => id === userId);
    const before = this.#file.retired.filter((key) => key.userId === userId);
    return [...now, ...before].map(({ signPublic }) => signPublic);
  }

  /**
   * @throws AppError `PASSPHRASE_WRONG`, `PASSPHRASE_TOO_LONG`, `USER_UNKNOWN`; `KEYRING_TAMPERED`
   *   when the passphrase is right and the list of users was changed by somebody without a member's
   *   key
   */
  async signIn(userId: string, passphrase: string): Promise<UserKeys> {
    const user = this.#userOf(userId);
    const secret = await this.#openPassphrase(user, passphrase);
    try {
      const keys = new UserKeys(
        user.id,
        privateKeyOf('ed25519', secret.subarray(0, privateKeyBytes)),
        this.#openAccess(user, secret.subarray(privateKeyBytes)),
      );
      if (keys.access && !isAuthentic(this.#file, keys.access.memberKey)) {
        keys.wipe();
        throw new AppError('KEYRING_TAMPERED');
      }
      return keys;
    } finally {
      secret.fill(0);
    }
  }

  /**
   * What the recovery key opens: enough to give a user new keys. The caller wipes it.
   *
   * @throws AppError `RECOVERY_WORDS_INVALID`, `RECOVERY_WRONG`, `KEYRING_TAMPERED`
   */
  recover(typed: string): Access {
    const recovery = readWords(typed);
    const receiver = recoveryReceiver(this.vaultId, recovery);
    recovery.fill(0);
    const { boxPublic, access: box } = this.#file.recovery;
    if (publicHexOf(receiver) !== boxPublic) throw new AppError('RECOVERY_WRONG');
    const opened = unsealWith(receiver, box, recoveryContext(this.vaultId));
    const access = opened && decodeAccess(opened);
    opened?.fill(0);
    if (!access) throw new AppError('KEYRING_TAMPERED');
    if (!isAuthentic(this.#file, access.memberKey)) {
      wipeAccess(access);
      throw new AppError('KEYRING_TAMPERED');
    }
    return access;
  }

  /**
   * Adds a user. A doctor whom an administrator without data keys adds waits until a doctor signs in.
   *
   * @param access of who adds, an administrator
   * @throws AppError `STAFF_NUMBER_TAKEN`, those of `checkNewPassphrase`, those of writing
   */
  addUser(access: Access, details: UserDetails, passphrase: string): Promise<User> {
    return this.#change(access, async (file) => {
      checkNewPassphrase(passphrase, details);
      refuseTwice(file.users, details.staffNumber);
      const stored = await makeUser({
        vaultId: file.vaultId,
        id: randomUUID(),
        details,
        passphrase,
        access,
        createdAt: this.#now(),
        cost: this.#cost,
      });
      return { content: { ...file, users: [...file.users, stored] }, result: publicPart(stored) };
    });
  }

  /**
   * Takes a user out; what they signed can still be checked.
   *
   * @throws AppError `USER_UNKNOWN`; `LAST_OF_ROLE` when nobody else could keep users, or read
   */
  removeUser(access: Access, userId: string): Promise<void> {
    return this.#change(access, (file) => {
      const user = this.#userOf(userId);
      const users = file.users.filter(({ id }) => id !== userId);
      refuseLast(users);
      const retired = [...file.retired, retire(user, this.#now())];
      return { content: { ...file, users, retired }, result: undefined };
    });
  }

  /**
   * Gives a user new keys under a new passphrase: for one who forgot theirs. What they signed before
   * stays checkable with their old key.
   *
   * @param access of an administrator, or what the recovery key opened
   * @throws AppError as `addUser`
   */
  resetPassphrase(access: Access, userId: string, passphrase: string): Promise<void> {
    return this.#change(access, async (file) => {
      const user = this.#userOf(userId);
      checkNewPassphrase(passphrase, user);
      const stored = await makeUser({
        vaultId: file.vaultId,
        id: user.id,
        details: user,
        passphrase,
        access,
        createdAt: user.createdAt,
        cost: this.#cost,
      });
      const users = file.users.map((each) => (each.id === userId ? stored : each));
      const retired = [...file.retired, retire(user, this.#now())];
      return { content: { ...file, users, retired }, result: undefined };
    });
  }

  /**
   * Puts a user's own keys under another passphrase.
   *
   * @throws AppError `PASSPHRASE_WRONG`, those of `checkNewPassphrase`, those of writing
   */
  changePassphrase(userId: string, current: string, next: string): Promise<void> {
    return this.#take(async () => {
      const user = this.#userOf(userId);
      const secret = await this.#openPassphrase(user, current);
      try {
        checkNewPassphrase(next, user);
        const passphrase = await sealPassphrase(
          secret,
          next,
          passphraseContext(this.vaultId, user),
          this.#cost,
        );
        // No new MAC: it does not cover this box, because an auditor has no member's key.
        const users = this.#file.users.map((each) =>
          each.id === userId ? { ...each, passphrase } : each,
        );
        await this.#write({ ...this.#file, users });
      } finally {
        secret.fill(0);
      }
    });
  }

  /**
   * Gives the data keys to every doctor who waits for them.
   *
   * @param access of a doctor
   * @returns the users who were let in
   */
  async letIn(access: Access): Promise<readonly string[]> {
    const waiting = this.#file.users.filter((user) => user.waitsForAccess);
    if (waiting.length === 0 || access.dataKeys.length === 0) return [];
    await this.#change(access, (file) => {
      const users = file.users.map((user) => {
        if (!user.waitsForAccess) return user;
        const box = accessBox(file.vaultId, user, access);
        return { ...user, waitsForAccess: false, access: box };
      });
      return { content: { ...file, users }, result: undefined };
    });
    return waiting.map(({ id }) => id);
  }

  /**
   * Makes a new recovery key; the old words open nothing from then on.
   *
   * @param access of a doctor
   * @returns the new words, and what puts them in force once they were confirmed
   */
  newRecovery(access: Access): { words: RecoveryWords; save(): Promise<void> } {
    const recovery = newRecoveryKey();
    const words = wordsOf(recovery);
    const entry = recoveryEntry(this.vaultId, recovery, access, this.#now());
    recovery.fill(0);
    return {
      words,
      save: () =>
        this.#change(access, (file) => ({
          content: { ...file, recovery: entry },
          result: undefined,
        })),
    };
  }

  /**
   * Replaces the data keys of everybody who holds any, and of the recovery key.
   *
   * @param access of a doctor, with the keys as they shall be, newest first
   */
  replaceDataKeys(access: Access): Promise<void> {
    return this.#change(access, (file) => {
      const users = file.users.map((user) =>
        user.access === null || user.waitsForAccess
          ? user
          : { ...user, access: accessBox(file.vaultId, user, access) },
      );
      const box = sealAccess(file.recovery.boxPublic, access, recoveryContext(file.vaultId));
      const recovery = { ...file.recovery, access: box };
      return { content: { ...file, users, recovery }, result: undefined };
    });
  }

  #userOf(userId: string): StoredUser {
    const user = this.#file.users.find(({ id }) => id === userId);
    if (!user) throw new AppError('USER_UNKNOWN');
    return user;
  }

  async #openPassphrase(user: StoredUser, passphrase: string): Promise<Buffer> {
    const key = await deriveKey(passphrase, user.passphrase.kdf);
    try {
      const context = passphraseContext(this.vaultId, user);
      const secret = unseal(key, user.passphrase.sealed, context);
      if (secret?.byteLength !== 2 * privateKeyBytes) throw new AppError('PASSPHRASE_WRONG');
      return secret;
    } finally {
      key.fill(0);
    }
  }

  #openAccess(user: StoredUser, boxPrivate: Uint8Array): Access | null {
    if (user.access === null) return null;
    const receiver = privateKeyOf('x25519', boxPrivate);
    const opened = unsealWith(receiver, user.access, accessContext(this.vaultId, user));
    const access = opened && decodeAccess(opened);
    opened?.fill(0);
    if (!access) throw new AppError('KEYRING_TAMPERED');
    return access;
  }

  /** One change of the authenticated part. */
  #change<T>(
    access: Access,
    change: (
      file: KeyringFile,
    ) => Promise<{ content: KeyringContent; result: T }> | { content: KeyringContent; result: T },
  ): Promise<T> {
    return this.#take(async () => {
      if (!isAuthentic(this.#file, access.memberKey)) throw new AppError('KEYRING_TAMPERED');
      const { content, result } = await change(this.#file);
      const next = { ...content, revision: this.#file.revision + 1 };
      await this.#write(sign(next, access.memberKey));
      return result;
    });
  }

  async #write(file: KeyringFile): Promise<void> {
    await writeKeyring(this.#folder, file);
    this.#file = file;
  }

  #take<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

function publicPart(user: StoredUser): User {
  const { id, name, title, staffNumber, roles, signPublic, createdAt, waitsForAccess } = user;
  return { id, name, title, staffNumber, roles, signPublic, createdAt, waitsForAccess };
}

interface UserToMake {
  readonly vaultId: string;
  readonly id: string;
  readonly details: UserDetails;
  readonly passphrase: string;
  /** Of who makes the user. */
  readonly access: Access;
  readonly createdAt: number;
  readonly cost: KdfCost;
}

async function makeUser(wanted: UserToMake): Promise<StoredUser> {
  const { vaultId, id, access, createdAt } = wanted;
  const { name, title, staffNumber, roles } = wanted.details;
  const secret = randomBytes(2 * privateKeyBytes);
  try {
    const signPublic = publicHexOf(privateKeyOf('ed25519', secret.subarray(0, privateKeyBytes)));
    const boxPublic = publicHexOf(privateKeyOf('x25519', secret.subarray(privateKeyBytes)));
    const identity = { id, roles, signPublic, boxPublic };
    return {
      ...identity,
      name,
      title,
      staffNumber,
      createdAt,
      waitsForAccess: roles.includes('doctor') && access.dataKeys.length === 0,
      access: accessBox(vaultId, identity, access),
      passphrase: await sealPassphrase(
        secret,
        wanted.passphrase,
        passphraseContext(vaultId, identity),
        wanted.cost,
      ),
    };
  } finally {
    secret.fill(0);
  }
}

type Identity = Pick<StoredUser, 'id' | 'roles' | 'signPublic' | 'boxPublic'>;

/** What a user's roles may open, sealed for them. */
function accessBox(vaultId: string, user: Identity, access: Access): string | null {
  if (user.roles.includes('auditor')) return null;
  const dataKeys = user.roles.includes('doctor') ? access.dataKeys : [];
  return sealAccess(
    user.boxPublic,
    { memberKey: access.memberKey, dataKeys },
    accessContext(vaultId, user),
  );
}

function sealAccess(boxPublic: string, access: Access, context: string): string {
  const bytes = encodeAccess(access);
  try {
    return sealFor(boxPublic, bytes, context);
  } finally {
    bytes.fill(0);
  }
}

async function sealPassphrase(
  secret: Uint8Array,
  passphrase: string,
  context: string,
  cost: KdfCost,
): Promise<StoredUser['passphrase']> {
  const kdf: Kdf = { id: 'argon2id', ...cost, salt: randomBytes(16).toString('hex') };
  const key = await deriveKey(passphrase, kdf);
  try {
    return { kdf, sealed: seal(key, secret, context) };
  } finally {
    key.fill(0);
  }
}

function recoveryEntry(
  vaultId: string,
  recovery: Uint8Array,
  access: Access,
  createdAt: number,
): KeyringContent['recovery'] {
  const boxPublic = publicHexOf(recoveryReceiver(vaultId, recovery));
  return { boxPublic, access: sealAccess(boxPublic, access, recoveryContext(vaultId)), createdAt };
}

/** No slow derivation: the words stand for 128 random bits, which nobody tries out. */
function recoveryReceiver(vaultId: string, recovery: Uint8Array): KeyObject {
  const info = Buffer.from(`chimed/recovery/1/${vaultId}`, 'utf-8');
  const raw = Buffer.from(hkdfSync('sha256', recovery, Buffer.alloc(0), info, privateKeyBytes));
  try {
    return privateKeyOf('x25519', raw);
  } finally {
    raw.fill(0);
  }
}

function passphraseContext(vaultId: string, user: Omit<Identity, 'roles'>): string {
  return `chimed/user/1/${vaultId}/${user.id}/${user.signPublic}/${user.boxPublic}`;
}

function accessContext(vaultId: string, user: Identity): string {
  return `chimed/access/1/${vaultId}/${user.id}/${user.roles.join('+')}`;
}

function recoveryContext(vaultId: string): string {
  return `chimed/recovery-access/1/${vaultId}`;
}

function retire(user: StoredUser, until: number): RetiredKey {
  const { id, name, title, staffNumber, roles, signPublic, createdAt } = user;
  return { userId: id, name, title, staffNumber, roles, signPublic, from: createdAt, until };
}

function refuseTwice(users: readonly StoredUser[], staffNumber: string): void {
  const same = (other: string): boolean =>
    other.normalize('NFKC').toLowerCase() === staffNumber.normalize('NFKC').toLowerCase();
  if (users.some((user) => same(user.staffNumber))) throw new AppError('STAFF_NUMBER_TAKEN');
}

function refuseLast(users: readonly StoredUser[]): void {
  if (!users.some(({ roles }) => roles.includes('administrator'))) {
    throw new AppError('LAST_OF_ROLE', { params: { role: 'administrator' } });
  }
  if (!users.some(({ roles, waitsForAccess }) => roles.includes('doctor') && !waitsForAccess)) {
    throw new AppError('LAST_OF_ROLE', { params: { role: 'doctor' } });
  }
}

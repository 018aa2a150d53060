/**
 * Slows down guessing at the lock screen: the fourth wrong passphrase in a row begins a pause, each
 * further one doubles it, and from the tenth on it is half an hour.
 *
 * The count lies in a small file, so that ending the program does not begin it anew, and is written
 * before a passphrase is tried, so that ending it during the try does not either. Whoever can delete
 * the file can also copy the keyring and guess elsewhere: against that stands Argon2id alone.
 */
import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { AppError } from '../../domain/contract/errors';
import { userIdSchema } from '../../domain/contract/vault';
import { writeAtomically, writeProblem } from '../files';

export const guardFileName = 'sign-in.json';

const freeTries = 3;
const firstPauseMs = 15_000;
const lockoutTries = 10;
const lockoutMs = 30 * 60_000;

const guardSchema = z.object({
  users: z.record(
    userIdSchema,
    z.object({
      failed: z.int().nonnegative().max(1_000_000),
      /** Milliseconds since the epoch, of the last wrong one. */
      at: z.number(),
    }),
  ),
});
type GuardFile = z.infer<typeof guardSchema>;

export interface SignInGuardOptions {
  /** Milliseconds since the epoch. Defaults to the system's clock. */
  readonly now?: () => number;
}

export class SignInGuard {
  readonly #path: string;
  readonly #now: () => number;
  #users: GuardFile['users'];
  /** Writes take turns: they share the name that a file has before it is renamed. */
  #written: Promise<unknown> = Promise.resolve();

  private constructor(path: string, users: GuardFile['users'], options: SignInGuardOptions) {
    this.#path = path;
    this.#users = users;
    this.#now = options.now ?? Date.now;
  }

  /** A missing or damaged file begins anew: it must never lock everybody out. */
  static async open(folder: string, options: SignInGuardOptions = {}): Promise<SignInGuard> {
    const path = join(folder, guardFileName);
    const text = await readFile(path, 'utf-8').catch(() => '');
    return new SignInGuard(path, usersOf(text), options);
  }

  /** Wrong passphrases in a row. */
  failedOf(userId: string): number {
    return this.#users[userId]?.failed ?? 0;
  }

  /**
   * Counts a try as failed until `passed` takes it back.
   *
   * @throws AppError `SIGN_IN_DELAYED` with the seconds left; those of writing
   */
  async begin(userId: string): Promise<void> {
    const left = this.#pauseLeft(userId);
    if (left > 0) {
      throw new AppError('SIGN_IN_DELAYED', { params: { seconds: Math.ceil(left / 1000) } });
    }
    await this.#set(userId, { failed: this.failedOf(userId) + 1, at: this.#now() });
  }

  /** The passphrase was right, or a new one was set. */
  passed(userId: string): Promise<void> {
    return this.#set(userId, null);
  }

  #pauseLeft(userId: string): number {
    const entry = this.#users[userId];
    if (!entry) return 0;
    // A clock that was set back must not make the pause longer than it is.
    const since = Math.max(0, this.#now() - entry.at);
    return pauseAfter(entry.failed) - since;
  }

  async #set(userId: string, entry: GuardFile['users'][string] | null): Promise<void> {
    const { [userId]: before, ...others } = this.#users;
    if (entry === null && before === undefined) return;
    this.#users = entry === null ? others : { ...others, [userId]: entry };
    const bytes = new TextEncoder().encode(JSON.stringify({ users: this.#users }));
    const written = this.#written.then(() => writeAtomically(this.#path, bytes));
    this.#written = written.catch(() => undefined);
    await written.catch((error: unknown) => {
      throw writeProblem(error);
    });
  }
}

/** @returns milliseconds */
export function pauseAfter(failed: number): number {
  if (failed <= freeTries) return 0;
  if (failed >= lockoutTries) return lockoutMs;
  return Math.min(lockoutMs, firstPauseMs * 2 ** (failed - freeTries - 1));
}

function usersOf(text: string): GuardFile['users'] {
  try {
    return guardSchema.parse(JSON.parse(text)).users;
  } catch {
    return {};
  }
}

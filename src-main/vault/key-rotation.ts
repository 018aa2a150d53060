/**
 * Changing the data key while somebody works: the pages put away what is not saved, everything is put
 * under the new key, and the pages begin anew with it. Ended at any point, by a lock, a failure or a
 * power loss, the data opens under the key that its journal names.
 */
import { AppError, problemOf } from '../domain/contract/errors';
import type { RotationState } from '../domain/contract/rotation';
import type { JournalHead } from './journal';
import type { VaultSession } from './session';
import type { DataKeyBytes } from './vault';

/** Each begins from a new place, when something was saved meanwhile. */
const mostAttempts = 20;

export interface KeyRotationParts {
  readonly session: Pick<
    VaultSession,
    'demandRotation' | 'confirmPassphrase' | 'rotateDataKey' | 'user'
  >;
  /** Resolves when the pages have saved what they hold, or had their time. */
  putAway(): Promise<void>;
  /** Where the journal stands. @throws AppError */
  head(): Promise<JournalHead>;
  /** Signs where the journal stands: after a rotation it knows no other place of before. */
  anchor(): Promise<void>;
  /**
   * Puts everything under the key, whose bytes stay the caller's.
   *
   * @throws AppError `VERSION_CONFLICT` when the journal does not stand `at` this head any more
   */
  carryOut(
    key: DataKeyBytes,
    at: JournalHead,
    onProgress: (done: number, total: number) => void,
  ): Promise<void>;
  /** After a failure: opens the data anew, under the key that holds. */
  reopen(): Promise<void>;
  /** The pages hold keys of before: they begin anew. */
  reload(): void;
  onState(state: RotationState): void;
}

export class KeyRotation {
  readonly #parts: KeyRotationParts;
  #state: RotationState = { phase: 'idle' };
  /** From the passphrase on. */
  #busy = false;

  constructor(parts: KeyRotationParts) {
    this.#parts = parts;
  }

  get state(): RotationState {
    return this.#state;
  }

  /**
   * Changes the data key. How it went is the state afterwards, for the page that comes then.
   *
   * @throws AppError before anything was begun: `BAD_REQUEST` while one is under way, those of
   *   `demandRotation` and `confirmPassphrase`
   */
  async run(passphrase: string): Promise<void> {
    const { session } = this.#parts;
    session.demandRotation();
    if (this.#busy) throw new AppError('BAD_REQUEST');
    this.#busy = true;
    try {
      await session.confirmPassphrase(passphrase);
      await this.#run();
    } finally {
      this.#busy = false;
    }
  }

  /** A page has shown how it went. */
  seen(): void {
    if (this.#state.phase !== 'running') this.#set({ phase: 'idle' });
  }

  async #run(): Promise<void> {
    const { session, putAway, anchor, reopen, reload } = this.#parts;
    this.#set({ phase: 'running', done: 0, total: 0 });
    try {
      await putAway();
      await session.rotateDataKey((key) => this.#carryOut(key));
      this.#set({ phase: 'done' });
      await anchor();
    } catch (error) {
      this.#set({ phase: 'failed', problem: problemOf(error) });
      if (session.user) await reopen();
    }
    // After a lock the gate is shown, and what comes after it has the right key.
    if (session.user) reload();
  }

  /** From the very place that was signed: ended in the middle, the log still fits what is there. */
  async #carryOut(key: DataKeyBytes): Promise<void> {
    const { head, anchor, carryOut } = this.#parts;
    try {
      for (let attempt = 1; ; attempt += 1) {
        const at = await head();
        await anchor();
        try {
          await carryOut(key, at, (done, total) => this.#set({ phase: 'running', done, total }));
          return;
        } catch (error) {
          // Something was saved in between, by a batch perhaps.
          const moved = error instanceof AppError && error.code === 'VERSION_CONFLICT';
          if (!moved || attempt === mostAttempts) throw error;
        }
      }
    } finally {
      key.key.fill(0);
    }
  }

  #set(state: RotationState): void {
    this.#state = state;
    this.#parts.onState(state);
  }
}

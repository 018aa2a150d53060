/**
 * The system's clipboard is read by every program, so what a doctor copies stays there for a minute at
 * most, and no longer than this desktop is unlocked. What another program put there since is left alone.
 */
import { createHash, randomBytes } from 'node:crypto';

/** The part of Electron's clipboard that is used; newer versions answer with promises. */
export interface SystemClipboard {
  readText(): string | Promise<string>;
  writeText(text: string): void | Promise<void>;
  clear(): void;
}

export interface GuardedClipboardOptions {
  readonly clipboard: SystemClipboard;
  /** Calls `work` once, after that many milliseconds, unless the returned function is called before. */
  schedule?(work: () => void, milliseconds: number): () => void;
}

/** Milliseconds that a copied text stays. */
export const clipboardLifeMs = 60_000;

export class GuardedClipboard {
  readonly #clipboard: SystemClipboard;
  readonly #schedule: (work: () => void, milliseconds: number) => () => void;
  // Ours is known by a salted hash: the text itself is not kept a second time in memory.
  readonly #salt = randomBytes(32);
  #ours: string | null = null;
  #cancel: () => void = () => undefined;

  constructor({ clipboard, schedule = after }: GuardedClipboardOptions) {
    this.#clipboard = clipboard;
    this.#schedule = schedule;
  }

  /** Puts a text there for a minute; an earlier one's minute ends with it. */
  async write(text: string): Promise<void> {
    this.#cancel();
    // Said before it is done: what is quit or locked meanwhile must know of it.
    this.#ours = this.#hashOf(text);
    this.#cancel = this.#schedule(() => void this.clearOurs(), clipboardLifeMs);
    await this.#clipboard.writeText(text);
  }

  /** Whether there may be something of ours on it. */
  get mayHoldOurs(): boolean {
    return this.#ours !== null;
  }

  /**
   * Clears the clipboard if it still holds what `write` put there, or does not tell what it holds; for the lock
   * and the end too, which go on whatever the system does with its clipboard: it never throws.
   */
  async clearOurs(): Promise<void> {
    this.#cancel();
    this.#cancel = () => undefined;
    const ours = this.#ours;
    this.#ours = null;
    if (ours === null) return;
    const held = await this.#held();
    if (held !== null && this.#hashOf(held) !== ours) return;
    // Unless something newer of ours was put there while it was read.
    if (this.#ours !== null) return;
    try {
      this.#clipboard.clear();
    } catch {
      // Somebody else has it just now, and there is nobody to tell.
    }
  }

  /** Null where the system does not say. */
  async #held(): Promise<string | null> {
    try {
      return await this.#clipboard.readText();
    } catch {
      return null;
    }
  }

  #hashOf(text: string): string {
    // A system may give line ends back in its own way.
    const same = text.replaceAll('\r\n', '\n');
    return createHash('sha256').update(this.#salt).update(same, 'utf8').digest('hex');
  }
}

function after(work: () => void, milliseconds: number): () => void {
  const timer = setTimeout(work, milliseconds);
  return () => clearTimeout(timer);
}

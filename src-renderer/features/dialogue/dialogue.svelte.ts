/**
 * One conversation with the reply to it, from what is pasted to what a doctor has approved. It saves
 * itself once something was made of it: a draft, a word of a doctor, or a lock.
 */
import type { ReplyApproval, StoredReply } from '@domain/contract/conversation';
import type { DraftPreview, DraftRequest } from '@domain/contract/dialogue';
import { AppError, problemOf, type Problem } from '@domain/contract/errors';
import { urgentSentence } from '@domain/rules/danger-signs/urgent-sentence';
import { approvalFault } from '@domain/rules/dialogue/reply-rules';
import { ContextPreview } from '../../ui/context-preview.svelte';
import { titleOf, type ShownTurn } from './conversation';
import { Conversation } from './conversation.svelte';
import { Drafting, type DraftingParts, type DraftMatter } from './drafting.svelte';
import { ReplySaver } from './reply-saver.svelte';
import { ReplyText } from './reply-text.svelte';

export interface DialogueParts extends DraftingParts {
  save(reply: StoredReply, base: number): Promise<{ readonly version: number }>;
  sign(reply: { replyId: string; textSha256: string }): Promise<ReplyApproval>;
  /** Danger signs are on screen: for the log. */
  signsShown(replyId: string, count: number): void;
  /** Opaque id of who works with it; empty in a trial. */
  userId(): string;
  /** Milliseconds since the epoch. */
  now(): number;
}

export interface LinkedRecord {
  readonly id: string;
  readonly title: string;
  /** Of its text, which another version has anew. */
  readonly textId: string;
  readonly text: string;
}

/** What a dialogue begins with. */
interface Beginning {
  readonly stored?: { readonly value: StoredReply; readonly version: number };
  readonly record?: LinkedRecord | null;
  readonly turns?: readonly ShownTurn[];
  readonly options?: StoredReply['options'];
}

/** UTF-16 units at the end of a draft that tell whether anything was written behind it. */
const cutTail = 12;

export class Dialogue {
  readonly id: string;
  readonly #parts: DialogueParts;
  readonly #createdAt: number;
  readonly conversation: Conversation;
  readonly drafting: Drafting;
  readonly reply: ReplyText;
  readonly saver: ReplySaver;
  /** What would be drafted from, before anybody asks for it. */
  readonly preview: ContextPreview<DraftRequest, DraftPreview>;
  #record = $state.raw<LinkedRecord | null>(null);
  #state = $state<StoredReply['state']>('conversation');
  #approval = $state.raw<ReplyApproval | null>(null);
  #approvalProblem = $state.raw<Problem | null>(null);
  #approving = $state(false);
  /** The drafts are on screen again although one was taken. */
  showsDrafts = $state(false);

  constructor(
    parts: DialogueParts,
    { stored, record = null, turns = [], options }: Beginning = {},
  ) {
    const value = stored?.value;
    this.#parts = parts;
    this.id = value?.id ?? globalThis.crypto.randomUUID();
    this.#createdAt = parts.now();
    this.#record = record;
    if (value) this.#state = value.state;
    this.#approval = value?.approval ?? null;
    this.drafting = new Drafting(parts, value ?? (options ? { options } : {}));
    this.saver = new ReplySaver((base) => parts.save(this.#stored(), base), stored?.version ?? 0);
    if (this.isApproved) this.saver.close();
    this.preview = new ContextPreview(async (request) =>
      (await parts.host.ready()).call('dialogue.preview', request),
    );
    this.reply = new ReplyText(
      {
        isEdited: () => this.#state === 'editing',
        hasRecord: () => this.#record !== null,
        userId: () => parts.userId(),
        now: () => parts.now(),
      },
      value,
    );
    this.conversation = new Conversation(
      {
        isFixed: () => this.running || this.#isClosed,
        onChanged: () => this.#changed(),
        signsShown: (count) => parts.signsShown(this.id, count),
      },
      value ? value.turns.map(({ isGuess = false, ...turn }) => ({ ...turn, isGuess })) : turns,
    );
  }

  get record(): LinkedRecord | null {
    return this.#record;
  }
  get running(): boolean {
    return this.drafting.running;
  }
  get state(): StoredReply['state'] {
    return this.#state;
  }
  /** Why the last attempt to approve failed. */
  get approvalProblem(): Problem | null {
    return this.#approvalProblem;
  }
  get approval(): ReplyApproval | null {
    return this.#approval;
  }
  get approving(): boolean {
    return this.#approving;
  }
  get isApproved(): boolean {
    return this.#state === 'approved';
  }
  /** What is being signed stays what it is, as what was. */
  get #isClosed(): boolean {
    return this.isApproved || this.#approving;
  }
  get canDraft(): boolean {
    const { conversation, drafting } = this;
    return !this.running && !this.#isClosed && conversation.hasPatient && drafting.hasModel;
  }
  get canApprove(): boolean {
    const { text, openOrders } = this.reply;
    return this.#state === 'editing' && !this.running && text.trim() !== '' && openOrders === 0;
  }

  /** Whether the editor holds words of a doctor, which a draft in their place would put out of sight. */
  get hasOwnWords(): boolean {
    const { text } = this.reply;
    const isOpen = this.#state === 'editing' && text.trim() !== '';
    return isOpen && text !== (this.drafting.chosen?.text ?? '');
  }

  /** Whether the text still ends where its draft broke off. */
  get endsCut(): boolean {
    const { chosen } = this.drafting;
    if (this.#state !== 'editing' || !chosen || chosen.ended === 'end') return false;
    return this.reply.text.trimEnd().endsWith(chosen.text.trimEnd().slice(-cutTail));
  }

  /** A record can be linked until something was stored: what is sealed under its key stays there. */
  get canLink(): boolean {
    return !this.saver.isStored && !this.running;
  }
  link(record: LinkedRecord | null): void {
    if (!this.canLink) return;
    this.#record = record;
    // Places of one record are none of another.
    this.preview.clear();
    this.count();
  }

  choose<K extends keyof StoredReply['options']>(
    option: K,
    value: StoredReply['options'][K],
  ): void {
    if (this.#approving) return;
    this.drafting.choose(option, value);
    this.#changed();
  }

  /** Begins a drafting; what a doctor wrote until then stays in the history. */
  draft(): void {
    if (this.#isClosed) return;
    this.conversation.finishWriting();
    if (!this.canDraft) return;
    this.reply.keep();
    this.showsDrafts = false;
    this.drafting.start(this.#matter, (hasDrafts) => {
      if (this.isApproved) return;
      if (hasDrafts) {
        this.#state = 'machine-draft';
        this.reply.put('');
      }
      this.saver.save();
    });
    // Before the first word of a draft: what it answers is not lost.
    this.saver.save();
  }

  /** Counts anew, in a pause, what would be drafted from. */
  count(): void {
    this.preview.later(() => {
      const isAsked = this.conversation.hasPatient && !this.isApproved;
      return isAsked ? this.drafting.requestFor(this.#matter) : null;
    });
  }

  stop(): void {
    this.drafting.stop();
  }

  /** Takes a draft into the editor; what was there before stays in the history. */
  take(index: number): void {
    const candidate = this.drafting.candidates[index];
    if (!candidate || this.running || this.#isClosed) return;
    this.showsDrafts = false;
    if (this.#state === 'editing' && this.drafting.chosenIndex === index) return;
    this.reply.keep();
    this.drafting.take(index);
    this.#state = 'editing';
    this.reply.put(candidate.text);
    this.saver.save();
  }

  /** Begins a reply without a draft. */
  begin(text = ''): void {
    if (this.running || this.isApproved || this.#state === 'editing') return;
    this.conversation.finishWriting();
    this.#state = 'editing';
    this.drafting.take(null);
    this.reply.put(text, '');
    this.saver.save();
  }

  edit(text: string): void {
    if (this.#state !== 'editing' || this.#approving) return;
    this.reply.edit(text);
    this.saver.changed();
  }

  /** What to say at once about the signs that were found; empty without any. */
  get urgentSentence(): string {
    return urgentSentence(this.conversation.signs.map(({ classId }) => classId));
  }

  /** The editor was left: what is there now is a step of the history. */
  putDown(): void {
    if (this.reply.keep()) this.saver.save();
  }

  /** Approves the text as it stands, in the name of who is signed in. */
  async approve(): Promise<void> {
    if (!this.canApprove || this.#approving) return;
    this.#approving = true;
    this.#approvalProblem = null;
    try {
      if (this.reply.keep() || this.saver.status !== 'saved') this.saver.save();
      await this.saver.demandSaved();
      const { text } = this.reply;
      const fault = approvalFault({ text });
      if (fault) throw new AppError(fault);
      const approval = await this.#parts.sign({
        replyId: this.id,
        textSha256: await sha256Of(text),
      });
      await this.saver.finish((base) =>
        this.#parts.save(this.#stored({ state: 'approved', approval }), base),
      );
      this.#approval = approval;
      this.#state = 'approved';
    } catch (error) {
      this.#approvalProblem = problemOf(error);
    } finally {
      this.#approving = false;
    }
  }

  /** Turns of it for another reply to the same. @param record Defaults to its own */
  another(record: LinkedRecord | null = this.#record): Dialogue {
    const { conversation, drafting } = this;
    return new Dialogue(this.#parts, {
      record,
      turns: conversation.turns,
      options: drafting.options,
    });
  }

  /** Ends what goes on and waits until everything is saved, or cannot be. */
  async putAway(): Promise<void> {
    this.conversation.putAway();
    this.reply.putAway();
    this.saver.rest();
    this.preview.clear();
    this.stop();
    this.reply.keep();
    const isWorthIt = this.conversation.turns.length > 0 && this.saver.status !== 'saved';
    if (!this.isApproved && isWorthIt) this.saver.save();
    await this.saver.settled();
  }

  #changed(): void {
    this.saver.changed();
    this.count();
  }

  get #matter(): DraftMatter {
    const turns = this.conversation.turns.map(({ role, text }) => ({ role, text }));
    return { turns, record: this.#record };
  }

  #stored(change: Partial<StoredReply> = {}): StoredReply {
    const { turns, signs } = this.conversation;
    return {
      id: this.id,
      recordId: this.#record?.id ?? null,
      title: titleOf(turns),
      createdAt: this.#createdAt,
      updatedAt: this.#parts.now(),
      deletedAt: null,
      state: this.#state,
      turns: turns.map(({ role, text, isGuess }) => ({
        ...{ role, text },
        ...(isGuess ? { isGuess } : {}),
      })),
      dangerSigns: signs.slice(0, 2000),
      ...this.drafting.stored,
      text: this.reply.text,
      edits: this.reply.edits,
      approval: null,
      ...change,
    };
  }
}

async function sha256Of(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

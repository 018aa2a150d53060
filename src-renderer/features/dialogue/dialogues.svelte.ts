/** All replies as the page knows them: the list, the one on screen, and what is done with them. */
import type { ReplyApproval, StoredReply } from '@domain/contract/conversation';
import { problemOf } from '@domain/contract/errors';
import type { SaveOrder } from '@domain/contract/save-file';
import type { User } from '@domain/contract/vault';
import { replyFileText } from '@domain/messages/reply-file';
import { exportedMessages } from '@domain/rules/dialogue/exported-messages';
import { parseDialogue } from '@domain/rules/dialogue/parse-dialogue';
import { replySteps, type ReplyStep } from '@domain/rules/dialogue/reply-history';
import type { ProjectionEvent } from '../../data/projection';
import type { ReplySummary } from '../../data/repository';
import type { Store } from '../../data/store';
import { i18n } from '../../ui/i18n.svelte';
import type { Notices } from '../../ui/notices.svelte';
import { isChatFile, readChatFile } from './chat-file';
import type { ReplyStory } from './clear-reply';
import { turnsText } from './conversation';
import { Dialogue, type DialogueParts, type LinkedRecord } from './dialogue.svelte';

export interface DialoguesOptions extends Pick<
  DialogueParts,
  'host' | 'model' | 'sign' | 'signsShown'
> {
  readonly store: Pick<Store, 'call' | 'repository'>;
  readonly notices: Notices;
  user(): User | null;
  copy(reply: { replyId: string; text: string; approval: ReplyApproval }): Promise<void>;
  /** Lets a person choose a place and writes there; false when they did not. */
  write(order: SaveOrder, text: string): Promise<boolean>;
}

export interface ReplyItem extends ReplySummary {
  readonly id: string;
}

/** An export is one only as a whole: beside other text it has to be text as well. */
function asTyped(text: string): string {
  if (exportedMessages(text) === null) return text;
  const { turns } = parseDialogue(text);
  // Text has no guesses: whoever may be the patient is, so that signs are looked for in what they say.
  return turnsText(turns.map((turn) => (turn.isGuess ? { ...turn, role: 'patient' } : turn)));
}

export class DialoguesState {
  readonly #options: DialoguesOptions;
  readonly #parts: DialogueParts;
  #known = $state.raw<readonly ReplyItem[]>([]);
  readonly #items = $derived(
    this.#known
      .filter(({ deletedAt }) => deletedAt === null)
      .sort((a, b) => b.updatedAt - a.updatedAt),
  );
  #current = $state.raw<Dialogue | null>(null);
  /** Counts what was put on screen, so that a slow answer never covers a later one. */
  #turn = 0;
  #loading = $state(true);
  #work: Promise<void> = Promise.resolve();
  #deleted: { readonly id: string; readonly toast: number } | null = null;
  /** Its history is shown. */
  historyOpen = $state(false);
  /** What would put a doctor's own words out of sight, until that is allowed. */
  #replacing = $state.raw<(() => void) | null>(null);

  constructor(options: DialoguesOptions) {
    this.#options = options;
    const { host, store } = options;
    this.#parts = {
      host,
      model: () => options.model(),
      sign: (reply) => options.sign(reply),
      signsShown: (id, count) => options.signsShown(id, count),
      save: (reply, base) => store.call('replies.save', { reply, base }),
      userId: () => options.user()?.id ?? '',
      now: () => Date.now(),
    };
  }

  get items(): readonly ReplyItem[] {
    return this.#items;
  }
  /** True until the projection as it lies has been read. */
  get loading(): boolean {
    return this.#loading;
  }
  get current(): Dialogue | null {
    return this.#current;
  }
  get user(): User | null {
    return this.#options.user();
  }

  /** A new one on screen; the one before is put away. */
  create(dialogue: Dialogue = new Dialogue(this.#parts)): void {
    this.#leave();
    this.#current = dialogue;
  }

  /** Whether files that are dropped are a chat for the conversation that is being written. */
  takes(files: readonly Pick<File, 'name'>[]): boolean {
    const [only] = files;
    return (
      this.#current?.conversation.writing === true &&
      files.length === 1 &&
      !!only &&
      isChatFile(only)
    );
  }

  /**
   * A chat's file, behind what was typed already.
   *
   * @throws AppError of `readChatFile`
   */
  async drop(file: Pick<File, 'size' | 'arrayBuffer'>): Promise<void> {
    const dialogue = this.#current;
    const text = await readChatFile(file);
    if (!dialogue || dialogue !== this.#current) return;
    const { conversation } = dialogue;
    const { raw } = conversation;
    conversation.type(raw.trim() === '' ? text : `${asTyped(raw)}\n${asTyped(text)}`);
  }

  get replacing(): (() => void) | null {
    return this.#replacing;
  }

  /** Drafts anew. Words that a doctor typed are not put away for it unasked. */
  draft(): void {
    const dialogue = this.#current;
    if (!dialogue || dialogue.isApproved || dialogue.approving) return;
    // What is pasted is read first, and may be drafted from then.
    dialogue.conversation.finishWriting();
    if (dialogue.canDraft) this.#replace(dialogue, () => dialogue.draft());
  }

  /** Takes a draft into the editor, as little unasked. */
  take(index: number): void {
    const dialogue = this.#current;
    if (!dialogue) return;
    if (dialogue.drafting.chosenIndex === index) dialogue.take(index);
    else this.#replace(dialogue, () => dialogue.take(index));
  }

  /** The draft is not wanted after all. */
  keepWords(): void {
    this.#replacing = null;
  }

  /** The words may go. */
  replaceWords(): void {
    const replace = this.#replacing;
    this.#replacing = null;
    replace?.();
  }

  #replace(dialogue: Dialogue, act: () => void): void {
    if (dialogue.hasOwnWords) this.#replacing = act;
    else act();
  }

  /** Another reply to the same conversation. */
  another(): void {
    if (this.#current) this.create(this.#current.another());
  }

  async open(id: string): Promise<void> {
    if (this.#current?.id === id) return;
    this.#leave();
    const turn = this.#turn;
    await this.#attempt(async () => {
      const stored = await this.#options.store.repository.reply(id);
      if (!stored) return;
      const { recordId } = stored.value;
      const record = recordId === null ? null : await this.record(recordId);
      if (turn !== this.#turn) return;
      this.#current = new Dialogue(this.#parts, { stored, record });
    });
  }

  /** @throws AppError of the repository; null where the record is not there any more */
  async record(id: string): Promise<LinkedRecord | null> {
    const { repository } = this.#options.store;
    const head = await repository.head(id);
    if (!head) return null;
    const { title, textId } = head;
    return { id, title, textId, text: await repository.text(textId) };
  }

  /** Links a record; for a reply that was stored already, in another one to the same conversation. */
  async link(id: string | null): Promise<void> {
    const dialogue = this.#current;
    await this.#attempt(async () => {
      const record = id === null ? null : await this.record(id);
      if (!dialogue || dialogue !== this.#current) return;
      if (dialogue.canLink) dialogue.link(record);
      else if (record && record.id !== dialogue.record?.id) this.create(dialogue.another(record));
    });
  }

  async remove(id: string): Promise<void> {
    const { store, notices } = this.#options;
    await this.#attempt(async () => {
      if (this.#current?.id === id) {
        await this.#current.putAway();
        this.#current = null;
      }
      if (!this.#known.some((item) => item.id === id)) return;
      await store.call('replies.delete', { replyId: id });
      const toast = notices.toast(i18n.m.dialogue.deleted, () => this.undoDelete());
      this.#deleted = { id, toast };
    });
  }

  /** Brings back what was deleted last. */
  undoDelete(): void {
    const deleted = this.#deleted;
    if (!deleted) return;
    this.#deleted = null;
    const { store, notices } = this.#options;
    notices.closeToast(deleted.toast);
    void this.#attempt(() => store.call('replies.restore', { replyId: deleted.id }));
  }

  /** Copies the approved reply. */
  async copy(): Promise<void> {
    const dialogue = this.#current;
    if (!dialogue?.approval) return;
    const { id, approval } = dialogue;
    const { text } = dialogue.reply;
    await this.#attempt(async () => {
      await this.#options.copy({ replyId: id, text, approval });
      this.#options.notices.toast(i18n.m.dialogue.copied);
    });
  }

  /** Writes the approved reply into a file, with who approved it and what it was made from. */
  async export(): Promise<void> {
    const dialogue = this.#current;
    if (!dialogue?.approval) return;
    const { approval, id } = dialogue;
    const { text } = dialogue.reply;
    const isDrafted = dialogue.drafting.chosen !== null;
    await this.#attempt(async () => {
      const order: SaveOrder = { format: 'txt', count: 1, deidentified: false, replyId: id };
      const file = replyFileText({ text, approval, isDrafted }, i18n.locale);
      const written = await this.#options.write(order, file);
      if (written) this.#options.notices.toast(i18n.m.dialogue.exported);
    });
  }

  /** @throws AppError of the worker */
  async history(): Promise<ReplyStep[]> {
    const dialogue = this.#current;
    if (!dialogue?.saver.isStored) return [];
    return replySteps(await this.#versions(dialogue.id));
  }

  /** As they were committed, oldest first. @throws AppError of the worker */
  async #versions(replyId: string): Promise<StoredReply[]> {
    const { store } = this.#options;
    const { rows } = await store.call('replies.history', { replyId });
    const { values } = await store.repository.openReplies(rows);
    return values.map(({ value }) => value);
  }

  /** Approved replies as they came to be, newest first, for those who train models later. */
  async *approved(): AsyncGenerator<ReplyStory> {
    for (const { id, state, recordId } of this.#items) {
      if (state !== 'approved') continue;
      const record = recordId === null ? null : await this.record(recordId);
      yield { versions: await this.#versions(id), recordText: record?.text ?? null };
    }
  }

  /** Before a lock or the end of the program. */
  async putAway(): Promise<void> {
    await this.#current?.putAway();
  }

  /** Reads the projection as it lies; what the worker adds comes through `apply`. */
  load(): Promise<void> {
    return this.#enqueue(async () => {
      for await (const { values, unreadable } of this.#options.store.repository.replySummaries()) {
        this.#take(values);
        for (const problem of unreadable) this.#options.notices.problem(problem);
      }
      this.#loading = false;
    });
  }

  apply(event: ProjectionEvent): void {
    void this.#enqueue(async () => {
      if (event.kind === 'reset') this.#known = [];
      if (event.kind === 'removed') this.#forget(event.recordIds);
      if (event.kind !== 'rows') return;
      const rows = event.rows.filter(({ table }) => table === 'reply');
      if (rows.length === 0) return;
      this.#take((await this.#options.store.repository.openReplySummaries(rows)).values);
    });
  }

  /** Replies end with their record. */
  #forget(recordIds: readonly string[]): void {
    const isGone = (id: string | null | undefined): boolean => id != null && recordIds.includes(id);
    this.#known = this.#known.filter(({ recordId }) => !isGone(recordId));
    if (isGone(this.#current?.record?.id)) {
      this.#current?.stop();
      this.#current = null;
    }
  }

  #take(values: readonly { readonly id: string; readonly value: ReplySummary }[]): void {
    const fresh = values.map(({ id, value }): ReplyItem => ({ id, ...value }));
    // eslint-disable-next-line svelte/prefer-svelte-reactivity -- bookkeeping that is never shown
    const ids = new Set(fresh.map(({ id }) => id));
    const others = this.#known.filter(({ id }) => !ids.has(id));
    this.#known = [...others, ...fresh];
  }

  #leave(): void {
    const dialogue = this.#current;
    this.#turn += 1;
    this.#replacing = null;
    this.#current = null;
    void dialogue?.putAway().then(() => {
      if (dialogue.saver.problem) this.#options.notices.problem(dialogue.saver.problem);
    });
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    this.#work = this.#work
      .then(work)
      .catch((error: unknown) => this.#options.notices.problem(problemOf(error)));
    return this.#work;
  }

  async #attempt(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#options.notices.error(error);
    }
  }
}

/** Questions and answers on screen: which record they are about, which conversation, and what is typed. */
import type {
  AskedText,
  ConversationNode,
  StoredConversation,
} from '@domain/contract/conversation';
import { AppError, problemOf, type Problem } from '@domain/contract/errors';
import type { LoadedModel } from '@domain/contract/host-port';
import type { LibraryModel } from '@domain/contract/library';
import { maxQuestionChars, type QaPreview, type QaRequest } from '@domain/contract/qa';
import type { JournalRow } from '@domain/contract/record';
import type { Section, StoredSections } from '@domain/contract/section';
import type { ProjectionEvent } from '../../data/projection';
import type { ConversationSummary, Opened, Versioned } from '../../data/repository';
import type { RecordItem } from '../records';
import type { Ask } from './answering.svelte';
import { joinTexts, placeIn, type JoinedText, type RecordPlace } from './asked-texts';
import { ContextPreview } from '../../ui/context-preview.svelte';
import { Conversation, type ConversationPlace } from './conversation.svelte';
import { ConversationList, quotesAny, type Scope } from './conversation-list.svelte';
import { QuickQuestions, summaryLines, type QuickQuestionsPlace } from './quick-questions.svelte';
import { pathTo } from './tree';

export interface QaParts {
  summaries(): AsyncGenerator<Opened<ConversationSummary>>;
  openSummaries(rows: readonly JournalRow[]): Promise<Opened<ConversationSummary>>;
  stored(id: string): Promise<Versioned<StoredConversation> | null>;
  save(conversation: StoredConversation, base: number): Promise<{ readonly version: number }>;
  remove(id: string): Promise<unknown>;
  restore(id: string): Promise<unknown>;
  readonly questions: QuickQuestionsPlace;
  ask: Ask;
  preview(request: QaRequest): Promise<QaPreview>;
  /** The model that writes answers: in memory or not, and if it can be asked now. */
  writer(): { readonly model: LibraryModel | null; readonly loaded: LoadedModel | null };
  /** Every record outside the bin. */
  records(): readonly RecordItem[];
  text(textId: string): Promise<string>;
  /** As a person corrected them. */
  sections(recordId: string): Promise<Versioned<StoredSections> | null>;
  findSections(text: string): readonly Section[];
  /** As it is set. */
  threshold(): number;
  onError(error: unknown): void;
}

export interface ShownRecord {
  readonly id: string;
  readonly title: string;
  readonly text: string;
}

interface OpenRecord {
  readonly item: RecordItem;
  readonly text: string;
}

/** How an answer differs that is asked for once more. */
const againTemperature = 0.7;

export class QaState {
  readonly #parts: QaParts;
  readonly #place: ConversationPlace;
  readonly #all = new ConversationList();
  readonly quick: QuickQuestions;
  readonly preview: ContextPreview<QaRequest, QaPreview>;
  /** Conversations that were open since the page was loaded. */
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- bookkeeping that is never shown
  readonly #open = new Map<string, Conversation>();
  #record = $state.raw<OpenRecord | null>(null);
  #scope = $state<Scope>('none');
  #conversation = $state.raw<Conversation | null>(null);
  #joined = $state.raw<JoinedText | null>(null);
  #problem = $state.raw<Problem | null>(null);
  #other = $state.raw<ShownRecord | null>(null);
  /** The way back from what was deleted last. */
  #undo: (() => void) | null = null;
  #turn = 0;
  /** What is typed. */
  #draft = $state('');
  /** What was typed before a question was taken up to be changed. */
  #typed = '';
  /** The question that is being changed; null for a new one. */
  editing = $state.raw<ConversationNode | null>(null);
  renaming = $state(false);
  quickOpen = $state(false);
  summaryOpen = $state(false);

  constructor(parts: QaParts) {
    this.#parts = parts;
    const { save, stored, ask } = parts;
    this.#place = { save, stored, ask, now: () => Date.now() };
    this.quick = new QuickQuestions(parts.questions);
    this.preview = new ContextPreview((request) => parts.preview(request));
  }

  get conversation(): Conversation | null {
    return this.#conversation;
  }
  get scope(): Scope {
    return this.#scope;
  }
  get problem(): Problem | null {
    return this.#problem;
  }
  /** The text that questions of this conversation are about. */
  get joined(): JoinedText | null {
    return this.#joined;
  }
  get draft(): string {
    return this.#draft;
  }
  set draft(text: string) {
    this.#draft = text;
    this.#problem = null;
    this.#count();
  }
  /** Its reader has seen why nothing was asked. */
  dismiss(): void {
    this.#problem = null;
  }
  /** Another record of the patient that a quotation was shown in, in the place of the open one. */
  get other(): ShownRecord | null {
    return this.#other;
  }
  showOpenRecord(): void {
    this.#other = null;
  }

  /** Other records of the open record's patient. */
  readonly others = $derived.by((): readonly RecordItem[] => {
    const { id, head } = this.#record?.item ?? {};
    if (!head?.caseId) return [];
    return this.#parts
      .records()
      .filter((item) => item.id !== id && item.head.caseId === head.caseId)
      .slice(0, 199);
  });

  /** Conversations of what is on screen, newest first. */
  readonly list = $derived.by(() => this.#all.of(this.#scope, this.#record?.item.id ?? null));

  get writer(): { readonly model: LibraryModel | null; readonly loaded: LoadedModel | null } {
    return this.#parts.writer();
  }

  /** Whether anything can be asked: of records once their texts are there, without any by a model that writes. */
  get canAsk(): boolean {
    const isReady = this.#scope === 'none' ? this.writer.loaded !== null : this.#joined !== null;
    return this.#conversation !== null && isReady;
  }

  async load(): Promise<void> {
    for await (const { values } of this.#parts.summaries()) {
      this.#all.put(values.map(({ value }) => value));
    }
    // Whoever was quicker than the list sees what there is.
    if (this.#conversation?.isEmpty && this.#draft === '') await this.choose(this.#scope);
    await this.quick.load();
  }

  apply(event: ProjectionEvent): void {
    if (event.kind === 'reset') {
      this.#all.clear();
    } else if (event.kind === 'removed') {
      this.#forget(event.recordIds);
    } else {
      const rows = event.rows.filter(({ table }) => table === 'conversation');
      if (rows.length === 0) return;
      this.#parts.openSummaries(rows).then(
        ({ values }) => this.#all.put(values.map(({ value }) => value)),
        (error: unknown) => this.#parts.onError(error),
      );
    }
  }

  /** Shows the questions about a record, or those without one. Its answers go on elsewhere. */
  async show(record: OpenRecord | null): Promise<void> {
    const before = this.#record?.item;
    const isSame =
      before?.id === record?.item.id && before?.head.textSha256 === record?.item.head.textSha256;
    this.#record = record;
    if (isSame && this.#conversation) return;
    this.#undo = null;
    this.#draft = '';
    await this.choose(record ? 'record' : 'none');
  }

  /** Shows the newest conversation of a scope, or a new one. */
  async choose(scope: Scope): Promise<void> {
    this.#scope = scope;
    const [newest] = this.list;
    if (newest) await this.open(newest.id);
    else await this.begin();
  }

  /** Begins a conversation, which is kept from its first question on. */
  async begin(kind: StoredConversation['kind'] = 'chat'): Promise<void> {
    const recordId = this.#scope === 'none' ? null : (this.#record?.item.id ?? null);
    const others = this.#scope === 'patient' ? this.others.map(({ id }) => id) : [];
    await this.#present(this.#fresh({ recordId, others, kind }));
  }

  #fresh(about: Pick<StoredConversation, 'recordId' | 'others' | 'kind'>): Conversation {
    const now = Date.now();
    const value: StoredConversation = {
      ...{ id: globalThis.crypto.randomUUID(), ...about, title: '' },
      ...{ createdAt: now, updatedAt: now, deletedAt: null, nodes: [], leaf: null },
    };
    return new Conversation(value, 0, this.#place);
  }

  /** A summary has its lines and no others: a question of one's own begins a conversation about the same. */
  #leaveSummary(): void {
    const { value } = this.#conversation ?? {};
    if (value?.kind !== 'summary') return;
    const { recordId, others } = value;
    this.#conversation = this.#fresh({ recordId, others, kind: 'chat' });
  }

  async open(id: string): Promise<void> {
    if (this.#conversation?.id === id) return;
    const known = this.#open.get(id);
    if (known) return this.#present(known);
    const turn = ++this.#turn;
    try {
      const stored = await this.#parts.stored(id);
      if (turn !== this.#turn) return;
      if (!stored) throw new AppError('RECORD_NOT_FOUND');
      await this.#present(new Conversation(stored.value, stored.version, this.#place));
    } catch (error) {
      this.#parts.onError(error);
    }
  }

  /** Asks what is typed: a new question, or the changed one beside the old. @returns whether it was begun */
  send(): boolean {
    const { editing, draft } = this;
    if (!this.ask(draft, editing ? { parent: editing.parent } : {})) return false;
    this.editing = null;
    this.#draft = editing ? this.#typed : '';
    this.#count();
    return true;
  }

  /**
   * @param how.parent what it follows. Defaults to what is on screen last
   * @returns whether it was begun
   */
  ask(
    asked: string,
    how: {
      readonly parent?: string | null;
      readonly isAgain?: boolean;
      readonly isLine?: boolean;
    } = {},
  ): boolean {
    const question = asked.trim();
    if (!this.#conversation || !this.canAsk) return false;
    this.#problem = problemWith(question);
    if (this.#problem) return false;
    const { isAgain = false, isLine = false } = how;
    if (!isLine && how.parent === undefined) this.#leaveSummary();
    const conversation = this.#conversation;
    const joined = this.#joined;
    const { loaded } = this.writer;
    const { parent = conversation.value.leaf } = how;
    const seed = isAgain ? { temperature: againTemperature, seed: Date.now() % 2 ** 31 } : {};
    this.#open.set(conversation.id, conversation);
    return conversation.ask({
      question,
      parent,
      asked: joined?.asked ?? [],
      withHistory: conversation.value.kind === 'chat',
      request: {
        ...this.#recordPart(),
        ...(loaded ? { model: loaded.sha256 } : {}),
        threshold: this.#parts.threshold(),
        ...seed,
      },
    });
  }

  /** Those that are one key away; they are about records. */
  get quickQuestions(): readonly string[] {
    return this.#scope === 'none' ? [] : this.quick.list;
  }

  /** @param at from 0. @returns whether it was begun */
  askQuick(at: number): boolean {
    const question = this.quickQuestions[at];
    return question !== undefined && this.ask(question);
  }

  /** Asks a question once more, beside its first answer. */
  again(node: ConversationNode): boolean {
    return this.ask(node.question, { parent: node.parent, isAgain: node.state === 'answered' });
  }

  /** Takes a question up to be changed. */
  edit(node: ConversationNode): void {
    if (!this.editing) this.#typed = this.#draft;
    this.editing = node;
    this.draft = node.question;
  }

  /** The question stays as it is; what was typed before is there again. */
  cancelEdit(): void {
    this.editing = null;
    this.draft = this.#typed;
  }

  stop(): void {
    this.#conversation?.stop();
  }

  /**
   * One page of the open record: each line is a question of its own.
   *
   * @param how.isAnew whether it is made although there is one of these very texts, which is shown otherwise.
   *   Defaults to false
   */
  async summarise(title: string, how: { readonly isAnew?: boolean } = {}): Promise<void> {
    if (!this.#record) return;
    if (this.#scope === 'none') await this.choose('record');
    const made = how.isAnew ? null : await this.#summaryMade();
    if (made !== null) {
      await this.open(made);
      this.summaryOpen = this.#conversation?.id === made;
      return;
    }
    await this.begin('summary');
    const conversation = this.#conversation;
    if (!conversation) return;
    this.summaryOpen = true;
    await this.#askLines(conversation, title);
  }

  /** The newest summary of the texts that would be asked now. @returns its id; null where there is none */
  async #summaryMade(): Promise<string | null> {
    const open = this.#record?.item;
    if (!open) return null;
    const now = [open, ...(this.#scope === 'patient' ? this.others : [])];
    const current = this.#conversation;
    const ids = this.list.filter(({ kind }) => kind === 'summary').map(({ id }) => id);
    // One that was just begun is not on the list yet.
    if (current?.value.kind === 'summary' && !ids.includes(current.id)) ids.unshift(current.id);
    for (const id of ids) {
      const known = id === current?.id ? current : this.#open.get(id);
      try {
        const value = known?.value ?? (await this.#parts.stored(id))?.value;
        if (value && isMadeOf(value, now)) return id;
      } catch (error) {
        this.#parts.onError(error);
      }
    }
    return null;
  }

  /** Goes on with a summary that was stopped or broke off: the line at which it was, and those after it. */
  async finishSummary(): Promise<void> {
    const conversation = this.#conversation;
    if (conversation?.value.kind === 'summary')
      await this.#askLines(conversation, conversation.title);
  }

  async #askLines(conversation: Conversation, title: string): Promise<void> {
    for (const { ask } of summaryLines) {
      const given = conversation.path.find(({ question }) => question === ask);
      if (given?.state === 'answered') continue;
      const place = given ? { parent: given.parent } : {};
      if (this.#conversation !== conversation || !this.ask(ask, { ...place, isLine: true })) break;
      conversation.rename(title);
      await conversation.idle();
      if (conversation.path.at(-1)?.state !== 'answered') break;
    }
  }

  /** Takes the conversation off the list. @returns the way back */
  async remove(): Promise<(() => void) | null> {
    const conversation = this.#conversation;
    if (!conversation) return null;
    const { id } = conversation;
    await conversation.putAway();
    this.#open.delete(id);
    if (conversation.saving !== 'new') await this.#parts.remove(id);
    this.#all.mark(id, Date.now());
    await this.choose(this.#scope);
    const undo = () => {
      if (this.#undo === undo) this.#undo = null;
      this.#parts.restore(id).then(
        () => {
          this.#all.mark(id, null);
          return this.open(id);
        },
        (error: unknown) => this.#parts.onError(error),
      );
    };
    this.#undo = undo;
    return undo;
  }

  /** Takes back the last deletion of a conversation here. @returns whether there was one */
  undoRemove(): boolean {
    const undo = this.#undo;
    undo?.();
    return undo !== null;
  }

  /** The way from a quotation to its record; null where the record has other words by now. */
  placeOf(node: ConversationNode, quote: { start: number; end: number }): RecordPlace | null {
    const place = placeIn(node.asked, quote);
    const asked = node.asked.find(({ recordId }) => recordId === place?.recordId);
    const head = this.#itemOf(place?.recordId)?.head;
    return place && head?.textSha256 === asked?.textSha256 ? place : null;
  }

  /** The record that a quotation is from, where several were asked; else null. */
  sourceOf({ asked }: ConversationNode, quote: { start: number; end: number }): string | null {
    const recordId = asked.length > 1 ? placeIn(asked, quote)?.recordId : undefined;
    return recordId === undefined ? null : this.titleOf(recordId);
  }

  titleOf(recordId: string): string {
    return this.#itemOf(recordId)?.head.title ?? '';
  }

  /** Brings the record of a place on screen. @returns whether it is there */
  async bring(place: RecordPlace): Promise<boolean> {
    if (this.#record?.item.id === place.recordId) {
      this.#other = null;
      return true;
    }
    const item = this.#itemOf(place.recordId);
    if (!item) return false;
    try {
      const text = await this.#parts.text(item.head.textId);
      this.#other = { id: item.id, title: item.head.title, text };
      return true;
    } catch (error) {
      this.#parts.onError(error);
      return false;
    }
  }

  /** The vault is being locked: answers end with what was written, and that is saved. */
  async putAway(): Promise<void> {
    await Promise.all([...this.#open.values()].map((each) => each.putAway()));
  }

  async #present(conversation: Conversation): Promise<void> {
    const turn = ++this.#turn;
    this.#conversation = conversation;
    if (this.editing) this.#draft = this.#typed;
    this.editing = null;
    this.#problem = null;
    this.#other = null;
    this.#joined = null;
    this.preview.clear();
    try {
      const joined = await this.#join(conversation.value);
      if (turn !== this.#turn) return;
      this.#joined = joined;
      this.#count();
    } catch (error) {
      if (turn === this.#turn) this.#problem = problemOf(error);
    }
  }

  /** The texts of a conversation's records as they are now, the open one first. */
  async #join({ recordId, others }: StoredConversation): Promise<JoinedText | null> {
    if (recordId === null) return null;
    const open = this.#record;
    const ids = [recordId, ...others].sort(
      (a, b) => Number(b === open?.item.id) - Number(a === open?.item.id),
    );
    const texts = await Promise.all(
      ids.map(async (id) => {
        const item = this.#itemOf(id);
        // One that lies in the bin is not asked.
        if (!item) return [];
        const { textId, textSha256 } = item.head;
        const text = open?.item.id === id ? open.text : await this.#parts.text(textId);
        const own = await this.#parts.sections(id);
        const isOwn = own?.value.textSha256 === textSha256;
        const sections = isOwn ? own.value.sections : this.#parts.findSections(text);
        const asked: AskedText = { recordId: id, textSha256, chars: text.length };
        return [{ ...asked, text, sections }];
      }),
    );
    return joinTexts(texts.flat());
  }

  #count(): void {
    this.preview.later(() => {
      const { loaded } = this.writer;
      const question = this.#draft.trim();
      const conversation = this.#conversation;
      // Quotations are looked for without a context.
      if (!conversation || !loaded || question.length > maxQuestionChars) return null;
      const parent = this.editing ? this.editing.parent : conversation.value.leaf;
      const history = conversation.historyUpTo(parent);
      return {
        question,
        ...this.#recordPart(),
        ...(history.length > 0 ? { history } : {}),
        model: loaded.sha256,
      };
    });
  }

  #recordPart(): Pick<QaRequest, 'record'> {
    const joined = this.#joined;
    return joined ? { record: { text: joined.text, sections: joined.sections } } : {};
  }

  #itemOf(recordId: string | undefined): RecordItem | undefined {
    const open = this.#record?.item;
    return open?.id === recordId ? open : this.#parts.records().find(({ id }) => id === recordId);
  }

  /** What is about records that were deleted for good ended with them. */
  #forget(recordIds: readonly string[]): void {
    for (const [id, { value }] of this.#open)
      if (quotesAny(value, recordIds)) this.#open.delete(id);
    this.#all.forget(recordIds);
    if (!this.#conversation || !quotesAny(this.#conversation.value, recordIds)) return;
    this.#conversation = null;
    this.#record = null;
    void this.choose('none');
  }
}

/** Whether every line on screen was asked of these very texts. */
function isMadeOf({ nodes, leaf }: StoredConversation, now: readonly RecordItem[]): boolean {
  const lines = pathTo(nodes, leaf);
  const isSame = ({ asked }: ConversationNode): boolean =>
    asked.length === now.length &&
    now.every(({ id, head }) =>
      asked.some((each) => each.recordId === id && each.textSha256 === head.textSha256),
    );
  return lines.length > 0 && lines.every(isSame);
}

function problemWith(question: string): Problem | null {
  if (question === '') return { code: 'EMPTY_QUESTION' };
  if (question.length <= maxQuestionChars) return null;
  const params = { chars: question.length, limit: maxQuestionChars };
  return { code: 'QUESTION_TOO_LONG', params };
}

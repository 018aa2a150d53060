/**
 * One conversation with the reply to it, from what is pasted to what a doctor has approved. It saves
 * itself once something was made of it: a draft, a word of a doctor, or a lock.
 */
import type { ReplyApproval, StoredCandidate, StoredReply } from '@domain/contract/conversation';
import type { DraftGuard, DraftRequest, FoundSign } from '@domain/contract/dialogue';
import { AppError, problemOf, type Problem } from '@domain/contract/errors';
import type { HostMethods } from '@domain/contract/host-port';
import type { RpcClient } from '@domain/contract/rpc';
import { signsInDialogue } from '@domain/rules/danger-signs/signs-in-dialogue';
import { urgentSentence } from '@domain/rules/danger-signs/urgent-sentence';
import { guardsOf, openOrdersIn } from '@domain/rules/dialogue/draft-guards';
import { parseDialogue } from '@domain/rules/dialogue/parse-dialogue';
import { approvalFault } from '@domain/rules/dialogue/reply-rules';
import { titleOf, turnsText, type ShownTurn } from './conversation';
import { DraftSession, type DraftOutcome } from './draft-session.svelte';

export interface DialogueParts {
  readonly host: { ready(): Promise<RpcClient<HostMethods>> };
  /** The model that drafts, if it is in memory. */
  model(): { readonly name: string; readonly sha256: string } | null;
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
  readonly text: string;
}

export type Saving = 'new' | 'unsaved' | 'saving' | 'saved' | 'failed';

/** Milliseconds after the last key that what is typed is read, checked and saved. */
const readAfter = 250;
const checkAfter = 400;
const saveAfter = 1_000;
/** Edits that a history holds; what comes after them is in the versions of the row. */
const mostEdits = 990;

const defaults: StoredReply['options'] = {
  ...{ purpose: 'answer', tone: 'plain', length: 'medium', askBack: true },
};

export class Dialogue {
  readonly id: string;
  readonly #parts: DialogueParts;
  readonly #createdAt: number;
  #base = 0;
  #saved: Promise<void> = Promise.resolve();
  #timers: { read?: Timer; check?: Timer; save?: Timer; tell?: Timer } = {};
  #told = 0;
  #saving = $state<Saving>('new');
  #saveProblem = $state.raw<Problem | null>(null);
  #record = $state.raw<LinkedRecord | null>(null);
  /** What stands in the field, while it is open. */
  #raw = $state('');
  #writing = $state(true);
  #turns = $state.raw<readonly ShownTurn[]>([]);
  #notes = $state.raw({ placeholders: 0, speakers: [] as readonly string[], cut: false });
  #signs = $state.raw<readonly FoundSign[]>([]);
  #options = $state.raw(defaults);
  /** Drafts that are asked for at once. */
  count = $state(3);
  #session = $state.raw<DraftSession | null>(null);
  #state = $state<StoredReply['state']>('conversation');
  #candidates = $state.raw<readonly StoredCandidate[]>([]);
  #model = $state.raw<StoredReply['model']>();
  #problem = $state.raw<Problem | null>(null);
  #approvalProblem = $state.raw<Problem | null>(null);
  #chosen = $state<number | null>(null);
  #text = $state('');
  #guards = $state.raw<readonly DraftGuard[]>([]);
  #edits: StoredReply['edits'] = [];
  /** The text at the last step of the history. */
  #kept = '';
  #asked: StoredReply['model'];
  #approval = $state.raw<ReplyApproval | null>(null);
  #approving = $state(false);
  /** The drafts are on screen again although one was taken. */
  showsDrafts = $state(false);
  readonly #openOrders = $derived(openOrdersIn(this.#text).length);

  constructor(parts: DialogueParts, id: string = globalThis.crypto.randomUUID()) {
    this.#parts = parts;
    this.id = id;
    this.#createdAt = parts.now();
  }

  /** @param record null where there is none, or it cannot be read any more */
  static stored(
    parts: DialogueParts,
    { value, version }: { readonly value: StoredReply; readonly version: number },
    record: LinkedRecord | null,
  ): Dialogue {
    const dialogue = new Dialogue(parts, value.id);
    dialogue.#base = version;
    dialogue.#saving = 'saved';
    dialogue.#record = record;
    dialogue.#writing = value.turns.length === 0;
    dialogue.#turns = value.turns.map((turn) => ({ ...turn, isGuess: false }));
    dialogue.#options = value.options;
    dialogue.#state = value.state;
    dialogue.#candidates = value.candidates;
    dialogue.#model = value.model;
    dialogue.#problem = value.problem ?? null;
    dialogue.#chosen = value.chosen;
    dialogue.#text = value.text;
    dialogue.#edits = value.edits;
    dialogue.#kept = value.text;
    dialogue.#approval = value.approval;
    dialogue.#find();
    dialogue.#check();
    return dialogue;
  }

  get saving(): Saving {
    return this.#saving;
  }
  get saveProblem(): Problem | null {
    return this.#saveProblem;
  }
  get isStored(): boolean {
    return this.#saving !== 'new';
  }
  get record(): LinkedRecord | null {
    return this.#record;
  }
  get raw(): string {
    return this.#raw;
  }
  get writing(): boolean {
    return this.#writing;
  }
  get turns(): readonly ShownTurn[] {
    return this.#turns;
  }
  /** What could not be read of what was pasted. */
  get notes() {
    return this.#notes;
  }
  get signs(): readonly FoundSign[] {
    return this.#signs;
  }
  get options(): StoredReply['options'] {
    return this.#options;
  }
  get session(): DraftSession | null {
    return this.#session;
  }
  get running(): boolean {
    return this.#session?.status === 'running';
  }
  get state(): StoredReply['state'] {
    return this.#state;
  }
  get candidates(): readonly StoredCandidate[] {
    return this.#candidates;
  }
  get model(): StoredReply['model'] {
    return this.#model;
  }
  /** Why the newest drafting did not come to its end. */
  get problem(): Problem | null {
    return this.#problem;
  }
  /** Why the last attempt to approve failed. */
  get approvalProblem(): Problem | null {
    return this.#approvalProblem;
  }
  get chosen(): StoredCandidate | null {
    return this.#chosen === null ? null : (this.#candidates[this.#chosen] ?? null);
  }
  get chosenIndex(): number | null {
    return this.#chosen;
  }
  get text(): string {
    return this.#text;
  }
  get guards(): readonly DraftGuard[] {
    return this.#guards;
  }
  /** Orders that a doctor has not typed yet. */
  get openOrders(): number {
    return this.#openOrders;
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
  get hasPatient(): boolean {
    return this.#turns.some(({ role }) => role === 'patient');
  }
  get canDraft(): boolean {
    return !this.running && !this.isApproved && this.hasPatient && this.#parts.model() !== null;
  }
  get canApprove(): boolean {
    return (
      this.#state === 'editing' &&
      !this.running &&
      this.#text.trim() !== '' &&
      this.#openOrders === 0
    );
  }

  /** A record can be linked until something was stored: what is sealed under its key stays there. */
  get canLink(): boolean {
    return !this.isStored && !this.running;
  }
  link(record: LinkedRecord | null): void {
    if (this.canLink) this.#record = record;
  }

  /** What is typed or pasted; it is read, and signs are looked for, in a pause of typing. */
  type(raw: string): void {
    if (!this.#writing) return;
    this.#raw = raw;
    this.#later('read', readAfter, () => this.#read());
  }

  /** Shows the turns, to be checked. */
  finishWriting(): void {
    if (!this.#writing) return;
    this.#read();
    this.#writing = this.#turns.length === 0;
  }

  /** Opens what is there as text again. */
  write(): void {
    if (this.#writing || this.running || this.isApproved) return;
    this.#raw = turnsText(this.#turns);
    this.#writing = true;
  }

  /** The other role for a turn; a person has looked at it. */
  correct(index: number): void {
    const turn = this.#turns[index];
    if (!turn || this.running || this.isApproved) return;
    const role = turn.role === 'patient' ? 'doctor' : 'patient';
    this.#turns = this.#turns.with(index, { ...turn, role, isGuess: false });
    this.#find();
    this.#changed();
  }

  choose<K extends keyof StoredReply['options']>(
    option: K,
    value: StoredReply['options'][K],
  ): void {
    this.#options = { ...this.#options, [option]: value };
    this.#changed();
  }

  /** Begins a drafting; what a doctor wrote until then stays in the history. */
  draft(): void {
    this.finishWriting();
    const model = this.#parts.model();
    if (!this.canDraft || model === null) return;
    this.#keepEdit();
    this.#problem = null;
    this.showsDrafts = false;
    const request: DraftRequest = {
      ...this.#options,
      turns: this.#turns.map(({ role, text }) => ({ role, text })),
      ...(this.#record ? { record: { text: this.#record.text } } : {}),
      candidates: this.count,
      model: model.sha256,
      // Another one each time.
      seed: Math.floor(Math.random() * 1_000_000_000),
    };
    this.#asked = { name: model.name, sha256: model.sha256 };
    this.#session = DraftSession.start(request, this.#parts.host, (end) => this.#drafted(end));
    // Before the first word of a draft: what it answers is not lost.
    this.#save();
  }

  stop(): void {
    this.#session?.stop();
  }

  /** Takes a draft into the editor; what was there before stays in the history. */
  take(index: number): void {
    const candidate = this.#candidates[index];
    if (!candidate || this.running || this.isApproved) return;
    this.showsDrafts = false;
    if (this.#state === 'editing' && this.#chosen === index) return;
    this.#keepEdit();
    this.#chosen = index;
    this.#state = 'editing';
    this.#text = candidate.text;
    this.#kept = candidate.text;
    this.#check();
    this.#save();
  }

  /** Begins a reply without a draft. */
  begin(text = ''): void {
    if (this.running || this.isApproved || this.#state === 'editing') return;
    this.finishWriting();
    this.#state = 'editing';
    this.#chosen = null;
    this.#text = text;
    this.#kept = '';
    this.#check();
    this.#save();
  }

  edit(text: string): void {
    if (this.#state !== 'editing' || this.#approving) return;
    this.#text = text;
    this.#later('check', checkAfter, () => this.#check());
    this.#changed();
  }

  /** What to say at once about the signs that were found; empty without any. */
  get urgentSentence(): string {
    return urgentSentence(this.#signs.map(({ classId }) => classId));
  }

  /** The editor was left: what is there now is a step of the history. */
  putDown(): void {
    if (this.#state !== 'editing' || !this.#keepEdit()) return;
    this.#save();
  }

  /** Approves the text as it stands, in the name of who is signed in. */
  async approve(): Promise<void> {
    if (!this.canApprove || this.#approving) return;
    this.#approving = true;
    this.#approvalProblem = null;
    try {
      if (this.#keepEdit() || this.#saving !== 'saved') this.#save();
      await this.#saved;
      if (this.#saveProblem) throw new AppError(this.#saveProblem.code, this.#saveProblem);
      const text = this.#text;
      const fault = approvalFault({ text });
      if (fault) throw new AppError(fault);
      const approval = await this.#parts.sign({
        replyId: this.id,
        textSha256: await sha256Of(text),
      });
      clearTimeout(this.#timers.save);
      const { version } = await this.#parts.save(
        this.#reply({ state: 'approved', approval }),
        this.#base,
      );
      this.#base = version;
      this.#approval = approval;
      this.#state = 'approved';
      this.#saving = 'saved';
    } catch (error) {
      this.#approvalProblem = problemOf(error);
    } finally {
      this.#approving = false;
    }
  }

  /** Turns and record of it for another reply to the same. */
  another(): Dialogue {
    const dialogue = new Dialogue(this.#parts);
    dialogue.#record = this.#record;
    dialogue.#turns = this.#turns;
    dialogue.#writing = this.#turns.length === 0;
    dialogue.#options = this.#options;
    dialogue.#find();
    return dialogue;
  }

  /** Ends what goes on and waits until everything is saved, or cannot be. */
  async putAway(): Promise<void> {
    if (this.#writing && this.#raw !== '') this.#read();
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
    this.stop();
    if (this.#state === 'editing') this.#keepEdit();
    if (!this.isApproved && this.#turns.length > 0 && this.#saving !== 'saved') this.#save();
    await this.#saved;
  }

  /** Tries again after a failure. */
  retry(): void {
    if (this.#saving === 'failed') this.#save();
  }

  #drafted({ candidates, model, problem }: DraftOutcome): void {
    this.#problem = problem;
    if (candidates.length > 0) {
      this.#candidates = candidates;
      this.#model = model ?? this.#asked;
      this.#state = 'machine-draft';
      this.#chosen = null;
      this.#text = '';
      this.#kept = '';
      this.#guards = [];
    }
    this.#save();
  }

  #read(): void {
    clearTimeout(this.#timers.read);
    const { turns, placeholders, speakers, cut } = parseDialogue(this.#raw);
    this.#turns = turns;
    this.#notes = { placeholders, speakers, cut };
    this.#find();
    if (this.isStored) this.#changed();
  }

  #find(): void {
    this.#signs = signsInDialogue(this.#turns);
    const count = this.#signs.length;
    if (count <= this.#told || this.isApproved) return;
    // Told when typing rests: not once for every letter of a word.
    this.#later('tell', saveAfter, () => {
      this.#told = this.#signs.length;
      if (this.#told > 0) this.#parts.signsShown(this.id, this.#told);
    });
  }

  #check(): void {
    this.#guards =
      this.#state === 'editing' ? guardsOf(this.#text, { hasRecord: this.#record !== null }) : [];
  }

  /** @returns whether the text is a new step of the history */
  #keepEdit(): boolean {
    const isNew = this.#state === 'editing' && this.#text !== this.#kept;
    const isStep = isNew && this.#edits.length < mostEdits;
    if (isStep) {
      const edit = { at: this.#parts.now(), by: this.#parts.userId(), text: this.#text };
      this.#edits = [...this.#edits, edit];
      this.#kept = this.#text;
    }
    return isStep;
  }

  /** Saved in a pause, where it was stored before. */
  #changed(): void {
    if (!this.isStored || this.isApproved) return;
    this.#saving = 'unsaved';
    this.#later('save', saveAfter, () => this.#save());
  }

  #save(): void {
    clearTimeout(this.#timers.save);
    if (this.isApproved) return;
    this.#saving = 'unsaved';
    this.#saved = this.#saved.then(async () => {
      // One save takes all that waited.
      if (this.#saving !== 'unsaved') return;
      this.#saving = 'saving';
      this.#saveProblem = null;
      try {
        const { version } = await this.#parts.save(this.#reply(), this.#base);
        this.#base = version;
        if (this.#isSaving()) this.#saving = 'saved';
      } catch (error) {
        this.#saveProblem = problemOf(error);
        this.#saving = 'failed';
      }
    });
  }

  /** Whether nothing was changed since; read anew, because it may have been while a save went on. */
  #isSaving(): boolean {
    return this.#saving === 'saving';
  }

  #reply(change: Partial<StoredReply> = {}): StoredReply {
    return {
      id: this.id,
      recordId: this.#record?.id ?? null,
      title: titleOf(this.#turns),
      createdAt: this.#createdAt,
      updatedAt: this.#parts.now(),
      deletedAt: null,
      state: this.#state,
      turns: this.#turns.map(({ role, text }) => ({ role, text })),
      dangerSigns: this.#signs.slice(0, 2000),
      options: this.#options,
      candidates: [...this.#candidates],
      ...(this.#problem ? { problem: this.#problem } : {}),
      ...(this.#model ? { model: this.#model } : {}),
      chosen: this.#chosen,
      text: this.#text,
      edits: this.#edits,
      approval: null,
      ...change,
    };
  }

  #later(what: 'read' | 'check' | 'save' | 'tell', milliseconds: number, work: () => void): void {
    clearTimeout(this.#timers[what]);
    this.#timers[what] = setTimeout(work, milliseconds);
  }
}

type Timer = ReturnType<typeof setTimeout>;

async function sha256Of(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

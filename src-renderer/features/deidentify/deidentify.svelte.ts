/**
 * One text that is to leave as a file: what was found in it to identify somebody, what a person made
 * of that, and what the file will hold. Offsets are UTF-16 units of the original text.
 */
import { problemOf, type Problem } from '@domain/contract/errors';
import { mayExport, type Policy } from '@domain/contract/policy';
import type { SaveOrder } from '@domain/contract/save-file';
import { addIdentifier, removeIdentifier } from '@domain/rules/deidentify/correct-identifiers';
import { patientShiftDays } from '@domain/rules/deidentify/date-shift';
import { deidentify, type Deidentified } from '@domain/rules/deidentify/deidentify';
import {
  identifierKinds,
  type Identifier,
  type IdentifierKind,
} from '@domain/rules/deidentify/identifier';
import { placeholdersIn } from '@domain/rules/deidentify/placeholder';

export interface ExportedRecord {
  readonly id: string;
  readonly text: string;
}

/** What happens to what was found of a kind; only dates are shifted. */
export type Choice = 'replace' | 'shift' | 'keep';
export type ExportMode = 'deidentified' | 'original';

export interface DeidentifyParts {
  find(text: string, signal: AbortSignal): Promise<readonly Identifier[]>;
  /** Lets a person choose a place and writes there; false when none was chosen. @throws AppError */
  save(order: SaveOrder, text: string): Promise<boolean>;
  policy(): Policy;
}

type Phase = 'idle' | 'finding' | 'ready' | 'failed';

/** Steps that can be taken back. */
const mostUndo = 200;

const allReplaced = (): Record<IdentifierKind, Choice> => {
  const entries = identifierKinds.map((kind) => [kind, 'replace'] as const);
  return Object.fromEntries(entries) as Record<IdentifierKind, Choice>;
};

export class DeidentifyState {
  readonly #parts: DeidentifyParts;
  #search: AbortController | null = null;
  #record = $state.raw<ExportedRecord | null>(null);
  #phase = $state<Phase>('idle');
  #open = $state(false);
  /** The identifiers are looked at for an export of facts; no text is saved. */
  #forFacts = $state(false);
  #problem = $state.raw<Problem | null>(null);
  #identifiers = $state.raw<readonly Identifier[]>([]);
  #history = $state.raw<readonly (readonly Identifier[])[]>([]);
  #choices = $state.raw(allReplaced());
  #mode = $state<ExportMode>('original');
  #shiftDays = $state<number | null>(null);
  #selectedStart = $state<number | null>(null);
  #saving = $state(false);
  readonly #counts = $derived.by(() => {
    const counts: Partial<Record<IdentifierKind, number>> = {};
    for (const { kind } of this.#identifiers) counts[kind] = (counts[kind] ?? 0) + 1;
    return counts;
  });
  readonly #selectedIndex = $derived(
    this.#identifiers.findIndex(({ start }) => start === this.#selectedStart),
  );
  readonly #result = $derived.by(() => this.#deidentified());
  readonly #maskedDates = $derived.by(() => {
    if (this.#choices.date !== 'shift') return 0;
    const dates = this.#result?.replacements.filter(({ kind }) => kind === 'date') ?? [];
    return dates.filter(({ replacement }) => placeholdersIn(replacement).size > 0).length;
  });

  constructor(parts: DeidentifyParts) {
    this.#parts = parts;
  }

  get open(): boolean {
    return this.#open;
  }
  get phase(): Phase {
    return this.#phase;
  }
  /** Why the search or the last attempt to save failed. */
  get problem(): Problem | null {
    return this.#problem;
  }
  get text(): string {
    return this.#record?.text ?? '';
  }
  /** In the order of the text, without overlaps. */
  get identifiers(): readonly Identifier[] {
    return this.#identifiers;
  }
  get canUndo(): boolean {
    return this.#history.length > 0;
  }
  get saving(): boolean {
    return this.#saving;
  }
  /** The text without what is to be replaced; null until the search has ended. */
  get result(): Deidentified | null {
    return this.#result;
  }
  /** Dates that could not be moved and are replaced instead. */
  get maskedDates(): number {
    return this.#maskedDates;
  }

  /** Whether anything at all may leave as a file. */
  get allowed(): boolean {
    return mayExport(this.#parts.policy(), { deidentified: true });
  }
  /** Whether the original text may. */
  get originalAllowed(): boolean {
    return mayExport(this.#parts.policy(), { deidentified: false });
  }

  get forFacts(): boolean {
    return this.#forFacts;
  }

  /** What was found and corrected in a record; null unless that is the one that was looked at last. */
  corrections(
    recordId: string,
  ): { recordId: string; identifiers: Pick<Identifier, 'kind' | 'start' | 'end'>[] } | null {
    if (this.#record?.id !== recordId || this.#phase !== 'ready') return null;
    const identifiers = this.#identifiers.map(({ kind, start, end }) => ({ kind, start, end }));
    return { recordId, identifiers };
  }

  get mode(): ExportMode {
    return this.originalAllowed && !this.#forFacts ? this.#mode : 'deidentified';
  }
  set mode(mode: ExportMode) {
    this.#mode = mode;
  }

  count(kind: IdentifierKind): number {
    return this.#counts[kind] ?? 0;
  }

  choice(kind: IdentifierKind): Choice {
    return this.#choices[kind];
  }

  /** What can be chosen for a kind: nothing is kept where only de-identified text may leave. */
  choicesOf(kind: IdentifierKind): Choice[] {
    return [
      'replace',
      ...(kind === 'date' && !this.#forFacts ? (['shift'] as const) : []),
      ...(this.originalAllowed && !this.#forFacts ? (['keep'] as const) : []),
    ];
  }

  choose(kind: IdentifierKind, choice: Choice): void {
    if (this.choicesOf(kind).includes(choice)) this.#choices = { ...this.#choices, [kind]: choice };
  }

  /** Whether something that was found stays in the text. */
  get keepsSome(): boolean {
    return identifierKinds.some((kind) => this.#choices[kind] === 'keep' && this.count(kind) > 0);
  }

  get canSave(): boolean {
    const ready = this.mode === 'original' ? this.#record !== null : this.#result !== null;
    return ready && this.allowed && !this.#saving;
  }

  /**
   * Opens the dialog for a record. The corrections of the one before are kept only if it is the same;
   * the dates move by other days each time.
   *
   * @param forFacts the identifiers are to be corrected for an export of facts
   */
  async show(record: ExportedRecord, { forFacts = false } = {}): Promise<void> {
    if (!this.allowed) return;
    const before = this.#record;
    this.#open = true;
    // An export of facts has no choice of kinds: all are replaced.
    if (forFacts) this.#choices = allReplaced();
    this.#forFacts = forFacts;
    this.#problem = null;
    this.#mode = this.#parts.policy().deidentify.byDefault ? 'deidentified' : 'original';
    // Until the new number is there, the old one must not get into a second export.
    this.#shiftDays = null;
    if (before?.id !== record.id || before.text !== record.text || this.#phase !== 'ready') {
      this.#record = record;
      this.#identifiers = [];
      this.#history = [];
      this.#choices = allReplaced();
      this.#selectedStart = null;
      await this.#find(record);
    }
    const days = await patientShiftDays(crypto.getRandomValues(new Uint8Array(32)), record.id);
    if (this.#record?.id === record.id) this.#shiftDays = days;
  }

  close(): void {
    this.#open = false;
    this.#search?.abort();
    if (this.#phase === 'finding') this.#phase = 'idle';
  }

  get selectedIndex(): number {
    return this.#selectedIndex;
  }
  get selected(): Identifier | null {
    return this.#identifiers[this.#selectedIndex] ?? null;
  }
  /** How many have the words and the kind of the selected one, itself included. */
  get alike(): number {
    const one = this.selected;
    if (!one) return 0;
    return this.#identifiers.filter(({ kind, text }) => kind === one.kind && text === one.text)
      .length;
  }

  /** @param start of an identifier; null selects nothing */
  select(start: number | null): void {
    this.#selectedStart = start;
  }

  /** Selects the next identifier, or the one before; the first or last where none is selected. */
  step(by: 1 | -1): void {
    const last = this.#identifiers.length - 1;
    const at = this.#selectedIndex;
    const next = at < 0 ? (by > 0 ? 0 : last) : Math.min(last, Math.max(0, at + by));
    this.#selectedStart = this.#identifiers[next]?.start ?? null;
  }

  /** How often words stand in the text. */
  occurrences(words: string): number {
    if (words.trim() === '') return 0;
    let count = 0;
    for (let at = this.text.indexOf(words); at >= 0; at = this.text.indexOf(words, at)) {
      count += 1;
      at += words.length;
    }
    return count;
  }

  /**
   * Marks words as an identifier, here and wherever else they stand; nothing happens where they do
   * not, or where they are blank or half a character.
   *
   * @param start where they were selected. Defaults to where they first stand
   */
  add(kind: IdentifierKind, words: string, start = this.text.indexOf(words)): void {
    const end = start + words.length;
    if (this.#phase !== 'ready' || words.trim() === '') return;
    if (start < 0 || this.text.slice(start, end) !== words) return;
    try {
      this.#change(addIdentifier(this.text, this.#identifiers, { kind, start, end }));
      this.#selectedStart = start;
    } catch (error) {
      this.#problem = problemOf(error);
    }
  }

  /** Takes the selected one, or all with its words and kind, off the list; the next one is selected. */
  remove({ everywhere }: { everywhere: boolean }): void {
    const one = this.selected;
    if (!one) return;
    this.#change(removeIdentifier(this.#identifiers, one, { everywhere }));
    const next = this.#identifiers.find(({ start }) => start > one.start);
    this.#selectedStart = (next ?? this.#identifiers.at(-1))?.start ?? null;
  }

  undo(): void {
    const before = this.#history.at(-1);
    if (!before) return;
    this.#history = this.#history.slice(0, -1);
    this.#identifiers = before;
  }

  /** @returns whether the file is on the disk; false also when no place was chosen */
  async save(): Promise<boolean> {
    const record = this.#record;
    const { mode } = this;
    const text = mode === 'original' ? record?.text : this.#result?.text;
    if (!record || text === undefined || !this.canSave) return false;
    this.#saving = true;
    this.#problem = null;
    try {
      const deidentified = mode === 'deidentified' && !this.keepsSome;
      const order: SaveOrder = { format: 'txt', count: 1, deidentified, recordId: record.id };
      return await this.#parts.save(order, text);
    } catch (error) {
      this.#problem = problemOf(error);
      return false;
    } finally {
      this.#saving = false;
    }
  }

  async #find(record: ExportedRecord): Promise<void> {
    this.#search?.abort();
    const search = new AbortController();
    this.#search = search;
    this.#phase = 'finding';
    try {
      const found = await this.#parts.find(record.text, search.signal);
      if (search.signal.aborted) return;
      this.#identifiers = found;
      this.#phase = 'ready';
    } catch (error) {
      if (search.signal.aborted) return;
      this.#problem = problemOf(error);
      this.#phase = 'failed';
    }
  }

  #deidentified(): Deidentified | null {
    if (this.#phase !== 'ready') return null;
    const shifts = this.#choices.date === 'shift';
    if (shifts && this.#shiftDays === null) return null;
    return deidentify(this.text, this.#identifiers, {
      keep: identifierKinds.filter((kind) => this.#choices[kind] === 'keep'),
      ...(shifts && this.#shiftDays !== null ? { shiftDays: this.#shiftDays } : {}),
    });
  }

  #change(identifiers: readonly Identifier[]): void {
    this.#history = [...this.#history, this.#identifiers].slice(-mostUndo);
    this.#identifiers = identifiers;
  }
}

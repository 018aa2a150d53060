/**
 * What patient and doctor said: pasted or typed, read in a pause of typing, then corrected turn by turn.
 * Danger signs are looked for whenever the turns are others.
 */
import type { FoundSign, Turn } from '@domain/contract/dialogue';
import { SignReader } from '@domain/rules/danger-signs/sign-reader';
import { signsInDialogue } from '@domain/rules/danger-signs/signs-in-dialogue';
import { parseDialogue } from '@domain/rules/dialogue/parse-dialogue';
import { turnsText, type ShownTurn } from './conversation';

export interface ConversationOptions {
  /** Whether nothing that was said may change now. */
  isFixed(): boolean;
  /** The turns are others now. */
  onChanged(): void;
  /** More danger signs are on screen than before. */
  signsShown(count: number): void;
}

/** Milliseconds after the last key that what is typed is read. */
const readAfter = 250;
/** Milliseconds after which signs are told: when typing rests, not once for every letter of a word. */
const tellAfter = 1_000;

export class Conversation {
  readonly #options: ConversationOptions;
  readonly #signReader = new SignReader();
  #readTimer: ReturnType<typeof setTimeout> | undefined;
  #tellTimer: ReturnType<typeof setTimeout> | undefined;
  #told = 0;
  /** What stands in the field, while it is open. */
  #raw = $state('');
  #writing = $state(true);
  #turns = $state.raw<readonly ShownTurn[]>([]);
  #notes = $state.raw({ placeholders: 0, speakers: [] as readonly string[], cut: false });
  #signs = $state.raw<readonly FoundSign[]>([]);
  /** What was opened as text: left as it is, it is still that, with what reading it again could not know. */
  #opened: {
    readonly raw: string;
    readonly turns: readonly ShownTurn[];
    readonly notes: Conversation['notes'];
  } | null = null;

  /** @param turns that are there already; none opens the field for them */
  constructor(options: ConversationOptions, turns: readonly ShownTurn[] = []) {
    this.#options = options;
    this.#turns = turns;
    this.#writing = turns.length === 0;
    this.#find();
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
  get hasPatient(): boolean {
    return this.#turns.some(({ role }) => role === 'patient');
  }

  /** What is typed or pasted; it is read, and signs are looked for, in a pause of typing. */
  type(raw: string): void {
    if (!this.#writing) return;
    this.#raw = raw;
    clearTimeout(this.#readTimer);
    this.#readTimer = setTimeout(() => this.#read(), readAfter);
  }

  /** Shows the turns, to be checked. */
  finishWriting(): void {
    if (!this.#writing) return;
    this.#read();
    this.#writing = this.#turns.length === 0;
  }

  /** Opens what is there as text again. */
  write(): void {
    if (this.#writing || this.#options.isFixed()) return;
    this.#raw = turnsText(this.#turns);
    this.#opened = { raw: this.#raw, turns: this.#turns, notes: this.#notes };
    this.#writing = true;
  }

  /** The other role for a turn; a person has looked at it. */
  correct(index: number): void {
    const turn = this.#turns[index];
    if (!turn || this.#options.isFixed()) return;
    const role = turn.role === 'patient' ? 'doctor' : 'patient';
    this.#turns = this.#turns.with(index, { ...turn, role, isGuess: false });
    this.#find();
    this.#options.onChanged();
  }

  /** Whether both roles were guessed: then it may be the wrong way round as a whole. */
  get mayBeSwapped(): boolean {
    const isGuessed = (as: ShownTurn['role']): boolean =>
      this.#turns.some(({ role, isGuess }) => isGuess && role === as);
    return isGuessed('patient') && isGuessed('doctor');
  }

  /** The other role for every turn whose role was guessed; they stay guesses. */
  swapGuesses(): void {
    if (this.#options.isFixed()) return;
    this.#turns = this.#turns.map((turn) =>
      turn.isGuess ? { ...turn, role: turn.role === 'patient' ? 'doctor' : 'patient' } : turn,
    );
    this.#find();
    this.#options.onChanged();
  }

  /** Reads what was typed last; nothing happens by itself after that. */
  putAway(): void {
    if (this.#writing && this.#raw !== '') this.#read();
    clearTimeout(this.#readTimer);
    clearTimeout(this.#tellTimer);
  }

  #read(): void {
    clearTimeout(this.#readTimer);
    if (this.#opened?.raw === this.#raw) {
      this.#turns = this.#opened.turns;
      this.#notes = this.#opened.notes;
    } else {
      const { turns, placeholders, speakers, cut } = parseDialogue(
        this.#raw,
        this.#signReader.find,
      );
      // As text every turn has a role; those that nobody touched are still guesses.
      const guessed = this.#opened?.turns.filter(({ isGuess }) => isGuess).map(wordsOf);
      this.#turns = turns.map((turn) =>
        guessed?.includes(wordsOf(turn)) ? { ...turn, isGuess: true } : turn,
      );
      this.#notes = { placeholders, speakers, cut };
    }
    this.#find();
    this.#options.onChanged();
  }

  #find(): void {
    this.#signs = signsInDialogue(this.#turns, this.#signReader);
    this.#signReader.end();
    if (this.#signs.length <= this.#told || this.#options.isFixed()) return;
    clearTimeout(this.#tellTimer);
    this.#tellTimer = setTimeout(() => {
      this.#told = this.#signs.length;
      if (this.#told > 0) this.#options.signsShown(this.#told);
    }, tellAfter);
  }
}

function wordsOf({ role, text }: Turn): string {
  return `${role} ${text}`;
}

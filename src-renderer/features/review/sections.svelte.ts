/** The sections of the record on screen: as they are found, or as a person corrected them. */
import { problemOf, type Problem } from '@domain/contract/errors';
import type { Section, StoredSections } from '@domain/contract/section';

export interface SectionsPlace {
  find(text: string): readonly Section[];
  /** @returns the row's version */
  save(sections: StoredSections, base: number): Promise<{ readonly version: number }>;
  /** Told of the sections as they are now, each time that a person corrects them. */
  changed(sections: readonly Section[]): void;
}

interface Of {
  readonly recordId: string;
  readonly textSha256: string;
  readonly text: string;
}

export class SectionsState {
  readonly #place: SectionsPlace;
  readonly #of: Of;
  #list = $state.raw<readonly Section[]>([]);
  #version: number;
  #isCorrected = $state(false);
  #problem = $state.raw<Problem | null>(null);
  #work: Promise<void> = Promise.resolve();

  /** @param stored as a person corrected them, with the version of their row; null where nobody did */
  constructor(
    of: Of,
    stored: { readonly value: StoredSections; readonly version: number } | null,
    place: SectionsPlace,
  ) {
    this.#of = of;
    this.#place = place;
    this.#version = stored?.version ?? 0;
    // Places of another version of the text say nothing of this one.
    const fits = stored?.value.textSha256 === of.textSha256;
    this.#isCorrected = fits;
    this.#list = fits ? stored.value.sections : place.find(of.text);
  }

  get list(): readonly Section[] {
    return this.#list;
  }
  /** Whether the next run gets them from here. */
  get isCorrected(): boolean {
    return this.#isCorrected;
  }
  get problem(): Problem | null {
    return this.#problem;
  }

  rename(index: number, name: string): void {
    this.#set(this.#list.map((each, at) => (at === index ? { ...each, name } : each)));
  }

  /** What stood in it belongs to the section before it. */
  remove(index: number): void {
    this.#set(this.#list.filter((_, at) => at !== index));
  }

  /** Moves a section's beginning; nothing where another one begins there. */
  moveStart(index: number, start: number): void {
    const moved = this.#list[index];
    if (!moved || this.#list.some((each) => each.start === start)) return;
    const others = this.#list.filter((_, at) => at !== index);
    this.#set([...others, { ...moved, start, body: start }]);
  }

  /** Begins a section; nothing where one begins already. */
  add(name: string, start: number): void {
    if (this.#list.some((each) => each.start === start)) return;
    this.#set([...this.#list, { name, start, body: start, end: start + 1 }]);
  }

  /** Waits until what was corrected is saved, or cannot be. */
  putAway(): Promise<void> {
    return this.#work;
  }

  #set(sections: readonly Section[]): void {
    this.#list = closed(sections, this.#of.text.length);
    this.#isCorrected = true;
    this.#place.changed(this.#list);
    const { recordId, textSha256 } = this.#of;
    const stored = { recordId, textSha256, sections: [...this.#list], at: 0 };
    this.#work = this.#work.then(async () => {
      try {
        this.#version = (await this.#place.save(stored, this.#version)).version;
        this.#problem = null;
      } catch (error) {
        this.#problem = problemOf(error);
      }
    });
  }
}

/** In order, each up to where the next one begins; what lies outside the text is left out. */
function closed(sections: readonly Section[], chars: number): Section[] {
  const inOrder = [...sections]
    .filter(({ start }) => start >= 0 && start < chars)
    .sort((a, b) => a.start - b.start);
  return inOrder.map((section, index) => {
    const end = inOrder[index + 1]?.start ?? chars;
    return { ...section, end, body: Math.min(Math.max(section.body, section.start), end) };
  });
}

/** One schema while it is edited: the document, its undo, what is selected in it and what is wrong with it. */
import type { AnnotationSchema } from '@domain/contract/annotation-schema';
import { draftShape } from './draft-shape';
import { moveTo, removeAt } from './edit';
import { faultsOf, type Fault } from './faults';
import { readJson } from './json-places';
import {
  general,
  placeOf,
  rank,
  samePlace,
  siblings,
  withRank,
  type Path,
  type Place,
} from './place';

/** Steps that can be undone. */
const undoSteps = 200;

/** Why the text of the raw view is no schema that the editor could show. */
export interface RawFault {
  readonly kind: 'syntax' | 'form';
  /** From 1. */
  readonly line: number;
  readonly path: Path;
}

export class SchemaEditor {
  readonly id: string;
  #doc = $state.raw<AnnotationSchema>() as AnnotationSchema;
  #saved = $state.raw<AnnotationSchema | null>(null);
  #base = $state(0);
  #past = $state.raw<readonly AnnotationSchema[]>([]);
  #future = $state.raw<readonly AnnotationSchema[]>([]);
  /** What the last step was about: typing on in one field is one step. */
  #group: string | null = null;
  #place = $state.raw<Place>(general);
  #raw = $state<string | null>(null);
  #rawFault = $state.raw<RawFault | null>(null);
  saving = $state(false);
  /** Just made, and never looked at yet. */
  isFresh = false;
  readonly #faults = $derived(faultsOf(this.#doc));
  readonly #dirty = $derived(this.#raw !== null || !sameContent(this.#doc, this.#saved));

  /** @param saved as the journal has it; null for a schema that was never saved */
  constructor(doc: AnnotationSchema, saved: AnnotationSchema | null) {
    this.id = doc.id;
    this.#doc = doc;
    this.#saved = saved;
    this.#base = saved?.version ?? 0;
  }

  /**
   * Goes on with a draft that was kept.
   * @param text as `kept` gave it
   */
  static resumed(
    id: string,
    text: string,
    base: number,
    saved: AnnotationSchema | null,
    blank: AnnotationSchema,
  ): SchemaEditor {
    const editor = new SchemaEditor(saved ?? blank, saved);
    editor.#base = base;
    const read = readJson(text);
    const shaped = read.ok ? draftShape.safeParse(read.value) : null;
    if (shaped?.success) editor.#step({ ...shaped.data, id, version: editor.#doc.version });
    else editor.typeRaw(text);
    return editor;
  }

  get doc(): AnnotationSchema {
    return this.#doc;
  }
  /** Version that the next save follows; 0 before the first. */
  get base(): number {
    return this.#base;
  }
  get place(): Place {
    return this.#place;
  }
  get faults(): readonly Fault[] {
    return this.#faults;
  }
  /** Whether there is anything that is not saved. */
  get dirty(): boolean {
    return this.#dirty;
  }
  get canUndo(): boolean {
    return this.#past.length > 0;
  }
  get canRedo(): boolean {
    return this.#future.length > 0;
  }
  get canSave(): boolean {
    return this.#dirty && !this.saving && this.valid && !this.outdated;
  }
  /** Whether it could run as it is. */
  get valid(): boolean {
    return this.#raw === null && this.#faults.length === 0;
  }
  /** Whether the journal has a newer version than this was begun from. */
  get outdated(): boolean {
    return this.#saved !== null && this.#saved.version !== this.#base;
  }
  /** What is in the raw view while it is no schema; null while the document says it all. */
  get raw(): string | null {
    return this.#raw;
  }
  get rawFault(): RawFault | null {
    return this.#rawFault;
  }

  select(place: Place): void {
    this.#place = place;
    this.#group = null;
  }

  /**
   * Changes the document.
   *
   * @param change of the document as it was before the group began: it sets what it is about anew
   * @param group steps of one group in a row are undone as one. Defaults to a step of its own
   */
  edit(change: (doc: AnnotationSchema) => AnnotationSchema, group: string | null = null): void {
    const goesOn = group !== null && group === this.#group;
    const from = (goesOn ? this.#past.at(-1) : undefined) ?? this.#doc;
    if (goesOn) this.#past = this.#past.slice(0, -1);
    this.#doc = from;
    this.#step(change(from));
    this.#group = group;
  }

  /** Ends a group: what is typed next is a step of its own. */
  endGroup(): void {
    this.#group = null;
  }

  undo(): void {
    this.#travel(this.#past, (past, doc) => {
      this.#past = past;
      this.#future = [...this.#future, doc];
    });
  }

  redo(): void {
    this.#travel(this.#future, (future, doc) => {
      this.#future = future;
      this.#past = [...this.#past, doc];
    });
  }

  /** Moves what is at a place by so many, as far as its list goes. */
  move(place: Place, by: number): void {
    this.moveTo(place, rank(place) + by);
  }

  moveTo(place: Place, wanted: number): void {
    const to = Math.max(0, Math.min(siblings(this.#doc, place) - 1, wanted));
    if (place.kind === 'general' || to === rank(place)) return;
    this.edit((doc) => moveTo(doc, place, to));
    this.#place = withRank(place, to);
  }

  remove(place: Place): void {
    if (place.kind === 'general') return;
    this.edit((doc) => removeAt(doc, place));
    const left = siblings(this.#doc, place);
    if (left > 0) this.#place = withRank(place, Math.min(rank(place), left - 1));
    else if (place.kind === 'field' && place.member !== undefined) {
      this.#place = { kind: 'field', index: place.index };
    } else this.#place = general;
  }

  /** The document as text, for the raw view. */
  get text(): string {
    return this.#raw ?? JSON.stringify(this.#doc, null, 2);
  }

  /** Takes what was typed in the raw view; it changes the document as soon as it is a schema. */
  typeRaw(text: string): void {
    const read = readJson(text);
    if (!read.ok) {
      this.#holdRaw(text, { kind: 'syntax', line: read.mistake.line, path: [] });
      return;
    }
    const shaped = draftShape.safeParse(read.value);
    if (!shaped.success) {
      const path = (shaped.error.issues[0]?.path ?? []).map((part) =>
        typeof part === 'symbol' ? String(part) : part,
      );
      this.#holdRaw(text, { kind: 'form', line: read.lineOf(path), path });
      return;
    }
    this.#raw = null;
    this.#rawFault = null;
    // Which schema it is, and which version, is not for the text to say.
    const { id, version } = this.#doc;
    this.edit(() => ({ ...shaped.data, id, version }), 'raw');
  }

  /** Gives up what was typed in the raw view and is no schema. */
  dropRaw(): void {
    this.#raw = null;
    this.#rawFault = null;
  }

  /** What is to be kept of it when it cannot be saved. */
  get kept(): string {
    return this.#raw ?? JSON.stringify(this.#doc);
  }

  /** The journal has `schema` now. Typing may have gone on while it was written. */
  saved(schema: AnnotationSchema): void {
    this.#saved = schema;
    this.#base = schema.version;
    this.#doc = { ...this.#doc, version: schema.version };
  }

  /** The journal has another version than this was begun from; it is taken over where nothing is lost by it. */
  follow(schema: AnnotationSchema): void {
    if (schema.version === this.#base) return;
    const untouched = !this.#dirty;
    this.#saved = schema;
    if (!untouched) return;
    this.#base = schema.version;
    this.#doc = schema;
    this.#past = [];
    this.#future = [];
    this.#place = clamp(schema, this.#place);
  }

  /** Goes on from the newest version, whose content the next save replaces. */
  rebase(): void {
    if (this.#saved) this.#base = this.#saved.version;
  }

  /** Gives up everything that is not saved. */
  revert(): void {
    this.dropRaw();
    const saved = this.#saved;
    if (saved) this.edit(() => saved);
    this.#base = saved?.version ?? 0;
  }

  #step(doc: AnnotationSchema): void {
    this.#past = [...this.#past, this.#doc].slice(-undoSteps);
    this.#future = [];
    this.#doc = doc;
    this.#place = clamp(doc, this.#place);
  }

  #travel(
    from: readonly AnnotationSchema[],
    done: (rest: readonly AnnotationSchema[], doc: AnnotationSchema) => void,
  ): void {
    const to = from.at(-1);
    if (!to) return;
    this.dropRaw();
    done(from.slice(0, -1), this.#doc);
    this.#doc = { ...to, version: this.#doc.version };
    this.#group = null;
    this.#place = clamp(to, this.#place);
  }

  #holdRaw(text: string, fault: RawFault): void {
    this.#raw = text;
    this.#rawFault = fault;
  }
}

/** The place, or the nearest one that is there. */
function clamp(doc: AnnotationSchema, place: Place): Place {
  const count = siblings(doc, place);
  if (place.kind === 'general' || rank(place) < count) return place;
  if (count > 0) return withRank(place, count - 1);
  const around = placeOf(place.kind === 'field' ? ['fields', place.index] : []);
  return samePlace(around, place) ? general : clamp(doc, around);
}

/** Whether two say the same, but for the version that the journal counts. */
function sameContent(a: AnnotationSchema, b: AnnotationSchema | null): boolean {
  return b !== null && plain(a) === plain(b);
}

/** With all keys in one order. */
function plain(schema: AnnotationSchema): string {
  return JSON.stringify(draftShape.parse({ ...schema, version: 0 }));
}

/** The hospital's own schemas as the page knows them: the list, the editors, and every change to them. */
import type { AnnotationSchema } from '@domain/contract/annotation-schema';
import type { SchemaDraft, SchemaRow } from '@domain/contract/stored-schema';
import { messagesFor } from '@domain/messages';
import type { ProjectionEvent } from '../../data/projection';
import type { Store } from '../../data/store';
import { i18n } from '../../ui/i18n.svelte';
import type { Notices } from '../../ui/notices.svelte';
import { singleLine } from '../../ui/visible-text';
import { schemaName, type SchemaCatalogue } from './catalogue.svelte';
import { blankSchema } from './edit';
import { SchemaEditor } from './editor.svelte';
import { readSchemaFile, schemaFileText, type SchemaFile } from './schema-file';

export interface SchemasOptions {
  readonly store: Pick<Store, 'call' | 'repository'>;
  readonly catalogue: SchemaCatalogue;
  readonly notices: Notices;
  /** Opaque id of who works with it; null in a trial. */
  readonly user: () => string | null;
  /** Lets a person choose a place and writes there; false when they did not. */
  readonly save: (schema: AnnotationSchema, text: string) => Promise<boolean>;
}

/** A line of the list of the hospital's own. */
export interface OwnItem {
  readonly id: string;
  readonly name: string;
  /** 0 for one that was never saved. */
  readonly version: number;
  readonly dirty: boolean;
}

interface Deleted {
  readonly id: string;
  /** As it was open. */
  readonly editor: SchemaEditor | undefined;
  readonly toast: number;
}

/** Milliseconds after the last change that a draft is kept: a pause in typing. */
const keepAfter = 2_000;

export class SchemasState {
  readonly #options: SchemasOptions;
  /** Of schemas that were opened, or have a draft. */
  #editors = $state.raw<readonly SchemaEditor[]>([]);
  #selectedId = $state<string | null>(null);
  #loading = $state(true);
  /** Drafts that the journal holds, by schema. */
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- bookkeeping that is never shown
  readonly #keptTexts = new Map<string, string>();
  /** Schemas whose draft this page has written. */
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- bookkeeping that is never shown
  readonly #keptHere = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #work: Promise<void> = Promise.resolve();
  #lastDeleted: Deleted | null = null;
  /** Whose versions are shown. */
  remembering = $state<string | null>(null);

  constructor(options: SchemasOptions) {
    this.#options = options;
  }

  get catalogue(): SchemaCatalogue {
    return this.#options.catalogue;
  }

  /** True until the projection as it lies has been read. */
  get loading(): boolean {
    return this.#loading;
  }

  /** The hospital's own: those that were never saved, then by name. */
  get items(): readonly OwnItem[] {
    const saved = this.catalogue.own.map((schema) => this.#itemOf(schema));
    const fresh = this.#editors
      .filter(({ id, base }) => base === 0 && saved.every((item) => item.id !== id))
      .map(({ doc }) => this.#itemOf(doc));
    return [...fresh, ...saved];
  }

  get selectedId(): string | null {
    return this.#selectedId;
  }

  /** The template on screen. */
  get template(): AnnotationSchema | undefined {
    return this.catalogue.templates.find(({ id }) => id === this.#selectedId);
  }

  /** The editor on screen. */
  get editor(): SchemaEditor | undefined {
    return this.#editorOf(this.#selectedId);
  }

  select(id: string | null): void {
    this.#selectedId = id;
    const saved = id === null ? undefined : this.catalogue.saved(id);
    if (saved && !this.#editorOf(saved.schema.id)) {
      this.#put(new SchemaEditor(saved.schema, saved.schema));
    }
  }

  /** Reads the projection as it lies; what the worker adds comes through `apply`. */
  load(): Promise<void> {
    return this.#enqueue(async () => {
      const rows: SchemaRow[] = [];
      for await (const { values, unreadable } of this.#options.store.repository.schemas()) {
        rows.push(...values.map(({ value }) => value));
        for (const problem of unreadable) this.#options.notices.problem(problem);
      }
      this.#take(rows);
      this.#loading = false;
    });
  }

  apply(event: ProjectionEvent): void {
    void this.#enqueue(async () => {
      if (event.kind === 'reset') this.catalogue.clear();
      if (event.kind !== 'rows') return;
      const rows = event.rows.filter(({ table }) => table === 'schema');
      if (rows.length === 0) return;
      const { values } = await this.#options.store.repository.openSchemas(rows);
      this.#take(values.map(({ value }) => value));
    });
  }

  /** A new schema, not saved before it is filled in. */
  create(): void {
    this.#open(blankSchema(globalThis.crypto.randomUUID(), ''));
  }

  /** A copy under a name of its own. */
  duplicate(schema: AnnotationSchema): void {
    const { chinese, english } = schema;
    this.#open({
      ...schema,
      id: globalThis.crypto.randomUUID(),
      version: 1,
      chinese: this.#freeName('chinese', chinese),
      english: english === '' ? '' : this.#freeName('english', english),
    });
  }

  /** Opens what a file holds as a new schema, to be looked at and saved. */
  async import(file: SchemaFile, name: string): Promise<void> {
    try {
      const schema = await readSchemaFile(file);
      const taken = this.catalogue.all.some(({ chinese }) => chinese === schema.chinese);
      this.#open({
        ...schema,
        id: globalThis.crypto.randomUUID(),
        version: 1,
        chinese: taken ? this.#freeName('chinese', schema.chinese) : schema.chinese,
      });
      this.#options.notices.toast(i18n.m.schemas.imported);
    } catch (error) {
      this.#options.notices.error(error, singleLine(name));
    }
  }

  /** @param withExamples false leaves out the texts of its examples, which may come from records */
  async export(schema: AnnotationSchema, withExamples: boolean): Promise<void> {
    const { examples, ...rest } = schema;
    const exported = withExamples && examples ? schema : rest;
    try {
      if (await this.#options.save(exported, schemaFileText(exported))) {
        this.#options.notices.toast(i18n.m.schemas.exported);
      }
    } catch (error) {
      this.#options.notices.error(error, this.#nameOf(schema));
    }
  }

  /** Saves what is in an editor as the next version. @returns whether it is saved */
  async save(editor: SchemaEditor): Promise<boolean> {
    if (!editor.canSave) return false;
    const { doc, base } = editor;
    editor.saving = true;
    try {
      const { version } = await this.#options.store.call('schemas.save', { schema: doc, base });
      const schema = { ...doc, version };
      editor.saved(schema);
      this.#options.notices.toast(i18n.m.schemas.saved(this.#nameOf(schema), String(version)));
    } catch (error) {
      this.#options.notices.error(error, this.#nameOf(doc));
      return false;
    } finally {
      editor.saving = false;
    }
    await this.keepDrafts();
    return true;
  }

  /** Takes a schema off the list at once; the toast takes it back. */
  async remove(id: string): Promise<void> {
    const name = this.items.find((item) => item.id === id)?.name ?? '';
    const editor = this.#editorOf(id);
    const saved = this.catalogue.saved(id);
    if (saved) {
      try {
        await this.#options.store.call('schemas.delete', { schemaId: id });
      } catch (error) {
        this.#options.notices.error(error, name);
        return;
      }
      this.catalogue.put([{ ...saved, deletedAt: Date.now() }]);
    }
    if (!editor && !saved) return;
    this.#drop(id);
    if (this.#selectedId === id) this.#selectedId = this.items[0]?.id ?? null;
    const toast = this.#options.notices.toast(i18n.m.schemas.deleted(name), () => {
      this.undoDelete();
    });
    this.#lastDeleted = { id, editor, toast };
  }

  /** Takes back the last deletion, with what was not saved. */
  undoDelete(): void {
    if (this.#lastDeleted) void this.#restore(this.#lastDeleted);
  }

  async #restore({ id, editor, toast }: Deleted): Promise<void> {
    const saved = this.catalogue.saved(id);
    if (saved) {
      try {
        await this.#options.store.call('schemas.restore', { schemaId: id });
      } catch (error) {
        this.#options.notices.error(error, this.#nameOf(saved.schema));
        return;
      }
      this.catalogue.put([{ ...saved, deletedAt: null }]);
    }
    if (editor) this.#put(editor);
    this.#options.notices.closeToast(toast);
    if (this.#lastDeleted?.id === id) this.#lastDeleted = null;
    this.select(id);
  }

  /** Every saved version, newest first. @throws AppError what the worker answers */
  async versions(id: string): Promise<Extract<SchemaRow, { kind: 'schema' }>[]> {
    const { store } = this.#options;
    const { rows } = await store.call('schemas.history', { schemaId: id });
    const { values } = await store.repository.openSchemas(rows);
    return (
      values
        .flatMap(({ value }) => (value.kind === 'schema' ? [value] : []))
        .sort((a, b) => a.updatedAt - b.updatedAt)
        // Deleting and undoing it are rows too, of the version that was there.
        .filter(({ schema }, index, all) => all[index - 1]?.schema.version !== schema.version)
        .reverse()
    );
  }

  /** Puts an older version into its editor, where it can be undone, and saved as the newest. */
  takeVersion(schema: AnnotationSchema): void {
    this.select(schema.id);
    const { editor } = this;
    editor?.edit((doc) => ({ ...schema, version: doc.version }));
  }

  /** Gives up what is not saved of a schema; one that was never saved goes altogether. */
  async revert(editor: SchemaEditor): Promise<void> {
    if (this.catalogue.saved(editor.id)) editor.revert();
    else {
      await this.remove(editor.id);
      return;
    }
    await this.keepDrafts();
  }

  /** Something was typed: it is kept after a pause. */
  touched(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.keepDrafts(), keepAfter);
  }

  /** Keeps what is not saved of every schema, in the journal, for its user. */
  async keepDrafts(): Promise<void> {
    clearTimeout(this.#timer);
    const { store, notices } = this.#options;
    const gone = [...this.#keptTexts.keys()].filter((id) => !this.#editorOf(id));
    for (const schemaId of [...this.#editors.map(({ id }) => id), ...gone]) {
      const editor = this.#editorOf(schemaId);
      const text = editor?.dirty ? editor.kept : null;
      if ((this.#keptTexts.get(schemaId) ?? null) === text) continue;
      this.#keptHere.add(schemaId);
      try {
        await store.call('schemas.draft', { schemaId, base: editor?.base ?? 0, text });
        if (text === null) this.#keptTexts.delete(schemaId);
        else this.#keptTexts.set(schemaId, text);
      } catch (error) {
        notices.error(error, i18n.m.schemas.draftNotKept);
        return;
      }
    }
  }

  #itemOf(schema: AnnotationSchema): OwnItem {
    const editor = this.#editorOf(schema.id);
    const { id, version } = schema;
    return {
      id,
      name: this.#nameOf(editor?.doc ?? schema),
      version: this.catalogue.saved(id) ? version : 0,
      dirty: editor?.dirty ?? false,
    };
  }

  #nameOf(schema: AnnotationSchema): string {
    return singleLine(schemaName(schema, i18n.locale)) || i18n.m.schemas.unnamed;
  }

  /** A name that no other schema has in its language. */
  #freeName(of: 'chinese' | 'english', name: string): string {
    const known = [...this.catalogue.all, ...this.#editors.map(({ doc }) => doc)];
    const taken = known.map((schema) => schema[of]);
    for (let count = 1; ; count++) {
      const number = count === 1 ? '' : String(count);
      const copy = messagesFor(of === 'english' ? 'en' : 'zh-CN').schemas.copyName(
        name.slice(0, 50),
        number,
      );
      if (!taken.includes(copy)) return copy;
    }
  }

  #open(doc: AnnotationSchema): void {
    const editor = new SchemaEditor(doc, null);
    editor.isFresh = true;
    this.#put(editor);
    this.#selectedId = doc.id;
    this.touched();
  }

  #editorOf(id: string | null): SchemaEditor | undefined {
    return this.#editors.find((editor) => editor.id === id);
  }

  #put(editor: SchemaEditor): void {
    this.#editors = [...this.#editors.filter(({ id }) => id !== editor.id), editor];
  }

  #drop(id: string): void {
    this.#editors = this.#editors.filter((editor) => editor.id !== id);
    this.touched();
  }

  #take(rows: readonly SchemaRow[]): void {
    // First, whatever their order is: a draft is a change to one of them.
    this.catalogue.put(rows.filter((row) => row.kind === 'schema'));
    for (const row of rows) {
      if (row.kind === 'draft') this.#takeDraft(row);
      else this.#editorOf(row.schema.id)?.follow(row.schema);
    }
  }

  /** A draft of this user from before this page; what is open here is newer. */
  #takeDraft({ schemaId, base, text, by }: SchemaDraft): void {
    if (text === null || (by ?? null) !== this.#options.user()) return;
    if (this.#keptHere.has(schemaId) || this.#editorOf(schemaId)) return;
    this.#keptTexts.set(schemaId, text);
    const saved = this.catalogue.saved(schemaId)?.schema ?? null;
    const blank = blankSchema(schemaId, '');
    this.#put(SchemaEditor.resumed(schemaId, text, base, saved, blank));
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(work).catch((error: unknown) => {
      this.#loading = false;
      this.#options.notices.error(error);
    });
    return this.#work;
  }
}

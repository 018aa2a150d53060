/** All schemas that can be chosen: those that ship, and the hospital's own as last saved. */
import { annotationSchemas, type AnnotationSchema } from '@domain/contract/annotation-schema';
import type { Locale } from '@domain/contract/ipc';
import type { SavedSchema } from '@domain/contract/stored-schema';
import { schemaName } from '@domain/rules/schema-name';

export { schemaName };

export class SchemaCatalogue {
  readonly templates: readonly AnnotationSchema[] = annotationSchemas;
  #saved = $state.raw<readonly SavedSchema[]>([]);
  readonly #own = $derived(
    this.#saved
      .filter(({ deletedAt }) => deletedAt === null)
      .map(({ schema }) => schema)
      .sort((a, b) => a.chinese.localeCompare(b.chinese, 'zh-CN') || (a.id < b.id ? -1 : 1)),
  );

  /** The hospital's own, by name, without those that were deleted. */
  get own(): readonly AnnotationSchema[] {
    return this.#own;
  }

  get all(): readonly AnnotationSchema[] {
    return [...this.templates, ...this.#own];
  }

  /** The newest version of a schema that can be chosen. */
  find(id: string): AnnotationSchema | undefined {
    return this.all.find((schema) => schema.id === id);
  }

  /** One of the hospital's own, also a deleted one. */
  saved(id: string): SavedSchema | undefined {
    return this.#saved.find(({ schema }) => schema.id === id);
  }

  /** What a schema is called, also a deleted one; its id where nobody knows it any more. */
  nameOf(id: string, locale: Locale): string {
    const schema = this.find(id) ?? this.saved(id)?.schema;
    return schema ? schemaName(schema, locale) : id;
  }

  put(saved: readonly SavedSchema[]): void {
    const others = this.#saved.filter((row) =>
      saved.every(({ schema }) => schema.id !== row.schema.id),
    );
    this.#saved = [...others, ...saved];
  }

  clear(): void {
    this.#saved = [];
  }
}

/** A schema as a run is asked for it: the hospital's own go with their definition. */
export function asAsked(schema: AnnotationSchema): {
  readonly schema: string;
  readonly definition?: AnnotationSchema;
} {
  return { schema: schema.id, ...(isTemplate(schema.id) ? {} : { definition: schema }) };
}

/** True for the schemas that ship, whose meaning every program of this version knows by their id. */
export function isTemplate(id: string): boolean {
  return annotationSchemas.some((schema) => schema.id === id);
}

/** How the types and fields of one schema look and are called. */
import type {
  AnnotationSchema,
  EntityType,
  FactAttribute,
  GroupField,
  PlainField,
} from '@domain/contract/annotation-schema';
import type { Fact } from '@domain/contract/fact';
import type { Locale } from '@domain/contract/ipc';

/** Neutral: of a type that the schema does not know. */
const unknownHue = 7;

export class SchemaLook {
  readonly #schema: AnnotationSchema | null;

  /** @param schema null where it is not known: everything looks neutral then */
  constructor(schema: AnnotationSchema | null) {
    this.#schema = schema;
  }

  get types(): readonly EntityType[] {
    return this.#schema?.types ?? [];
  }

  get attributes(): readonly FactAttribute[] {
    return this.#schema?.attributes ?? [];
  }

  /** Fields that stand alone. */
  get plainFields(): readonly PlainField[] {
    return (this.#schema?.fields ?? []).filter((field) => field.kind !== 'group');
  }

  get groups(): readonly GroupField[] {
    return (this.#schema?.fields ?? []).filter((field) => field.kind === 'group');
  }

  hasFields(): boolean {
    return (this.#schema?.fields.length ?? 0) > 0;
  }

  fieldOf({ kind, type, group }: Fact): PlainField | null {
    if (kind !== 'field') return null;
    if (!group) return this.plainFields.find(({ id }) => id === type) ?? null;
    const of = this.groups.find(({ id }) => id === group.name);
    return of?.fields.find(({ id }) => id === type || `${group.name}.${id}` === type) ?? null;
  }

  /** Where the schema has the field, for an order of fields; large for one that it does not know. */
  placeOf({ type, group }: Fact): number {
    const all = this.#schema?.fields ?? [];
    const outer = all.findIndex(({ id }) => id === (group?.name ?? type));
    return outer < 0 ? all.length : outer;
  }

  className(fact: Pick<Fact, 'kind' | 'type'>): string {
    if (fact.kind === 'field') return `entity-${unknownHue}`;
    return `entity-${this.types.find(({ id }) => id === fact.type)?.hue ?? unknownHue}`;
  }

  name(type: string, locale: Locale): string {
    if (locale !== 'en') return type;
    const known = [
      ...this.types,
      ...this.plainFields,
      ...this.groups,
      ...this.groups.flatMap(({ fields }) => fields),
    ];
    return known.find(({ id }) => id === type)?.english || type;
  }
}

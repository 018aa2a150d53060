/**
 * What the windows of a run found, as facts of the original text.
 *
 * Mentions and members of groups are facts at once. A plain field has one value a record: of what the
 * windows quote for it, the likeliest counts; quotations that say the same join its evidence. It is
 * known only at the end, and so is what the record does not mention.
 */
import {
  asksOf,
  factAttributeSchema,
  type AnnotationSchema,
  type PlainField,
} from '../../domain/contract/annotation-schema';
import type { Fact } from '../../domain/contract/fact';
import { compareFacts } from '../../domain/contract/fact';
import type { ConfidenceScale, MarkedAttribute } from '../../domain/contract/model-card';
import type { Section } from '../../domain/contract/section';
import { attributesByRule } from '../../domain/rules/negation';
import { normaliseDate } from '../../domain/rules/normalise/date';
import { normaliseNumber } from '../../domain/rules/normalise/number';
import { sectionAt } from '../../domain/rules/sections';
import type { AttributePlan } from './attribute-plan';
import { calibrated } from './calibrated';
import type { SourceText } from './source-text';
import type { CharMention } from './strategy';

export interface RunFactsOptions {
  readonly source: SourceText;
  readonly schema: AnnotationSchema;
  readonly sections: readonly Section[];
  readonly attributes: AttributePlan;
  /** Of the strategy, where its card has one. */
  readonly calibration?: ConfidenceScale | undefined;
  /** Told of each fact once, when it is certain. */
  readonly onFact: (fact: Fact) => void;
}

/** More items than this of one window share a number, which only keeps them apart. */
const itemsPerWindow = 100_000;

export class RunFacts {
  readonly #options: RunFactsOptions;
  readonly #facts = new Map<string, Fact>();
  readonly #fields = new Map<string, Fact[]>();

  constructor(options: RunFactsOptions) {
    this.#options = options;
  }

  /** @param window number of the window among those of the run */
  add(mention: CharMention, window: number): void {
    const fact = this.#factOf(mention, window);
    if (mention.field && !mention.field.group) {
      const quoted = this.#fields.get(mention.type);
      if (quoted) quoted.push(fact);
      else this.#fields.set(mention.type, [fact]);
    } else this.#keep(fact);
  }

  /** What was found for fields by a run that goes no further; silence about the others says nothing. */
  decideFields(): void {
    for (const quoted of this.#fields.values()) this.#keep(likeliest(quoted));
    this.#fields.clear();
  }

  /** All windows are done: what was not found is not mentioned. In the order of facts. */
  finish(isComplete: boolean): Fact[] {
    const { schema } = this.#options;
    this.decideFields();
    if (isComplete) {
      const found = new Set(
        [...this.#facts.values()].map(({ type, group }) => group?.name ?? type),
      );
      for (const { id } of schema.fields) if (!found.has(id)) this.#keep(notMentioned(id));
    }
    return numbered([...this.#facts.values()].sort(compareFacts));
  }

  #keep(fact: Fact): void {
    if (this.#facts.has(fact.id)) return;
    this.#facts.set(fact.id, fact);
    this.#options.onFact(fact);
  }

  /** A mention in code points as a fact in UTF-16 units of the original text. */
  #factOf(mention: CharMention, window: number): Fact {
    const { source, sections, attributes, schema } = this.#options;
    const { type, field } = mention;
    const start = source.offsets[mention.start] as number;
    const end = source.offsets[mention.end] as number;
    const text = source.original.slice(start, end);
    const section = sectionAt(sections, start)?.name;
    const byRule = attributes.byRule.length > 0 && (!field || field.definition.kind !== 'yes-no');
    const said = byRule ? attributesByRule(source.original, { start, end }, sections) : {};
    const group = field?.group && {
      name: field.group.name,
      index: window * itemsPerWindow + (field.group.item % itemsPerWindow),
    };
    return {
      id: group
        ? `f${start}-${end}-${group.name}.${type}-${group.index}`
        : `${field ? 'f' : 'm'}${start}-${end}-${type}`,
      kind: field ? 'field' : 'mention',
      type,
      text,
      start,
      end,
      ...(field ? valueOf(field.definition, text, field.option) : {}),
      evidence: [{ text, start, end }],
      attributes: asked(schema, type, {
        ...attributesOf(mention.attributes ?? []),
        ...mention.stated,
        ...attributes.only(said),
      }),
      ...(section === undefined ? {} : { section }),
      ...(group ? { group } : {}),
      confidence: calibrated(mention.confidence, this.#options.calibration),
    };
  }
}

/**
 * Of what was said of a fact, the part that its type asks for. Dropped here, not forbidden in the answer:
 * a model kept from writing （既往） behind the bracket would be made to write （否认）.
 */
function asked(
  schema: AnnotationSchema,
  type: string,
  said: Fact['attributes'],
): Fact['attributes'] {
  const names = factAttributeSchema.options.filter((name) => asksOf(schema, type, name));
  return Object.fromEntries(names.flatMap((name) => (name in said ? [[name, said[name]]] : [])));
}

/** What stands beside a quotation, where its field wants more than words. */
function valueOf(
  field: PlainField,
  text: string,
  option: string | boolean | undefined,
): Pick<Fact, 'value' | 'unit'> {
  switch (field.kind) {
    case 'text':
      return {};
    case 'choice':
    case 'yes-no':
      return option === undefined ? {} : { value: option };
    case 'number':
      return normaliseNumber(text, field.units) ?? {};
    case 'date': {
      const value = normaliseDate(text);
      return value === null ? {} : { value };
    }
    default:
      return field satisfies never;
  }
}

function likeliest(quoted: readonly Fact[]): Fact {
  const [best, ...others] = [...quoted].sort(
    (a, b) => (b.confidence ?? 0) - (a.confidence ?? 0) || compareFacts(a, b),
  ) as [Fact, ...Fact[]];
  const same = others.filter(({ text, value }) =>
    best.value === undefined ? text === best.text : value === best.value,
  );
  return { ...best, evidence: [best, ...same].flatMap(({ evidence }) => evidence) };
}

function notMentioned(type: string): Fact {
  return {
    ...{ id: `n-${type}`, kind: 'field', type, text: null, start: null, end: null },
    ...{ evidence: [], attributes: {}, confidence: null },
  };
}

/** Items of each group from 0 on, in the order of the text. */
function numbered(facts: readonly Fact[]): Fact[] {
  const numbers = new Map<string, Map<number, number>>();
  return facts.map((fact) => {
    if (!fact.group) return fact;
    const { name, index } = fact.group;
    const items = numbers.get(name) ?? new Map<number, number>();
    numbers.set(name, items);
    if (!items.has(index)) items.set(index, items.size);
    return { ...fact, group: { name, index: items.get(index) as number } };
  });
}

function attributesOf(marks: readonly MarkedAttribute[]): Fact['attributes'] {
  return {
    ...(marks.includes('negated') ? { negated: true } : {}),
    ...(marks.includes('uncertain') ? { uncertain: true } : {}),
    ...(marks.includes('historical') ? { historical: true } : {}),
    ...(marks.includes('family') ? { experiencer: 'family' as const } : {}),
  };
}

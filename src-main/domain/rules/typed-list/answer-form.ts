/**
 * The form of a typed list: one line for each type or field of which the text says something.
 *
 *     疾病和诊断：高血压；糖尿病（否认）
 *     年龄：67岁
 *     吸烟：否认吸烟史→否
 *     检验：白细胞｜12.1×10^9/L｜升高→偏高；血红蛋白｜98g/L
 *
 * A mention or quotation is a stretch of the text. Behind it may stand one of a list (→), then what the
 * schema asks to be said of it (in brackets). A group has an item for each time it comes, with its members
 * in the order of the schema; what is not said is left empty, also at the end.
 * What has no line is not mentioned.
 */
import type {
  AnnotationSchema,
  FactAttribute,
  GroupField,
  PlainField,
  SchemaExample,
} from '../../contract/annotation-schema';
import type { Fact } from '../../contract/fact';
import { nameEnd } from '../schema-check';

export const marks = {
  nameEnd,
  item: '；',
  cell: '｜',
  option: '→',
  line: '\n',
  flags: { open: '（', between: '、', close: '）' },
} as const;

/** A line: a type of mentions, a field, or a group. */
export type Entry =
  | { readonly kind: 'mention'; readonly id: string }
  | { readonly kind: 'field'; readonly id: string; readonly field: PlainField }
  | { readonly kind: 'group'; readonly id: string; readonly group: GroupField };

export function entriesOf({ types, fields }: AnnotationSchema): Entry[] {
  return [
    ...types.map(({ id }): Entry => ({ kind: 'mention', id })),
    ...fields.map((field): Entry =>
      field.kind === 'group'
        ? { kind: 'group', id: field.id, group: field }
        : { kind: 'field', id: field.id, field },
    ),
  ];
}

/** What a quotation is of: a field, or nothing more than a mention. */
export function fieldOf(entry: Entry, cell: number): PlainField | null {
  if (entry.kind === 'mention') return null;
  return entry.kind === 'field' ? entry.field : (entry.group.fields[cell] as PlainField);
}

/** What is written behind the quotation of a field with a list; null for other fields. */
export function optionsOf(field: PlainField | null): readonly string[] | null {
  if (field?.kind === 'choice') return field.options;
  return field?.kind === 'yes-no' ? ['是', '否'] : null;
}

/** The value that an option stands for. */
export function optionValue(field: PlainField | null, option: string): string | boolean {
  return field?.kind === 'yes-no' ? option === '是' : option;
}

type Attributes = Fact['attributes'];

interface Flag {
  readonly word: string;
  readonly attributes: Attributes;
}

const flagsOf: Record<FactAttribute, readonly Flag[]> = {
  negated: [{ word: '否认', attributes: { negated: true } }],
  uncertain: [{ word: '可疑', attributes: { uncertain: true } }],
  historical: [{ word: '既往', attributes: { historical: true } }],
  experiencer: [
    { word: '家属', attributes: { experiencer: 'family' } },
    { word: '他人', attributes: { experiencer: 'other' } },
  ],
};

export function flagWords(attributes: readonly FactAttribute[]): string[] {
  return attributes.flatMap((attribute) => flagsOf[attribute].map(({ word }) => word));
}

export interface FlagText {
  readonly text: string;
  readonly attributes: Attributes;
}

/** Every way in which these attributes can be stated, in one order, without the empty one. */
export function flagTexts(attributes: readonly FactAttribute[]): FlagText[] {
  let ways: { words: string[]; attributes: Attributes }[] = [{ words: [], attributes: {} }];
  for (const attribute of attributes) {
    ways = ways.flatMap((way) => [
      way,
      ...flagsOf[attribute].map((flag) => ({
        words: [...way.words, flag.word],
        attributes: { ...way.attributes, ...flag.attributes },
      })),
    ]);
  }
  const { open, between, close } = marks.flags;
  return ways
    .filter(({ words }) => words.length > 0)
    .map(({ words, attributes: stated }) => ({
      text: `${open}${words.join(between)}${close}`,
      attributes: stated,
    }));
}

/** An example's facts as a model is to write them, for a prompt. */
export function writtenExample(schema: AnnotationSchema, { facts }: SchemaExample): string {
  const lines = entriesOf(schema).flatMap((entry) => {
    if (entry.kind === 'group') {
      const items = itemsOf(entry.group, facts);
      return items.length === 0 ? [] : [`${entry.id}${marks.nameEnd}${items.join(marks.item)}`];
    }
    const own = facts.filter(({ type }) => type === entry.id);
    if (own.length === 0) return [];
    const written = own.map((fact) => writtenValue(fieldOf(entry, 0), fact));
    const values = entry.kind === 'mention' ? written.join(marks.item) : (written[0] as string);
    return [`${entry.id}${marks.nameEnd}${values}`];
  });
  return lines.join(marks.line);
}

function writtenValue(
  field: PlainField | null,
  { text, value }: SchemaExample['facts'][number],
): string {
  if (optionsOf(field) === null || value === undefined) return text;
  const option = typeof value === 'boolean' ? (value ? '是' : '否') : String(value);
  return `${text}${marks.option}${option}`;
}

/** A member that does not come later than the one before it begins the next item. */
function itemsOf(group: GroupField, facts: SchemaExample['facts']): string[] {
  const items: string[][] = [];
  let last = Infinity;
  for (const fact of facts) {
    const cell = group.fields.findIndex(({ id }) => fact.type === `${group.id}.${id}`);
    if (cell < 0) continue;
    if (cell <= last || items.length === 0) items.push([]);
    last = cell;
    (items.at(-1) as string[])[cell] = writtenValue(group.fields[cell] as PlainField, fact);
  }
  return items.map((cells) => Array.from(cells, (cell) => cell ?? '').join(marks.cell));
}

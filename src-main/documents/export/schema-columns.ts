/** Columns that a schema gives a wide table. */
import type {
  AnnotationSchema,
  GroupField,
  PlainField,
} from '../../domain/contract/annotation-schema';
import type { ExportedFact, ExportedRecord, ExportOptions } from '../../domain/contract/export';
import { flagsOf, type FactFlag } from '../../domain/rules/export/fact-flags';
import { wideTexts } from '../../domain/messages/export-columns';
import { schemaTitles } from './headings';
import { evidenceOf, joined, type Cell, type Column } from './table';

/** A fact and which of the row's records it is of. */
interface Placed {
  readonly fact: ExportedFact;
  readonly order: number;
}

export interface SchemaColumn {
  readonly column: Column;
  takes(fact: ExportedFact, schema: string): boolean;
  cell(facts: readonly Placed[], records: readonly ExportedRecord[]): Cell;
}

/** Whether nothing says that it is not so, not now, or not of the patient. */
export function isPlain(fact: ExportedFact): boolean {
  return flagsOf(fact).length === 0;
}

/**
 * For each type and field what is stated without flags, and, where the schema has flags, what has them
 * apart: a denied disease must not be counted as one, nor a drug that was stopped. Members of a group
 * stand in line, so theirs carry their flags in brackets where they are.
 */
export function schemaColumns(
  schemas: readonly AnnotationSchema[],
  { locale, withEvidence }: ExportOptions,
): SchemaColumn[] {
  const texts = wideTexts[locale];
  // Types of the same name in two schemas are told apart.
  const titles = schemas.length > 1 ? schemaTitles(schemas, locale) : null;
  const columns: SchemaColumn[] = [];
  const add = (column: SchemaColumn): void => {
    columns.push(column);
    if (!withEvidence) return;
    const { heading } = column.column;
    columns.push({
      column: {
        heading: texts.evidence(heading),
        meaning: `${texts.evidenceMeaning(heading)} ${texts.repeats}`,
        type: 'text',
      },
      takes: column.takes,
      cell: (facts) =>
        facts.length === 0 ? null : facts.map(({ fact }) => evidenceOf(fact)).join(' | '),
    });
  };
  for (const schema of schemas) {
    const begin = columns.length;
    const title = titles?.get(schema.id);
    const named = (id: string): string => (title === undefined ? id : texts.ofSchema(title, id));
    const ofSchema = (id: string): boolean => id === schema.id;
    for (const { id, description = '', attributes = schema.attributes } of schema.types) {
      const column = (heading: string, meaning: string, plain: boolean | null): SchemaColumn => ({
        column: { heading, meaning: `${meaning} ${texts.repeats}`, type: 'text' },
        takes: (fact, from) =>
          ofSchema(from) &&
          fact.type === id &&
          !fact.group &&
          (plain ?? isPlain(fact)) === isPlain(fact),
        cell: (facts) =>
          textCell(facts.map(({ fact }) => flagged(fact.text ?? '', fact, texts.flags))),
      });
      const heading = named(id);
      add(column(heading, texts.typeMeaning(id, description), true));
      // A person may add a flag that the schema does not ask for: then the last column has it.
      if (schema.attributes.some((each) => attributes.includes(each)))
        add(column(texts.flagged(heading), texts.flaggedMeaning(id), false));
    }
    for (const field of schema.fields) {
      if (field.kind === 'group') addGroup(field, named(field.id), ofSchema);
      else {
        const heading = named(field.id);
        const isOf = (fact: ExportedFact, from: string): boolean =>
          ofSchema(from) && fact.type === field.id && !fact.group;
        const hasFlags = schema.attributes.length > 0;
        addField(
          field,
          heading,
          (fact, from) => isOf(fact, from) && (!hasFlags || isPlain(fact)),
          texts.fieldMeaning(field.id, field.description ?? ''),
        );
        if (hasFlags)
          add({
            column: {
              ...{ heading: texts.flagged(heading), type: 'text' },
              meaning: `${texts.flaggedFieldMeaning(field.id)} ${texts.repeats}`,
            },
            takes: (fact, from) => isOf(fact, from) && !isPlain(fact),
            cell: (facts) =>
              textCell(facts.map(({ fact }) => flagged(valueText(fact), fact, texts.flags))),
          });
      }
    }
    if (title === undefined) continue;
    const more = texts.schemaMeaning(title, schema.id, schema.version);
    for (const { column, ...rest } of columns.splice(begin)) {
      columns.push({ ...rest, column: { ...column, meaning: `${column.meaning} ${more}` } });
    }
  }
  return columns;

  function addField(
    field: PlainField,
    heading: string,
    takes: SchemaColumn['takes'],
    meaning: string,
  ): void {
    const type = field.kind === 'number' ? 'number' : field.kind === 'yes-no' ? 'yes-no' : 'text';
    add({
      column: { heading, type, meaning: `${meaning} ${texts.repeats}` },
      takes,
      cell: (facts) => valueCell(facts, texts.notMentioned, texts.flags),
    });
    if (field.kind !== 'number') return;
    columns.push({
      column: { heading: texts.unit(heading), type: 'text', meaning: texts.unitMeaning(field.id) },
      takes,
      cell: (facts) =>
        facts.some(({ fact }) => fact.unit !== undefined)
          ? textCell(facts.map(({ fact }) => fact.unit ?? ''))
          : null,
    });
  }

  function addGroup(group: GroupField, name: string, ofSchema: (id: string) => boolean): void {
    for (const member of group.fields) {
      const isMember = (fact: ExportedFact): boolean =>
        fact.group?.name === group.id &&
        (fact.type === member.id || fact.type === `${group.id}.${member.id}`);
      const aligned = (
        records: readonly ExportedRecord[],
        part: (fact: ExportedFact) => string,
      ): Cell => textCell(groupParts(records, group.id, isMember, part, ofSchema));
      const heading = `${name}.${member.id}`;
      const meaning = texts.memberMeaning(group.id, member.id, member.description ?? '');
      const takes = (fact: ExportedFact, from: string): boolean => ofSchema(from) && isMember(fact);
      add({
        column: { heading, type: 'text', meaning: `${meaning} ${texts.repeats}` },
        takes,
        cell: (_facts, records) =>
          aligned(records, (fact) => flagged(valueText(fact), fact, texts.flags)),
      });
      if (member.kind !== 'number') continue;
      const unit = texts.unit(heading);
      columns.push({
        column: { heading: unit, type: 'text', meaning: texts.unitMeaning(heading) },
        takes,
        cell: (_facts, records) => aligned(records, (fact) => fact.unit ?? ''),
      });
    }
  }
}

/** One part for each item of the group, empty where the item lacks this member. */
function groupParts(
  records: readonly ExportedRecord[],
  group: string,
  isMember: (fact: ExportedFact) => boolean,
  part: (fact: ExportedFact) => string,
  ofSchema: (id: string) => boolean,
): string[] {
  return records.flatMap(({ facts, run }) => {
    if (!ofSchema(run.schema)) return [];
    const items = new Map<number, string[]>();
    for (const fact of facts) {
      // A group that the record does not mention is no item.
      if (fact.group?.name !== group || fact.text === null) continue;
      const parts = items.get(fact.group.index) ?? [];
      items.set(fact.group.index, parts);
      if (isMember(fact)) parts.push(part(fact));
    }
    return [...items.keys()]
      .sort((a, b) => a - b)
      .map((index) => (items.get(index) ?? []).join('; '));
  });
}

function valueText({ value, text }: ExportedFact): string {
  return value === undefined ? (text ?? '') : String(value);
}

/** One value as what it is, several as a text. */
function valueCell(
  facts: readonly Placed[],
  notMentioned: string,
  names: Record<FactFlag, string>,
): Cell {
  const stated = facts.map(({ fact }) => fact).filter(({ text }) => text !== null);
  const [first] = stated;
  if (!first) return facts.length === 0 ? null : notMentioned;
  const isValue = first.value !== undefined && typeof first.value !== 'string';
  if (stated.length === 1 && isValue && isPlain(first)) return first.value ?? null;
  return textCell(stated.map((fact) => flagged(valueText(fact), fact, names)));
}

/** Null for nothing. A single value is written as one of several would be, so that both read the same. */
function textCell(values: readonly string[]): string | null {
  return values.length === 0 ? null : joined(values);
}

/** `words[denied, past]`; the words alone where there is no flag. */
function flagged(words: string, fact: ExportedFact, names: Record<FactFlag, string>): string {
  const flags = flagsOf(fact).map((flag) => names[flag]);
  return flags.length === 0 ? words : `${words}[${flags.join(', ')}]`;
}

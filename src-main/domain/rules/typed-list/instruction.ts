/**
 * What a general model is told before a text. It is the same for every window and record of a run, and
 * stands before the text, so that it is evaluated once.
 *
 * A schema of bare types is asked in the words of the card alone; what else a schema has is put behind.
 */
import type {
  AnnotationSchema,
  FactAttribute,
  PlainField,
  SchemaField,
} from '../../contract/annotation-schema';
import type { TypedListStrategy } from '../../contract/model-card';
import { flagWords, marks, optionsOf, writtenExample } from './answer-form';

/**
 * How a general model is asked for entities: one line a type, values copied from the text. The form
 * is `类型：值；值`, which the typed-list strategy checks while the model writes it.
 */
export const typedListInstruction =
  '请从下面的病历中找出以下类型的实体：{types}。' +
  '每种类型写一行，格式为“类型：实体；实体”。' +
  '实体必须是病历原文中连续的文字，一字不改，按出现的先后排列；没有的类型不写，也不要解释。';

/** For schemas without types, whose fields have a line each. */
const fieldsInstruction =
  '请从下面的病历中摘录以下各项。每项写一行，格式为“名称：内容”。' +
  '内容必须是病历原文中连续的文字，一字不改；病历没有写到的项不写，也不要解释。';

export function instructionFor(
  card: Pick<TypedListStrategy, 'instruction'>,
  schema: AnnotationSchema,
  attributes: readonly FactAttribute[],
): string {
  const { types, fields, examples = [], description } = schema;
  const names = types.map(({ id }) => id).join('、');
  // Not as a pattern for replacing: a name may hold what has a meaning there.
  const base = types.length > 0 ? card.instruction.split('{types}').join(names) : fieldsInstruction;
  const notes = types
    .filter((type) => type.description !== undefined || type.examples !== undefined)
    .map((type) => `${type.id}${remarks([type.description, examplesOf(type)])}`);
  const lines = [
    ...(description === undefined ? [] : [description]),
    ...notes,
    ...fields.map(fieldLine),
    ...(attributes.length > 0 ? [flagsLine(attributes)] : []),
    ...examples.flatMap((example) => [
      `例：${example.text}`,
      `答：${marks.line}${writtenExample(schema, example)}`,
    ]),
  ];
  return lines.length === 0 ? base : `${base}\n${lines.join('\n')}\n病历：`;
}

/** Code points of a text that a general model without a card is sent at once, where its context allows it. */
export const generalWindowChars = 600;

/**
 * What a general model without a card of its own is sent first of a text, in words: all but the marks of its
 * format for conversations, so that a schema can be looked at before such a model is there.
 */
export function generalPrompt(schema: AnnotationSchema, text: string): string {
  const card = { instruction: typedListInstruction };
  const chars = [...text];
  const first = chars.slice(0, generalWindowChars).join('');
  return `${instructionFor(card, schema, schema.attributes)}\n${first}${chars.length > generalWindowChars ? '……' : ''}`;
}

function fieldLine(field: SchemaField): string {
  if (field.kind !== 'group') return `${field.id}${fieldRemarks(field)}`;
  const members = field.fields.map((member) => `${member.id}${fieldRemarks(member)}`);
  return (
    `${field.id}${remarks([field.description, examplesOf(field)])}：` +
    `每一个写作“${members.join(marks.cell)}”，没有写到的留空，多个之间用“${marks.item}”隔开`
  );
}

function fieldRemarks(field: PlainField): string {
  return remarks([field.description, kindOf(field), examplesOf(field)]);
}

function kindOf(field: PlainField): string | undefined {
  const options = optionsOf(field);
  if (options) return `抄录依据的原文，后面写${marks.option}和${options.join('/')}之一`;
  if (field.kind === 'number') return '抄录数值和单位';
  return field.kind === 'date' ? '抄录日期' : undefined;
}

function examplesOf({ examples }: { readonly examples?: readonly string[] | undefined }) {
  return examples && examples.length > 0 ? `如${examples.join('、')}` : undefined;
}

function remarks(parts: readonly (string | undefined)[]): string {
  const said = parts.filter((part) => part !== undefined);
  return said.length === 0 ? '' : `（${said.join('；')}）`;
}

function flagsLine(attributes: readonly FactAttribute[]): string {
  const { open, between, close } = marks.flags;
  const words = flagWords(attributes);
  return `内容被否认、不确定、属于过去或不属于患者本人的，在后面用括号注明：${words.join(between)}，如“${open}${words[0]}${close}”`;
}

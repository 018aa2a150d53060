/** What has to be put right in a schema. */
import type { SchemaFaultCode } from '../rules/schema-check';

export const schemaFaultsEn: Record<SchemaFaultCode, string> = {
  empty: 'The schema has neither entity types nor fields; add at least one.',
  'name-blank': 'The name is empty, or has spaces at an end.',
  'name-control': 'The name holds a line break or another control character; remove it.',
  'name-duplicate': 'The name is used twice; choose different names.',
  'name-ambiguous':
    'With a colon after it, this name is the beginning of another one and cannot be told apart; rename it.',
  'member-clash':
    'A field of the group is called like a type or field outside of it; choose another name.',
  'option-blank': 'The option is empty, or has spaces at an end.',
  'option-control': 'The option holds a line break or another control character; remove it.',
  'option-duplicate': 'The option is listed twice; remove one.',
  'unit-blank': 'The unit has spaces at an end; remove them.',
  'unit-duplicate': 'The unit is listed twice; remove one.',
  'attribute-duplicate': 'The same mark is asked for twice.',
  'example-type': 'The example names a type or field that the schema does not have.',
  'example-not-in-text':
    'The words of the example are not in its text; they must match it character by character.',
  'example-value-missing': 'An example of a yes-no or choice field needs its value.',
  'example-value-unfit': 'The value of the example does not fit its field.',
  'example-value-differs': 'The value of the example is not what its words are read as.',
};

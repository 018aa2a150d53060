/** 抽取方案中须改正之处。 */
import type { SchemaFaultCode } from '../rules/schema-check';

export const schemaFaultsZh: Record<SchemaFaultCode, string> = {
  empty: '方案中没有实体类型，也没有字段；至少加一个。',
  'name-blank': '名称为空，或首尾有空格。',
  'name-control': '名称中有换行或其他控制字符，请删去。',
  'name-duplicate': '名称重复，请改成不同的名称。',
  'name-ambiguous': '此名称加上冒号后与另一名称的开头相同，无法区分，请改名。',
  'member-clash': '组内字段与组外的类型或字段同名，请改名。',
  'option-blank': '选项为空，或首尾有空格。',
  'option-control': '选项中有换行或其他控制字符，请删去。',
  'option-duplicate': '选项重复，请删去一个。',
  'unit-blank': '单位首尾有空格，请删去。',
  'unit-duplicate': '单位重复，请删去一个。',
  'attribute-duplicate': '同一标记要求了两次。',
  'example-type': '示例所属的类型或字段不在方案中。',
  'example-not-in-text': '示例的词语在示例原文中找不到，须与原文一字不差。',
  'example-value-missing': '是否字段和选项字段的示例须给出取值。',
  'example-value-unfit': '示例的取值不符合该字段的要求。',
  'example-value-differs': '示例的取值与从原文换算出的不一致。',
};

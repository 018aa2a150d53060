/** Headings of exported tables and what their columns mean; apart, because only files hold them. */
import type { Locale } from '../contract/ipc';
import type { FactFlag } from '../rules/export/fact-flags';

export const longColumnIds = [
  'record_id',
  'source',
  'case_id',
  'fact_id',
  'section',
  'kind',
  'type',
  'mentioned',
  'text',
  'start',
  'end',
  'value',
  'unit',
  'negated',
  'uncertain',
  'historical',
  'experiencer',
  'group',
  'group_index',
  'confidence',
  'standing',
  'review',
  'label',
  'confirmed_by',
  'confirmed_title',
  'confirmed_at',
  'schema',
  'schema_version',
  'model',
  'model_sha256',
  'status',
  'problem',
  'text_sha256',
  'deidentified',
  'evidence',
] as const;
/** Of a row of a wide table, before the columns of the schema. */
export const wideColumnIds = [
  'record_id',
  'source',
  'case_id',
  'records',
  'facts',
  'unconfirmed_facts',
  'label',
  'confirmed_by',
  'confirmed_title',
  'confirmed_at',
  'schema',
  'model',
  'status',
  'problem',
  'text_sha256',
  'deidentified',
] as const;
export type ColumnId =
  (typeof longColumnIds)[number] | (typeof wideColumnIds)[number] | 'guarded' | 'other';

interface ColumnText {
  readonly heading: string;
  readonly meaning: string;
}

const en: Record<ColumnId, ColumnText> = {
  record_id: {
    heading: 'record_id',
    meaning:
      'Opaque id of the record: pasted into the search of the program that exported it, it finds the record. On the command line its number.',
  },
  source: {
    heading: 'source',
    meaning:
      'Title of the record in the app, or what the command line called the input. Empty when de-identified.',
  },
  case_id: {
    heading: 'case_id',
    meaning: 'Number of the case as its source has it; a stand-in when de-identified.',
  },
  fact_id: {
    heading: 'fact_id',
    meaning: 'Id of the fact in its record. Empty in the one row of a record without facts.',
  },
  section: { heading: 'section', meaning: 'Section of the record that it stands in.' },
  kind: { heading: 'kind', meaning: 'mention: a stretch of the text; field: one value a record.' },
  type: { heading: 'type', meaning: 'Type or field of the schema.' },
  mentioned: {
    heading: 'mentioned',
    meaning: 'false: the record does not mention this field. A stated negative is mentioned.',
  },
  text: { heading: 'text', meaning: 'The words of the record, exactly.' },
  start: {
    heading: 'start',
    meaning: 'Where the words begin: UTF-16 code units of the record, from 0.',
  },
  end: { heading: 'end', meaning: 'Where the words end, exclusive.' },
  value: {
    heading: 'value',
    meaning:
      'Normalised value where it is not the words: ISO 8601 date, number, true or false, choice.',
  },
  unit: { heading: 'unit', meaning: 'Unit of the value.' },
  negated: {
    heading: 'negated',
    meaning: 'Stated as absent. Empty: the schema or the model does not say.',
  },
  uncertain: {
    heading: 'uncertain',
    meaning: 'Stated as suspected. Empty: the schema or the model does not say.',
  },
  historical: {
    heading: 'historical',
    meaning: 'Stated as past. Empty: the schema or the model does not say.',
  },
  experiencer: {
    heading: 'experiencer',
    meaning: 'patient, family or other. Empty: the schema or the model does not say.',
  },
  group: { heading: 'group', meaning: 'Repeated group that the field belongs to.' },
  group_index: {
    heading: 'group_index',
    meaning: 'Fields of the same group and number belong together.',
  },
  confidence: {
    heading: 'confidence',
    meaning:
      'How sure the model is, 0 to 1: its own probability, calibrated where its card has a scale. Empty: it gives none.',
  },
  standing: {
    heading: 'standing',
    meaning: 'machine: decided by nobody; accepted, edited or added by a doctor.',
  },
  review: {
    heading: 'review',
    meaning:
      'single: decided by itself; bulk: with others on screen; carried: from an earlier run.',
  },
  label: { heading: 'label', meaning: 'Whether a doctor confirmed it. Keep it with the data.' },
  confirmed_by: {
    heading: 'confirmed_by',
    meaning: 'Name of the doctor who confirmed the record; an opaque id when de-identified.',
  },
  confirmed_title: { heading: 'confirmed_title', meaning: "The doctor's professional title." },
  confirmed_at: { heading: 'confirmed_at', meaning: 'When: ISO 8601, UTC.' },
  schema: { heading: 'schema', meaning: 'Id of the schema.' },
  schema_version: {
    heading: 'schema_version',
    meaning: 'Version of the schema. Empty: it is not known any more.',
  },
  model: { heading: 'model', meaning: 'Name of the model.' },
  model_sha256: { heading: 'model_sha256', meaning: "SHA-256 of the model's file." },
  status: {
    heading: 'status',
    meaning: 'completed; incomplete, failed or stopped: the result is partial.',
  },
  problem: { heading: 'problem', meaning: 'Code of what went wrong.' },
  text_sha256: { heading: 'text_sha256', meaning: "SHA-256 of the UTF-8 of the record's text." },
  deidentified: {
    heading: 'deidentified',
    meaning: 'Whether what was found to identify a person is replaced. Names may be missed.',
  },
  evidence: { heading: 'evidence', meaning: 'All places that support it, as words@start-end.' },
  records: { heading: 'records', meaning: 'Number of records in this row.' },
  facts: { heading: 'facts', meaning: 'Number of facts in this row.' },
  unconfirmed_facts: {
    heading: 'unconfirmed_facts',
    meaning: 'How many of them no doctor has confirmed.',
  },
  guarded: {
    heading: 'guarded',
    meaning:
      'Numbers of the columns of this row, from 1, whose cell was given an apostrophe in front, ' +
      'because a spreadsheet would compute or change it. Take one apostrophe off to undo it.',
  },
  other: {
    heading: 'other',
    meaning:
      'Facts of a type that the schema does not have, and those that are negated, uncertain, historical or ' +
      'of another person where the schema does not ask for that: type=words, followed by [!] where ' +
      'they must not be taken for a positive finding.',
  },
};

const zhCN: Record<ColumnId, ColumnText> = {
  record_id: {
    heading: '记录编号',
    meaning:
      '记录的内部编号，不含病历内容；粘贴到导出它的软件的检索框，可找回病历。命令行导出的为序号。',
  },
  source: {
    heading: '来源',
    meaning: '软件中的病历标题，或命令行所给的输入名称；去标识化后为空。',
  },
  case_id: { heading: '病例编号', meaning: '来源文件中的病例编号；去标识化后为代号。' },
  fact_id: {
    heading: '条目编号',
    meaning: '条目在该记录中的编号；没有条目的记录占一行，此列为空。',
  },
  section: { heading: '章节', meaning: '所在的病历章节。' },
  kind: { heading: '形式', meaning: 'mention：文中的词语；field：每份记录一个值的字段。' },
  type: { heading: '类型', meaning: '方案中的类型或字段。' },
  mentioned: {
    heading: '是否提及',
    meaning: 'false：病历未提及该字段。明确否认属于已提及。',
  },
  text: { heading: '原文', meaning: '病历中的原词，一字不改。' },
  start: { heading: '起', meaning: '原词起点：病历全文的 UTF-16 单位，从 0 数起。' },
  end: { heading: '止', meaning: '原词终点，不含该位置。' },
  value: {
    heading: '值',
    meaning: '与原词不同的规范值：ISO 8601 日期、数字、true/false 或选项。',
  },
  unit: { heading: '单位', meaning: '值的单位。' },
  negated: { heading: '否定', meaning: '文中明确否认。空：方案或模型不作判断。' },
  uncertain: { heading: '疑似', meaning: '文中为疑似。空：方案或模型不作判断。' },
  historical: { heading: '既往', meaning: '文中为既往。空：方案或模型不作判断。' },
  experiencer: {
    heading: '所属人',
    meaning: 'patient 患者、family 家属、other 他人。空：方案或模型不作判断。',
  },
  group: { heading: '组', meaning: '所属的重复组。' },
  group_index: { heading: '组序号', meaning: '同组同序号的字段属于同一项。' },
  confidence: {
    heading: '置信度',
    meaning: '模型的把握，0 到 1：模型自身的概率，说明卡带有校准的按校准换算。空：模型不给出。',
  },
  standing: {
    heading: '状态',
    meaning: 'machine：无人处理；accepted 采纳、edited 修改、added 补充，均由医师所作。',
  },
  review: {
    heading: '审核方式',
    meaning: 'single 逐条；bulk 与屏幕上其他条目一并采纳；carried 沿用前次运行的决定。',
  },
  label: { heading: '标识', meaning: '是否经医师确认。请与数据一并保留。' },
  confirmed_by: {
    heading: '确认医师',
    meaning: '审核确认该记录的医师姓名；去标识化后为内部编号。',
  },
  confirmed_title: { heading: '职称', meaning: '确认医师的职称。' },
  confirmed_at: { heading: '确认时间', meaning: 'ISO 8601，协调世界时。' },
  schema: { heading: '方案', meaning: '方案的编号。' },
  schema_version: { heading: '方案版本', meaning: '方案的版本。空：已无从得知。' },
  model: { heading: '模型', meaning: '模型名称。' },
  model_sha256: { heading: '模型校验和', meaning: '模型文件的 SHA-256。' },
  status: {
    heading: '运行结果',
    meaning: 'completed 完成；incomplete、failed、stopped：只有部分结果。',
  },
  problem: { heading: '问题代码', meaning: '出错的代码。' },
  text_sha256: { heading: '全文校验和', meaning: '病历全文 UTF-8 的 SHA-256。' },
  deidentified: {
    heading: '去标识化',
    meaning: '找到的身份信息是否已替换。姓名可能有遗漏。',
  },
  evidence: { heading: '依据', meaning: '全部依据，写作 原词@起-止。' },
  records: { heading: '记录数', meaning: '本行所含的记录数。' },
  facts: { heading: '条目数', meaning: '本行所含的条目数。' },
  unconfirmed_facts: { heading: '未确认条目数', meaning: '其中未经医师确认的条目数。' },
  guarded: {
    heading: '已加撇号的列',
    meaning:
      '本行中哪些列（从 1 数起）的单元格前加了一个撇号，否则表格软件会计算或改写其内容。去掉一个撇号即还原。',
  },
  other: {
    heading: '其他',
    meaning:
      '方案中没有的类型，以及带有否定、疑似、既往、他人标记而方案不设此标记的原词：类型=原词；带标记者其后写 [!]，不可当作阳性结果。',
  },
};

export const exportColumns: Record<Locale, Record<ColumnId, ColumnText>> = { 'zh-CN': zhCN, en };

interface WideTexts {
  readonly flags: Record<FactFlag, string>;
  flagged(type: string): string;
  /** A column of one of several schemas. */
  ofSchema(schema: string, column: string): string;
  schemaMeaning(schema: string, id: string, version: number): string;
  /** A name that is given already. */
  numbered(name: string, n: number): string;
  readonly notMentioned: string;
  unit(field: string): string;
  evidence(column: string): string;
  typeMeaning(type: string, description: string): string;
  flaggedMeaning(type: string): string;
  flaggedFieldMeaning(field: string): string;
  fieldMeaning(field: string, description: string): string;
  memberMeaning(group: string, member: string, description: string): string;
  unitMeaning(field: string): string;
  evidenceMeaning(column: string): string;
  /** Appended to the meaning of every column that can hold several values. */
  readonly repeats: string;
  readonly dictionary: readonly string[];
  readonly columnTypes: Record<'text' | 'number' | 'yes-no', string>;
}

export const wideTexts: Record<Locale, WideTexts> = {
  'zh-CN': {
    flags: {
      negated: '否定',
      uncertain: '疑似',
      historical: '既往',
      family: '家属',
      other: '他人',
    },
    flagged: (type) => `${type}（带标记）`,
    ofSchema: (schema, column) => `${schema}：${column}`,
    schemaMeaning: (schema, id, version) => `方案“${schema}”（编号 ${id}，第 ${version} 版）。`,
    numbered: (name, n) => `${name}（${n}）`,
    notMentioned: '未提及',
    unit: (field) => `${field}（单位）`,
    evidence: (column) => `${column}（依据）`,
    typeMeaning: (type, description) =>
      `“${type}”中没有否定、疑似、既往、他人标记的原词。${description}`,
    flaggedMeaning: (type) => `“${type}”中带标记的原词，标记写在方括号内，不可当作阳性结果。`,
    flaggedFieldMeaning: (field) =>
      `字段“${field}”中带标记的值，标记写在方括号内，不可当作现有的阳性结果。`,
    fieldMeaning: (field, description) => `字段“${field}”的值，无规范值时为原词。${description}`,
    memberMeaning: (group, member, description) =>
      `重复组“${group}”的“${member}”。同组各列第 n 个值属于同一项，缺者留空；带标记者以方括号注明。${description}`,
    unitMeaning: (field) => `“${field}”的单位。`,
    evidenceMeaning: (column) => `列“${column}”各值的依据，写作 原词@起-止。`,
    repeats: '多个值按病历中的先后以“ | ”相隔；值内的 | 写作 \\|，\\ 写作 \\\\。',
    dictionary: ['列号', '列名', '类型', '含义'],
    columnTypes: { text: '文本', number: '数字', 'yes-no': 'true/false' },
  },
  en: {
    flags: {
      ...{ negated: 'negated', uncertain: 'uncertain', historical: 'historical' },
      ...{ family: 'family', other: 'other' },
    },
    flagged: (type) => `${type} (flagged)`,
    ofSchema: (schema, column) => `${schema}: ${column}`,
    schemaMeaning: (schema, id, version) => `Schema "${schema}" (id ${id}, version ${version}).`,
    numbered: (name, n) => `${name} (${n})`,
    notMentioned: 'not mentioned',
    unit: (field) => `${field} (unit)`,
    evidence: (column) => `${column} (evidence)`,
    typeMeaning: (type, description) =>
      `Words of "${type}" that are neither negated, uncertain, historical nor of somebody else. ${description}`.trim(),
    flaggedMeaning: (type) =>
      `Words of "${type}" with such flags, which stand in brackets: no positive findings.`,
    flaggedFieldMeaning: (field) =>
      `Values of the field "${field}" with such flags, which stand in brackets: no positive findings.`,
    fieldMeaning: (field, description) =>
      `Value of the field "${field}"; its words where it has no other. ${description}`.trim(),
    memberMeaning: (group, member, description) =>
      `"${member}" of the repeated group "${group}". The nth values of its columns belong together; one that is missing is empty, and flags stand in brackets. ${description}`.trim(),
    unitMeaning: (field) => `Unit of "${field}".`,
    evidenceMeaning: (column) => `Evidence of each value of "${column}", as words@start-end.`,
    repeats:
      'Several values stand in the order of the record, separated by " | "; within a value | is written \\| and \\ is written \\\\.',
    dictionary: ['number', 'column', 'type', 'meaning'],
    columnTypes: { text: 'text', number: 'number', 'yes-no': 'true/false' },
  },
};

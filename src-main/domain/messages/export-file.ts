/** What exported workbooks and pages say besides their data; apart, because only files hold it. */
import type { ExportedFact, ExportedRecord } from '../contract/export';
import type { Locale } from '../contract/ipc';
import type { FactFlag } from '../rules/export/fact-flags';

interface ExportFileTexts {
  readonly sheets: Record<'data' | 'about' | 'dictionary', string>;
  readonly about: {
    readonly key: string;
    readonly value: string;
    readonly label: string;
    readonly createdAt: string;
    readonly which: Record<'name' | 'confirmed' | 'all', string>;
    readonly deidentified: string;
    readonly records: string;
    readonly unconfirmedRecords: string;
    readonly partialRecords: string;
    readonly facts: string;
    readonly unconfirmedFacts: string;
    readonly cut: string;
  };
  readonly page: {
    readonly title: string;
    readonly summary: (
      counts: Record<'records' | 'facts' | 'unconfirmedFacts' | 'partialRecords', string>,
    ) => string;
    readonly deidentified: string;
    readonly createdAt: (when: string) => string;
    readonly legend: string;
    readonly record: (number: string) => string;
    readonly caseId: string;
    readonly text: string;
    readonly noText: string;
    readonly facts: string;
    readonly noFacts: string;
    readonly columns: Record<
      'type' | 'text' | 'value' | 'attributes' | 'section' | 'place' | 'confidence' | 'standing',
      string
    >;
    readonly attributes: Record<FactFlag, string>;
    readonly notMentioned: string;
    readonly standing: Record<ExportedFact['standing'], string>;
    readonly bulk: string;
    readonly machine: string;
    readonly confirmed: (name: string, title: string, when: string) => string;
    readonly unconfirmed: string;
    readonly status: Record<ExportedRecord['status'], string>;
    readonly ran: (schema: string, model: string) => string;
    readonly yes: string;
    readonly no: string;
  };
}

export const exportFileTexts: Record<Locale, ExportFileTexts> = {
  'zh-CN': {
    sheets: { data: '数据', about: '说明', dictionary: '数据字典' },
    about: {
      key: '项目',
      value: '内容',
      label: '标识',
      createdAt: '导出时间（协调世界时）',
      which: { name: '范围', confirmed: '仅经医师确认的记录', all: '全部，附状态' },
      deidentified: '已去标识化（姓名可能有遗漏）',
      records: '记录数',
      unconfirmedRecords: '其中未经医师确认',
      partialRecords: '其中未完成（部分结果）',
      facts: '条目数',
      unconfirmedFacts: '其中未经医师确认',
      cut: '因超出单元格长度而截断的单元格数',
    },
    page: {
      title: '病历抽取结果',
      summary: ({ records, facts, unconfirmedFacts, partialRecords }) =>
        `记录 ${records} 份，条目 ${facts} 条；未经医师确认 ${unconfirmedFacts} 条；未完成的记录 ${partialRecords} 份。`,
      deidentified: '已去标识化：找到的身份信息已替换，姓名可能有遗漏。',
      createdAt: (when) => `导出时间：${when}`,
      legend: '图例',
      record: (number) => `记录 ${number}`,
      caseId: '病例编号',
      text: '全文',
      noText: '本次导出不含病历全文。',
      facts: '条目',
      noFacts: '没有条目。',
      columns: {
        ...{ type: '类型', text: '原文', value: '值', attributes: '标记', section: '章节' },
        ...{ place: '位置', confidence: '置信度', standing: '状态' },
      },
      attributes: {
        ...{
          negated: '否定',
          uncertain: '疑似',
          historical: '既往',
          family: '家属',
          other: '他人',
        },
      },
      notMentioned: '未提及',
      standing: { machine: '未审核', accepted: '已采纳', edited: '已修改', added: '医师补充' },
      bulk: '批量',
      machine: '机器生成，未经医师确认',
      confirmed: (name, title, when) =>
        `审核确认：${[name, title].filter(Boolean).join(' ')}，${when}`,
      unconfirmed: '机器生成，未经医师确认',
      status: {
        completed: '已完成',
        incomplete: '未完成：只有部分结果',
        failed: '失败：只有部分结果',
        stopped: '已停止：只有部分结果',
      },
      ran: (schema, model) => `方案 ${schema} · 模型 ${model}`,
      yes: '是',
      no: '否',
    },
  },
  en: {
    sheets: { data: 'Data', about: 'About', dictionary: 'Dictionary' },
    about: {
      key: 'Item',
      value: 'Value',
      label: 'Label',
      createdAt: 'Exported at (UTC)',
      which: {
        name: 'Range',
        confirmed: 'Confirmed records only',
        all: 'All, with their standing',
      },
      deidentified: 'De-identified (names may be missed)',
      records: 'Records',
      unconfirmedRecords: 'Of these not confirmed by a doctor',
      partialRecords: 'Of these partial',
      facts: 'Facts',
      unconfirmedFacts: 'Of these not confirmed by a doctor',
      cut: 'Cells cut at the longest that a cell may be',
    },
    page: {
      title: 'Facts extracted from records',
      summary: ({ records, facts, unconfirmedFacts, partialRecords }) =>
        `${records} records, ${facts} facts; ${unconfirmedFacts} facts not confirmed by a doctor; ${partialRecords} partial records.`,
      deidentified: 'De-identified: what was found is replaced; names may be missed.',
      createdAt: (when) => `Exported ${when}`,
      legend: 'Legend',
      record: (number) => `Record ${number}`,
      caseId: 'Case',
      text: 'Text',
      noText: 'This export does not hold the text of the record.',
      facts: 'Facts',
      noFacts: 'No facts.',
      columns: {
        ...{ type: 'Type', text: 'Words', value: 'Value', attributes: 'Flags', section: 'Section' },
        ...{ place: 'Place', confidence: 'Confidence', standing: 'Standing' },
      },
      attributes: {
        ...{ negated: 'negated', uncertain: 'uncertain', historical: 'historical' },
        ...{ family: 'family', other: 'other person' },
      },
      notMentioned: 'not mentioned',
      standing: { machine: 'not reviewed', accepted: 'accepted', edited: 'edited', added: 'added' },
      bulk: 'in bulk',
      machine: 'machine-generated, not confirmed',
      confirmed: (name, title, when) =>
        `Confirmed by ${[name, title].filter(Boolean).join(', ')}, ${when}`,
      unconfirmed: 'Machine-generated, not confirmed by a doctor',
      status: {
        completed: 'completed',
        incomplete: 'incomplete: partial result',
        failed: 'failed: partial result',
        stopped: 'stopped: partial result',
      },
      ran: (schema, model) => `Schema ${schema} · model ${model}`,
      yes: 'yes',
      no: 'no',
    },
  },
};

/** What the system's dialog for saving suggests and says; apart, because main needs no other texts. */
import type { Locale } from '../contract/ipc';
import type { SaveFormat } from '../contract/save-file';

interface SaveDialogMessages {
  /** File names without ending. They say nothing of the record. @param stamp date and time */
  name(stamp: string, deidentified: boolean): string;
  factsName(stamp: string, deidentified: boolean): string;
  dictionaryName(stamp: string): string;
  schemaName(stamp: string): string;
  evaluationName(stamp: string): string;
  replyName(stamp: string): string;
  pairsName(stamp: string, form: 'sft' | 'dpo'): string;
  methodsName(stamp: string): string;
  /** Of the second of two dialogs, which otherwise looks as if the first had asked again. */
  readonly dictionaryTitle: string;
  readonly format: Record<SaveFormat, string>;
}

export const saveDialogMessages: Record<Locale, SaveDialogMessages> = {
  'zh-CN': {
    name: (stamp, deidentified) => (deidentified ? `去标识病历_${stamp}` : `病历_${stamp}`),
    factsName: (stamp, deidentified) =>
      deidentified ? `去标识抽取结果_${stamp}` : `抽取结果_${stamp}`,
    dictionaryName: (stamp) => `数据字典_${stamp}`,
    dictionaryTitle: '另存数据字典（对各列的说明）',
    schemaName: (stamp) => `抽取方案_${stamp}`,
    evaluationName: (stamp) => `评测结果_${stamp}`,
    replyName: (stamp) => `患者回复_${stamp}`,
    pairsName: (stamp, form) =>
      form === 'sft' ? `去标识微调数据_${stamp}` : `去标识偏好数据_${stamp}`,
    methodsName: (stamp) => `方法学描述_${stamp}`,
    format: {
      ...{ txt: '文本文件', csv: '逗号分隔的表格', xlsx: '电子表格', html: '网页' },
      ...{ json: 'JSON', jsonl: 'JSON（每行一条）', fhir: 'FHIR R4' },
    },
  },
  en: {
    name: (stamp, deidentified) =>
      deidentified ? `record-deidentified-${stamp}` : `record-${stamp}`,
    factsName: (stamp, deidentified) =>
      deidentified ? `facts-deidentified-${stamp}` : `facts-${stamp}`,
    dictionaryName: (stamp) => `data-dictionary-${stamp}`,
    dictionaryTitle: 'Save the data dictionary, which explains the columns',
    schemaName: (stamp) => `schema-${stamp}`,
    evaluationName: (stamp) => `evaluation-${stamp}`,
    replyName: (stamp) => `reply-${stamp}`,
    pairsName: (stamp, form) => `training-${form}-deidentified-${stamp}`,
    methodsName: (stamp) => `methods-${stamp}`,
    format: {
      ...{ txt: 'Text file', csv: 'Comma-separated table', xlsx: 'Workbook', html: 'Web page' },
      ...{ json: 'JSON', jsonl: 'JSON, a record a line', fhir: 'FHIR R4' },
    },
  },
};

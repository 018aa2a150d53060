/** What the system's dialog for saving suggests and says; apart, because main needs no other texts. */
import type { Locale } from '../contract/ipc';
import type { SaveFormat } from '../contract/save-file';

interface SaveDialogMessages {
  /** File names without ending. They say nothing of the record. @param stamp date and time */
  name(stamp: string, deidentified: boolean): string;
  readonly format: Record<SaveFormat, string>;
}

export const saveDialogMessages: Record<Locale, SaveDialogMessages> = {
  'zh-CN': {
    name: (stamp, deidentified) => (deidentified ? `去标识病历_${stamp}` : `病历_${stamp}`),
    format: { txt: '文本文件', csv: '逗号分隔的表格' },
  },
  en: {
    name: (stamp, deidentified) =>
      deidentified ? `record-deidentified-${stamp}` : `record-${stamp}`,
    format: { txt: 'Text file', csv: 'Comma-separated table' },
  },
};

/** How much a model can read at once, and what of it would be used, in English. */
import type { contextZh } from './context.zh-CN';

export const contextEn: typeof contextZh = {
  meter: 'Use of the context',
  use: (used, size) => `Context ${used} / ${size} tokens`,
  hint: 'How much the model can read at once, in tokens: about one a Chinese character. What does not fit is left out and listed here.',
  whole: 'The whole record is in it',
  searched: (parts, chars) =>
    `A long record: ${parts} passages of it were used, ${chars} characters`,
  usedParts: 'Passages used',
  leftOut: (parts, chars) => `Left out of the record: ${parts} passages, ${chars} characters`,
  chars: (count) => `${count} characters`,
  more: (count) => `${count} more`,
  costs: {
    instructions: (count) => `instructions ${count}`,
    dialogue: (count) => `conversation ${count}`,
    record: (count) => `record ${count}`,
    answer: (count) => `kept for the reply ${count}`,
  },
  allTurns: 'The whole conversation is in it',
  allTurnsAndRecord: 'The whole conversation and the whole record are in it',
  forgottenTurns: (count) => `Oldest messages left out: ${count}`,
  trailingTurns: (count) => `A doctor's messages after the patient's last, not used: ${count}`,
  forgottenList: 'Messages that do not fit and are left out',
  trailingList: 'Messages that are not used for drafting',
  leftOutOfRecord: "What of the record has little to do with the patient's words, or does not fit",
  usedForDrafts: (parts, chars) =>
    `Used of the record for these drafts: ${parts} passages, ${chars} characters`,
  nothingUsed: 'Nothing of the record was used for these drafts',
  allUsed: 'The whole record was used for these drafts',
  otherText: 'The record was changed since; what was used cannot be shown in its text of now.',
};

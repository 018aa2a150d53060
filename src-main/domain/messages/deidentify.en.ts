/** Exporting a text, as it is or de-identified, in English. */
import type { deidentifyZh } from './deidentify.zh-CN';

export const deidentifyEn = {
  button: 'Export text…',
  forbidden: 'The rules of this machine allow no export',
  heading: 'Export text',
  caution:
    'No search finds everything: in trials one name in ten was missed, and a rare disease, a job or an event can tell who it is. Read the whole text and correct it before you save.',
  cautionOriginal:
    'Exported as it is, the file takes what identifies the patient off this machine.',
  mode: {
    label: 'What to export',
    deidentified: 'De-identified text',
    original: 'Original text, unchanged',
  },
  onlyDeidentified:
    'The rules of this machine allow de-identified text only; all that was found is replaced.',
  finding: 'Looking for identifiers…',
  view: { label: 'Show', both: 'Both', original: 'Original', result: 'Result' },
  originalText: 'Original',
  resultText: 'Result',
  places: (count: string) => `${count} found`,
  kindsHeading: 'Identifiers',
  columnKey: 'Key',
  columnKind: 'Kind',
  columnCount: 'Found',
  columnChoice: 'What to do',
  kinds: {
    name: 'Name',
    id: 'ID number',
    phone: 'Telephone',
    address: 'Address',
    'hospital-number': 'Hospital number',
    'insurance-number': 'Insurance number',
    date: 'Date',
    institution: 'Institution',
    'bank-account': 'Bank account',
    plate: 'Car plate',
    contact: 'Online account',
  },
  choiceOf: (kind: string) => `What to do with: ${kind}`,
  choice: { replace: 'Replace', shift: 'Shift', keep: 'Keep' },
  shiftHint:
    'All dates move by the same number of days, so intervals stay within this export; the next one has another number.',
  maskedDates: (count: string) => `Incomplete dates that cannot move were replaced: ${count}.`,
  keptHint: 'With something kept, it does not count as de-identified.',
  add: {
    label: 'Add an identifier that was missed',
    words: 'Words to replace',
    placeholder: 'Select in the text and press the key of a kind, or type here',
    kind: 'Kind',
    submit: (count: string) => `Mark all ${count}`,
    none: 'Not in the text',
  },
  selected: {
    heading: 'Check each',
    hint: 'Click marked words, or go through them; what is none can be unmarked.',
    place: (at: string, of: string) => `${at} / ${of}`,
    previous: 'Previous',
    next: 'Next',
    removeOne: 'Unmark this one',
    removeAll: (count: string) => `Unmark all ${count} alike`,
  },
  save: 'Save…',
  saving: 'Saving…',
  saved: 'Saved at the chosen place',
  place: {
    link: 'The chosen file is a link; choose another name.',
    'not-a-file': 'What was chosen is no ordinary file; choose another name.',
    'no-folder': 'The chosen folder is no longer there.',
    'own-folder': "The chosen folder holds this program's own data; choose another one.",
  },
} satisfies typeof deidentifyZh;

/** One plain sentence and one way out for every error code, in English. */
import type { ErrorCode } from '../contract/errors';
import type { ErrorText } from './errors.zh-CN';

export const errorsEn: Record<ErrorCode, ErrorText> = {
  EMPTY_TEXT: {
    title: 'The text is empty',
    remedy: 'Paste or choose a record that has text in it.',
  },
  TEXT_TOO_LARGE: {
    title: 'The text is longer than one record may be',
    remedy: 'Split it by admission or by section and import the parts.',
  },
  FILE_UNREADABLE: {
    title: 'The file cannot be read',
    remedy:
      'Check that it is still there, not in use by another program, and that you may read it.',
  },
  FILE_EMPTY: { title: 'The file is empty', remedy: 'Check that it was exported completely.' },
  FILE_TOO_LARGE: { title: 'The file is too large', remedy: 'Split it and import the parts.' },
  FILE_NOT_TEXT: {
    title: 'This is not a text file',
    remedy: 'Save it as plain text in the program it came from, then import it.',
  },
  ENCODING_UNKNOWN: {
    title: "The file's text encoding was not recognised",
    remedy: 'Save it as a text file in UTF-8 or GB18030.',
  },
  UNSUPPORTED_FILE: {
    title: 'This kind of file is not supported',
    remedy: 'Files of the kinds txt, docx, pdf, csv and xlsx can be imported.',
  },
  FOLDER_UNREADABLE: {
    title: 'The folder cannot be read',
    remedy: 'Check that it is still there and may be read, then add it again.',
  },
  DOCUMENT_DAMAGED: {
    title: 'The file is damaged and cannot be read',
    remedy: 'Open it in its own program to check, save it as a new file and import that.',
  },
  DOCUMENT_ENCRYPTED: {
    title: 'The file needs a password to open',
    remedy: 'Remove the password in its own program, save a copy and import that.',
  },
  DOCUMENT_UNSAFE: {
    title: 'The file is built in a dangerous way and was not read',
    remedy: 'Check where it comes from; if it is a record, save a copy in its own program first.',
  },
  DOCUMENT_TOO_COMPLEX: {
    title: 'Reading the file took too long or too much memory and was stopped',
    remedy: 'Split the file, or save it as plain text, and import that.',
  },
  OLD_OFFICE_FORMAT: {
    title: 'This is a file of an older Office (doc, xls)',
    remedy: 'Save it as docx or xlsx and import that.',
  },
  SCANNED_PDF: {
    title: 'This PDF is a scan and holds no text that could be read',
    remedy: 'Export a PDF with text from the original system, or recognise its text first.',
  },
  ENCODING_MIXED: {
    title: 'The file mixes two text encodings',
    remedy: 'Look at the line that is named, save all of it as UTF-8 and import that.',
  },
  TABLE_NEEDS_COLUMNS: {
    title: 'This is a table; the column with the text must be chosen',
    remedy:
      'Choose the text column (--text-column on the command line), and a case id column if wanted.',
  },
  TABLE_NEEDS_BATCH: {
    title: 'A table holds many records and cannot be opened as one',
    remedy: 'Add it to a batch and choose the column with the text there.',
  },
  TABLE_COLUMN_MISSING: {
    title: 'The table has no such column',
    remedy: 'Check the name or number of the column, and whether the first row holds headings.',
  },
  TABLE_SHEET_MISSING: {
    title: 'The workbook has no such sheet',
    remedy: 'Check the name of the sheet.',
  },
  TABLE_EMPTY: {
    title: 'The table has no rows of data',
    remedy: 'Check that it was exported completely, or choose another sheet.',
  },
  TABLE_DAMAGED: {
    title: 'The table cannot be read from some row on',
    remedy: 'Look at the row that is named: a quotation mark may be missing, or it is too long.',
  },
  TABLE_CELL_WITHOUT_VALUE: {
    title: 'A cell is a formula or an error and holds nothing to read',
    remedy: 'Open the table in Excel, recalculate or correct the cell, save and try again.',
  },
  COPY_TOO_LARGE: {
    title: 'Too much is selected; it was not copied',
    remedy: 'Copy it in parts of at most one megabyte.',
  },
  NETWORK_PATH: {
    title: 'The file is on another computer; it was not opened',
    remedy: 'Choose it with the button, in the dialog, or copy it to this computer first.',
  },
  MODEL_MISSING: {
    title: 'The model file was not found',
    remedy: 'Check that it is where it was, or install the program again.',
  },
  MODEL_EMPTY: { title: 'The model file is empty', remedy: 'Copy the model file again.' },
  MODEL_NOT_GGUF: {
    title: 'This is not a GGUF model file',
    remedy: 'Choose a model file in GGUF format.',
  },
  MODEL_TRUNCATED: {
    title: 'The model file is incomplete',
    remedy: 'It may not have been copied to the end: copy it again and compare the size.',
  },
  MODEL_STRUCTURE: {
    title: "The model file's structure is wrong; it was not loaded",
    remedy: 'Get the model file again from a trusted source.',
  },
  MODEL_CHECKSUM: {
    title: 'The model file does not match the checksum on its card; it was not loaded',
    remedy: 'It may be damaged or changed: get it again from a trusted source.',
  },
  MODEL_CARD_INVALID: {
    title: 'The model card is not valid',
    remedy: 'Use the card that belongs to the model file.',
  },
  MODEL_ARCHITECTURE: {
    title: "This program does not support the model's architecture",
    remedy: 'Use a model of the Llama architecture, or another one that the catalogue names.',
  },
  MODEL_SETTINGS_INVALID: {
    title: 'One of the settings does not suit this model or this computer',
    remedy: 'Change the setting named, or set it to automatic.',
  },
  MODEL_DOES_NOT_FIT: {
    title: 'There is not enough memory for these settings; the model was not loaded',
    remedy:
      'Choose a shorter context, fewer sequences, fewer GPU layers or automatic; or a smaller quantization.',
  },
  MODEL_OUT_OF_MEMORY: {
    title: 'There was not enough memory; the model was not loaded',
    remedy:
      'Close programs that use much memory and try again, or choose a shorter context or a smaller model file.',
  },
  GPU_OUT_OF_MEMORY: {
    title: 'The graphics card has not enough memory; the model was not loaded onto it',
    remedy:
      'Close programs that use the graphics card, choose fewer GPU layers or a shorter context, or run on the processor.',
  },
  GPU_DRIVER: {
    title: 'The driver of the graphics card is missing or too old',
    remedy: 'Have the driver installed or updated; until then the model can run on the processor.',
  },
  GPU_FAILED: {
    title: 'The graphics card failed; the model was not loaded onto it',
    remedy:
      'Restart the computer and try again; if it fails again, choose the processor in the model settings.',
  },
  CPU_UNSUPPORTED: {
    title: "This computer's processor or system cannot run the model",
    remedy: 'Use another computer, or check that the installed version is the one for this system.',
  },
  MODEL_LOAD_FAILED: {
    title: 'The model could not be loaded',
    remedy:
      'Close programs that use much memory and restart the model; if it fails again, use a smaller one.',
  },
  MODEL_CHANGED: {
    title: 'The model file is no longer the one that was imported',
    remedy:
      'It was replaced or modified. Put the original back, or import the present file as another model.',
  },
  MODEL_UNKNOWN: {
    title: 'The library has no such model',
    remedy: 'Import it again on the Models page, or choose another one.',
  },
  TEMPLATE_UNUSABLE: {
    title: 'The model file brings no usable prompt format',
    remedy: "Choose another format from the list; its publisher's page says which it was made for.",
  },
  IMPORT_BUSY: {
    title: 'Another model is being imported',
    remedy: 'Wait until it is done, or cancel it first.',
  },
  MODEL_NOT_READY: {
    title: 'The model is not loaded yet',
    remedy: 'Try again when the status bar says ready.',
  },
  CHECKPOINT_MISSING: {
    title: 'The folder of the checkpoint was not found',
    remedy: 'Name the folder that holds config.json and the weights.',
  },
  CHECKPOINT_INCOMPLETE: {
    title: 'The checkpoint is incomplete: a file is missing or was not copied to the end',
    remedy: 'Copy the file named again and compare its size with the original.',
  },
  CHECKPOINT_INVALID: {
    title: 'A file of the checkpoint is damaged or does not fit the others',
    remedy: 'Get the file named again from the place that the checkpoint came from.',
  },
  CHECKPOINT_UNSAFE: {
    title: 'A file of the checkpoint asks to run a program; it was refused and nothing was run',
    remedy: 'Do not use this file: get the checkpoint from its publisher.',
  },
  CHECKPOINT_UNSUPPORTED: {
    title: 'This kind of checkpoint cannot be converted',
    remedy: 'Llama checkpoints with a SentencePiece tokenizer can be; ask for such a release.',
  },
  QUANTIZE_FAILED: {
    title: 'The model could not be quantized; nothing was written',
    remedy: 'Close programs that use much memory and try again, or choose another type.',
  },
  CONVERTER_DIED: {
    title: 'The conversion ended unexpectedly; no file was left behind',
    remedy: 'Close programs that use much memory and try again.',
  },
  CONVERSION_BUSY: {
    title: 'Another checkpoint is being converted',
    remedy: 'Wait until it is done, or cancel it first.',
  },
  SCHEMA_UNKNOWN: { title: 'There is no such schema', remedy: 'Choose a schema from the list.' },
  SCHEMA_NOT_SUPPORTED: {
    title: 'The loaded model does not serve this schema',
    remedy: 'Choose a schema that the model serves, or another model.',
  },
  SCHEMA_INVALID: {
    title: 'The schema has faults',
    remedy: 'Correct what is listed, then save or run it.',
  },
  SCHEMA_FILE_INVALID: {
    title: 'This file is no schema',
    remedy:
      'Choose a JSON file that this program exported; in one of your own, correct the line named.',
  },
  STRATEGY_NOT_SUPPORTED: {
    title: 'The loaded model does not support the way of extraction asked for',
    remedy: 'Use another model, or check the model card.',
  },
  TASK_NOT_SUPPORTED: {
    title: 'This model can neither answer questions nor draft text',
    remedy: 'The built-in model only extracts. Import or assign a model that can converse.',
  },
  EMPTY_QUESTION: {
    title: 'There is no question yet',
    remedy: 'Type a question, or use a quick one.',
  },
  QUESTION_TOO_LONG: {
    title: 'The question is too long',
    remedy: 'Shorten it; the record itself need not be in the question.',
  },
  NO_PATIENT_TURN: {
    title: 'The conversation holds nothing that a patient says',
    remedy: "Paste the patient's messages, or mark one of the turns as the patient's.",
  },
  DIALOGUE_INVALID: {
    title: 'The file is no conversation',
    remedy: 'It should be {"turns":[{"role":"patient","text":"…"}]}, the role patient or doctor.',
  },
  REPLY_EMPTY: {
    title: 'The reply is still empty',
    remedy: 'Write it before you approve it.',
  },
  REPLY_ORDER_OPEN: {
    title: 'A medication has not been filled in',
    remedy: 'Type your order in the place of each placeholder, or delete it.',
  },
  REPLY_LOCKED: {
    title: 'This reply is approved and can no longer be changed',
    remedy: 'Choose Write another: it takes the conversation along, and the approved one stays.',
  },
  REPLY_NOT_APPROVED: {
    title: 'No doctor has approved this reply, so it cannot be copied or exported',
    remedy:
      'Read, correct and approve it first. If it is approved, it is not what was approved: write another.',
  },
  CONTEXT_EXCEEDED: {
    title: 'The text is longer than the model can take at once',
    remedy: 'Split the record, or use a model with a longer context.',
  },
  DECODE_FAILED: {
    title: 'The model failed on this text',
    remedy: 'Run again; if it keeps happening, note the code and tell your IT office.',
  },
  LENGTH_LIMIT: {
    title: 'The length limit was reached; the result is incomplete',
    remedy: 'What was found can be used; split the record and run the rest again.',
  },
  DATASET_LINE_INVALID: {
    title: 'A line of the data set has the wrong form',
    remedy:
      'Check the line or question and the field named. Line 0 is the file as a whole: its encoding, its form.',
  },
  DATASET_LABELS_UNKNOWN: {
    title: 'The data set has labels that no label mapping knows',
    remedy:
      'Write a label mapping for this data set and choose it for the evaluation (--labels on the command line).',
  },
  LABEL_FILE_INVALID: {
    title: 'The label mapping is not valid',
    remedy: 'Correct the field named; the mappings that come with the program are examples.',
  },
  EVALUATION_NOTHING_TO_SCORE: {
    title: 'There is nothing to score',
    remedy:
      'No annotation of the chosen data is of a type of this schema: choose another schema, data file or label mapping.',
  },
  EVALUATION_RUN_CHANGED: {
    title: 'The settings of the model changed during the evaluation, which has been stopped',
    remedy:
      'An evaluation uses the same settings from beginning to end: leave the model as it is meanwhile, and start again.',
  },
  HOST_DIED: {
    title: 'The model process ended unexpectedly',
    remedy: 'It restarts by itself; try again when it is ready. No record was lost.',
  },
  HOST_UNAVAILABLE: {
    title: 'The model process could not be started',
    remedy: 'Restart the model in the status bar; if it fails again, restart the program.',
  },
  WORKER_DIED: {
    title: 'The storage process ended unexpectedly',
    remedy: 'It restarts by itself; what is on screen is kept. Try again in a moment.',
  },
  PORT_CLOSED: {
    title: 'An internal connection was closed',
    remedy: 'Try again; if it fails again, restart the program.',
  },
  BAD_REQUEST: {
    title: 'An internal request had the wrong form',
    remedy: 'Try again; if it keeps happening, note the code and tell your IT office.',
  },
  BAD_REPLY: {
    title: 'An internal answer had the wrong form',
    remedy: 'Try again; if it keeps happening, note the code and tell your IT office.',
  },
  UNKNOWN_METHOD: {
    title: 'Parts of the program are of different versions',
    remedy: 'Restart the program; if it fails again, install it again.',
  },
  FORBIDDEN_SENDER: {
    title: 'A request from a foreign page was refused',
    remedy: 'Restart the program; if it keeps happening, tell your IT office.',
  },
  DISK_FULL: {
    title: 'The disk is full; nothing was saved',
    remedy: 'Free some space and try again; what is on screen is kept.',
  },
  DISK_SPACE: {
    title: 'There is not enough free disk space; nothing was begun',
    remedy: 'Free the space named (in bytes), or choose another disk.',
  },
  STORE_READ_FAILED: {
    title: 'The record store could not be read',
    remedy: 'Check the disk, then restart the program.',
  },
  STORE_WRITE_FAILED: {
    title: 'Writing failed; nothing was saved',
    remedy: 'Check free space and permissions and try again; what is on screen is kept.',
  },
  STORE_CORRUPT: {
    title: 'A file of the record store is damaged',
    remedy: 'Do not delete the data folder: copy it first, then tell your IT office.',
  },
  STORE_NEWER: {
    title: 'The record store was made by a newer version of the program',
    remedy: 'Install a newer version and open it again.',
  },
  STORE_LOCKED: {
    title: 'The record store is in use by another program',
    remedy: 'Close the other running workstation and try again.',
  },
  SEAL_INVALID: {
    title: 'A sealed row failed its check; it may be damaged or changed',
    remedy: 'Do not delete the data folder: copy it first, then tell your IT office.',
  },
  STORE_TAMPERED: {
    title: 'The record store was changed from outside and is refused',
    remedy: 'Tell your IT office now and stop working here; restore a backup that you trust.',
  },
  STORE_OTHER_KEY: {
    title: 'The record store belongs to another key',
    remedy: 'The data folder may come from another workstation: tell your IT office.',
  },
  ROW_RESTORED: {
    title: 'Stored data was changed from outside and has been put right from the journal',
    remedy: 'Nothing is lost. If it happens again, tell your IT office.',
  },
  RECORD_KEY_LOST: {
    title: 'The key of this record is damaged, so it stays closed',
    remedy: 'Other records are not affected. Restore a backup to get this one back.',
  },
  RECORD_KEYS_MISSING: {
    title: 'The file with the keys of the records is missing or damaged',
    remedy: 'Do not delete the data folder: restore the newest backup, or tell your IT office.',
  },
  KEY_UNREADABLE: {
    title: 'The data key cannot be read, so the records stay closed',
    remedy: 'Do not delete the data folder: check that it is readable, or tell your IT office.',
  },
  VAULT_LOCKED: { title: 'The workstation is locked', remedy: 'Sign in again and retry.' },
  FORBIDDEN_ROLE: {
    title: 'Your role does not allow this',
    remedy: 'If you need it, ask the administrator of this workstation.',
  },
  KEYRING_DAMAGED: {
    title: 'The file of users is damaged, so nobody can sign in',
    remedy: 'Do not delete the data folder: restore the newest backup, or tell your IT office.',
  },
  KEYRING_TAMPERED: {
    title: 'The file of users was changed from outside and is refused',
    remedy: 'Tell your IT office now and stop working here; restore a backup that you trust.',
  },
  PASSPHRASE_WRONG: {
    title: 'The passphrase is wrong',
    remedy:
      'Check the input method and capitals; if you forgot it, the recovery words set a new one.',
  },
  PASSPHRASE_TOO_SHORT: {
    title: 'The passphrase is too short',
    remedy: 'A few unrelated words in a row are easy to remember and safe.',
  },
  PASSPHRASE_TOO_LONG: { title: 'The passphrase is too long', remedy: 'Use a shorter one.' },
  PASSPHRASE_COMMON: {
    title: 'The passphrase is too easy to guess',
    remedy:
      'Avoid your name, staff number, runs and repeats; a few unrelated words in a row will do.',
  },
  SIGN_IN_DELAYED: {
    title: 'Too many wrong passphrases; signing in is paused',
    remedy:
      'Wait, then try again. An administrator, or the recovery words, can set a new passphrase.',
  },
  RECOVERY_WORDS_INVALID: {
    title: 'The recovery words are not right',
    remedy: 'Compare the twelve words with what you wrote down.',
  },
  RECOVERY_WRONG: {
    title: 'These recovery words belong to other data',
    remedy: 'Check that they are the newest ones made on this workstation.',
  },
  STAFF_NUMBER_TAKEN: {
    title: 'This staff number already has a user',
    remedy: 'Everybody uses an account of their own; check the number.',
  },
  USER_UNKNOWN: {
    title: 'This user was not found',
    remedy: 'The account may have been removed: choose again.',
  },
  LAST_OF_ROLE: {
    title: 'The last user of a role cannot be removed',
    remedy: 'Add another administrator or doctor first.',
  },
  POLICY_INVALID: {
    title: 'The policy file of this machine is wrong, so nobody can sign in',
    remedy: 'Ask your IT office to correct it, then start the program again.',
  },
  POLICY_FORBIDS: {
    title: 'The policy of this machine does not allow this',
    remedy: 'If you need it, ask your IT office.',
  },
  AUDIT_TAMPERED: {
    title: 'The audit log was changed or cut',
    remedy: 'Tell your IT office; the audit screen says from which entry on it is not certain.',
  },
  KEYRING_ROLLED_BACK: {
    title: 'The file of users was replaced by an older one',
    remedy: 'Tell your IT office now: users who were removed may be able to sign in again.',
  },
  JOURNAL_ROLLED_BACK: {
    title: 'The records were replaced by an older copy',
    remedy:
      'Tell your IT office now: newer content may be missing and can be restored from a backup.',
  },
  RECORD_NOT_FOUND: {
    title: 'This record was not found',
    remedy: 'It may have been deleted: choose again from the list.',
  },
  RECORD_IN_BIN: {
    title: 'This record is in the bin',
    remedy: 'If it is still wanted, restore it from the bin and try again.',
  },
  VERSION_CONFLICT: {
    title: 'This record was just changed in another window',
    remedy: 'Open the record again, then change it.',
  },
  REVIEW_LOCKED: {
    title: 'This review is confirmed and can no longer be changed',
    remedy:
      'To correct it, choose Amend: a new version begins, and the confirmed one stays as it is.',
  },
  REVIEW_INCOMPLETE: {
    title: 'Some facts are still undecided',
    remedy: 'Accept or reject each fact and settle the conflicts, then confirm.',
  },
  SAMPLE_EMPTY: {
    title: 'There is no record to draw',
    remedy: 'Only records confirmed under this schema can be drawn. Review and confirm some first.',
  },
  SAMPLE_NOT_BLIND: {
    title: 'You confirmed records of this sample yourself',
    remedy: 'The second review has to be made by a doctor who confirmed none of them.',
  },
  SAMPLE_TAKEN: {
    title: 'Another doctor is making this second review',
    remedy: 'Let them go on, or draw a sample of your own.',
  },
  SAMPLE_OWN_REVIEW: {
    title: 'You reviewed this record yourself',
    remedy:
      'A third doctor should adjudicate it. Where there is none, who drew the sample can allow it under Research; the methods paragraph then says so.',
  },
  SAMPLE_NOT_READY: {
    title: 'The second review is not finished',
    remedy: 'Confirm every record of the sample, then compute the agreement.',
  },
  CONFIRMATION_INVALID: {
    title: 'The confirmation did not take effect',
    remedy:
      'The review is saved, but the confirmation does not match it or the doctor who is signed in. Open the record again and confirm once more.',
  },
  BACKUP_INCOMPLETE: {
    title: 'This backup is not complete',
    remedy: 'Choose another backup; keep this one until the records are back.',
  },
  BACKUP_TAMPERED: {
    title: 'This backup was changed, or belongs to another workstation',
    remedy: 'Choose a backup that you trust, and tell your IT office.',
  },
  BACKUP_NOT_VERIFIED: {
    title: 'The backup could not be read back and was discarded',
    remedy: 'Check the disk or network folder, then make the backup again.',
  },
  BACKUP_NOT_FOUND: {
    title: 'There is no backup in this folder',
    remedy: 'Choose the folder that backups are kept in, or one of the backups.',
  },
  BACKUP_PLACE_MISSING: {
    title: 'The place for backups was not found, so no backup was made',
    remedy: 'Attach the disk or connect the network folder and try again, or choose another place.',
  },
  BACKUP_PLACE_INSIDE: {
    title: 'A backup cannot go into the program’s own data folder',
    remedy: 'Choose another folder, best on another disk.',
  },
  BATCH_MISSING: {
    title: 'This batch is not there any more',
    remedy: 'What it finished is among the records; begin a new batch for the rest.',
  },
  BATCH_DAMAGED: {
    title: 'The file of this batch is damaged, so it cannot go on',
    remedy: 'Records are not affected. What it finished is saved; begin a new batch for the rest.',
  },
  BATCH_TAMPERED: {
    title: 'The file of this batch was changed from outside and is refused',
    remedy: 'Tell your IT office. Records are not affected; begin a new batch for what is missing.',
  },
  BATCH_OTHER_KEY: {
    title: 'This batch belongs to another key',
    remedy:
      'Its file may come from another workstation: tell your IT office, or begin a new batch.',
  },
  BATCH_RUN_CHANGED: {
    title: 'The model runs with other settings than this batch began with; the batch is paused',
    remedy:
      'A batch uses the same settings from beginning to end: set them back and resume, or cancel it and begin another.',
  },
  BATCH_HOLDS_RECORD: {
    title: 'This record is in a batch that is not done, and cannot be deleted for good yet',
    remedy: 'Wait until the batch is done, or take the batch off the list first.',
  },
  RESTORE_NOT_EMPTY: {
    title: 'There are records here already, so nothing was restored',
    remedy: 'A backup is restored into an empty data folder only.',
  },
  OUTPUT_EXISTS: {
    title: 'The output file exists and was not overwritten',
    remedy: 'Choose another name, or add --force to overwrite it.',
  },
  OUTPUT_UNWRITABLE: {
    title: 'The output file cannot be written',
    remedy: 'Check that the folder exists, free space and permissions.',
  },
  RESUME_OTHER_RUN: {
    title:
      'The results in the output are of another model, schema or settings; nothing was resumed',
    remedy:
      'Resume with the same model, schema and options; to begin anew, name another output or add --force.',
  },
  RESUME_FILE_INVALID: {
    title: 'A line of the output to be resumed is no result of an extraction',
    remedy:
      'Check whether it is the right file; to begin anew, name another output or add --force.',
  },
  SAVE_EXPIRED: {
    title: 'The chosen place is no longer valid; nothing was written',
    remedy: 'Press Save again and choose a place.',
  },
  EXPORT_TOO_LARGE: {
    title: 'The export is larger than this kind of file may be',
    remedy: 'Export fewer records at a time, or choose CSV or JSONL.',
  },
  EXPORT_TEXT_MISSING: {
    title: 'Facts alone, without the text of their record, cannot be de-identified',
    remedy: 'Run the extraction itself with --deidentify, and export its results.',
  },
  RESULT_LINE_INVALID: {
    title: 'A line is no result of an extraction',
    remedy: 'Give the JSONL that the extraction wrote, unchanged.',
  },
  USAGE: { title: 'The command was used in a wrong way', remedy: 'See --help.' },
  INTERNAL: {
    title: 'Something unexpected went wrong',
    remedy: 'Try again; if it keeps happening, tell your IT office the code and the incident id.',
  },
};

/**
 * Every failure a person can meet, as a closed union of codes.
 *
 * A code is a stable identifier: it is shown beside the plain-words message, written to
 * logs (which hold nothing clinical) and printed by the CLI. Texts live in `messages/`.
 */
import * as z from 'zod';

export const errorCodes = [
  // text and files
  'EMPTY_TEXT',
  'TEXT_TOO_LARGE',
  'FILE_UNREADABLE',
  'FILE_EMPTY',
  'FILE_TOO_LARGE',
  'FILE_NOT_TEXT',
  'ENCODING_UNKNOWN',
  'UNSUPPORTED_FILE',
  'FOLDER_UNREADABLE',
  // documents and tables
  'DOCUMENT_DAMAGED',
  'DOCUMENT_ENCRYPTED',
  'DOCUMENT_UNSAFE',
  'DOCUMENT_TOO_COMPLEX',
  'OLD_OFFICE_FORMAT',
  'SCANNED_PDF',
  'ENCODING_MIXED',
  'TABLE_NEEDS_COLUMNS',
  'TABLE_NEEDS_BATCH',
  'TABLE_COLUMN_MISSING',
  'TABLE_SHEET_MISSING',
  'TABLE_EMPTY',
  'TABLE_DAMAGED',
  'TABLE_CELL_WITHOUT_VALUE',
  'COPY_TOO_LARGE',
  'NETWORK_PATH',
  // model files
  'MODEL_MISSING',
  'MODEL_EMPTY',
  'MODEL_NOT_GGUF',
  'MODEL_TRUNCATED',
  'MODEL_STRUCTURE',
  'MODEL_CHECKSUM',
  'MODEL_CARD_INVALID',
  'MODEL_ARCHITECTURE',
  'MODEL_SETTINGS_INVALID',
  'MODEL_DOES_NOT_FIT',
  'MODEL_OUT_OF_MEMORY',
  'GPU_OUT_OF_MEMORY',
  'GPU_DRIVER',
  'GPU_FAILED',
  'CPU_UNSUPPORTED',
  'MODEL_LOAD_FAILED',
  'MODEL_NOT_READY',
  'MODEL_CHANGED',
  'MODEL_UNKNOWN',
  'TEMPLATE_UNUSABLE',
  'IMPORT_BUSY',
  // released checkpoints
  'CHECKPOINT_MISSING',
  'CHECKPOINT_INCOMPLETE',
  'CHECKPOINT_INVALID',
  'CHECKPOINT_UNSAFE',
  'CHECKPOINT_UNSUPPORTED',
  'QUANTIZE_FAILED',
  'CONVERSION_BUSY',
  'CONVERTER_DIED',
  // extraction
  'SCHEMA_UNKNOWN',
  'SCHEMA_NOT_SUPPORTED',
  'SCHEMA_INVALID',
  'SCHEMA_FILE_INVALID',
  'STRATEGY_NOT_SUPPORTED',
  'TASK_NOT_SUPPORTED',
  'EMPTY_QUESTION',
  'QUESTION_TOO_LONG',
  'NO_PATIENT_TURN',
  'DIALOGUE_INVALID',
  'REPLY_EMPTY',
  'REPLY_ORDER_OPEN',
  'REPLY_LOCKED',
  'REPLY_NOT_APPROVED',
  'CONTEXT_EXCEEDED',
  'DECODE_FAILED',
  'LENGTH_LIMIT',
  // annotated data sets
  'DATASET_LINE_INVALID',
  'DATASET_LABELS_UNKNOWN',
  'LABEL_FILE_INVALID',
  'EVALUATION_NOTHING_TO_SCORE',
  'EVALUATION_RUN_CHANGED',
  // processes
  'HOST_DIED',
  'HOST_UNAVAILABLE',
  'WORKER_DIED',
  'PORT_CLOSED',
  'BAD_REQUEST',
  'BAD_REPLY',
  'UNKNOWN_METHOD',
  'FORBIDDEN_SENDER',
  // storage
  'DISK_FULL',
  'DISK_SPACE',
  'STORE_READ_FAILED',
  'STORE_WRITE_FAILED',
  'STORE_CORRUPT',
  'STORE_NEWER',
  'STORE_LOCKED',
  'SEAL_INVALID',
  'STORE_TAMPERED',
  'STORE_OTHER_KEY',
  'ROW_RESTORED',
  'RECORD_KEY_LOST',
  'RECORD_KEYS_MISSING',
  'KEY_UNREADABLE',
  // users and the lock
  'VAULT_LOCKED',
  'FORBIDDEN_ROLE',
  'KEYRING_DAMAGED',
  'KEYRING_TAMPERED',
  'PASSPHRASE_WRONG',
  'PASSPHRASE_TOO_SHORT',
  'PASSPHRASE_TOO_LONG',
  'PASSPHRASE_COMMON',
  'SIGN_IN_DELAYED',
  'RECOVERY_WORDS_INVALID',
  'RECOVERY_WRONG',
  'STAFF_NUMBER_TAKEN',
  'USER_UNKNOWN',
  'LAST_OF_ROLE',
  'POLICY_INVALID',
  'POLICY_FORBIDS',
  'AUDIT_TAMPERED',
  'KEYRING_ROLLED_BACK',
  'JOURNAL_ROLLED_BACK',
  'RECORD_NOT_FOUND',
  'RECORD_IN_BIN',
  'VERSION_CONFLICT',
  // reviews
  'REVIEW_LOCKED',
  'REVIEW_INCOMPLETE',
  'CONFIRMATION_INVALID',
  // research
  'SAMPLE_EMPTY',
  'SAMPLE_NOT_BLIND',
  'SAMPLE_TAKEN',
  'SAMPLE_OWN_REVIEW',
  'SAMPLE_NOT_READY',
  // backups
  'BACKUP_INCOMPLETE',
  'BACKUP_TAMPERED',
  'BACKUP_NOT_VERIFIED',
  'RESTORE_NOT_EMPTY',
  'BACKUP_NOT_FOUND',
  'BACKUP_PLACE_MISSING',
  'BACKUP_PLACE_INSIDE',
  // boxes of batches
  'BATCH_MISSING',
  'BATCH_DAMAGED',
  'BATCH_TAMPERED',
  'BATCH_OTHER_KEY',
  'BATCH_RUN_CHANGED',
  'BATCH_HOLDS_RECORD',
  // files that are written, and the command line
  'OUTPUT_EXISTS',
  'OUTPUT_UNWRITABLE',
  'RESUME_OTHER_RUN',
  'RESUME_FILE_INVALID',
  'SAVE_EXPIRED',
  'EXPORT_TOO_LARGE',
  'EXPORT_TEXT_MISSING',
  'RESULT_LINE_INVALID',
  'USAGE',
  'INTERNAL',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** What crosses a border when something fails: no stack, no clinical text. */
export const problemSchema = z.object({
  code: z.enum(errorCodes),
  /** Numbers and technical words for the message; never clinical text. */
  params: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  /** Short id that a person can read out to support; also in the log. */
  incident: z.string().optional(),
});
export type Problem = z.infer<typeof problemSchema>;

/** An error with a code of the closed union. Anything else that is thrown is `INTERNAL`. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly params: Record<string, string | number> | undefined;
  /** Of an internal error on the other side of a border. */
  readonly incident: string | undefined;

  constructor(
    code: ErrorCode,
    options: {
      params?: Record<string, string | number> | undefined;
      incident?: string | undefined;
      cause?: unknown;
    } = {},
  ) {
    super(code, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.params = options.params;
    this.incident = options.incident;
  }

  /** The part of the error that may cross a process border. */
  toProblem(): Problem {
    return {
      code: this.code,
      ...(this.params ? { params: this.params } : {}),
      ...(this.incident ? { incident: this.incident } : {}),
    };
  }
}

/** Turns whatever was thrown into a problem; unknown errors become `INTERNAL` with an incident id. */
export function problemOf(error: unknown): Problem {
  if (error instanceof AppError) return error.toProblem();
  return { code: 'INTERNAL', incident: incidentId() };
}

/** Eight hexadecimal digits, enough to find a line in one machine's log. */
export function incidentId(): string {
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(4));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** One record, de-identified as the command's options say. */
import { randomBytes } from 'node:crypto';
import { readStart, openFile } from '../documents/read-file';
import { AppError } from '../domain/contract/errors';
import { patientShiftDays } from '../domain/rules/deidentify/date-shift';
import { deidentifiedText } from '../domain/rules/deidentify/deidentified-text';
import { findIdentifiers } from '../domain/rules/deidentify/find-identifiers';
import type { IdentifierKind } from '../domain/rules/deidentify/identifier';

export interface DeidentifyChoice {
  readonly dates: 'mask' | 'shift';
  /** A file whose bytes decide the shift; without one every record is shifted by its own chance. */
  readonly key?: string;
}

export interface DeidentifiedRecord {
  readonly text: string;
  readonly identifiers: readonly {
    readonly kind: IdentifierKind;
    /** In the de-identified text. */
    readonly start: number;
    readonly end: number;
    readonly replacement: string;
    /** In the original text. */
    readonly original: { readonly text: string; readonly start: number; readonly end: number };
  }[];
  readonly counts: Partial<Record<IdentifierKind, number>>;
  /** Whether a span of the new text begins or ends in a placeholder: it is no finding, or half of one. */
  endsInPlaceholder(start: number, end: number): boolean;
}

/** Fewer bytes could be tried out. */
const leastKeyBytes = 16;
const mostKeyBytes = 1_048_576;

/**
 * @returns what de-identifies one record after the other
 * @throws AppError `FILE_UNREADABLE`, `USAGE` for a key that is too short, too long or not used
 */
export async function recordDeidentifier({
  dates,
  key,
}: DeidentifyChoice): Promise<(text: string) => Promise<DeidentifiedRecord>> {
  if (key !== undefined && dates !== 'shift')
    throw new AppError('USAGE', { params: { needed: '--dates shift' } });
  const secret = key === undefined ? null : await readKey(key);
  const shiftOf = (): Promise<number> => patientShiftDays(secret ?? randomKey(), '');
  return async (text) =>
    deidentifiedRecord(text, dates === 'shift' ? { shiftDays: await shiftOf() } : {});
}

function deidentifiedRecord(text: string, policy: { shiftDays?: number }): DeidentifiedRecord {
  const done = deidentifiedText(text, findIdentifiers(text), policy);
  return {
    text: done.text,
    counts: done.counts,
    endsInPlaceholder: done.endsInPlaceholder,
    identifiers: done.replacements.map(({ kind, replacement, start, end, newStart, newEnd }) => ({
      kind,
      start: newStart,
      end: newEnd,
      replacement,
      original: { text: text.slice(start, end), start, end },
    })),
  };
}

function randomKey(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(randomBytes(32));
}

async function readKey(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const { file, bytes } = await openFile(path).catch((cause: unknown) => {
    throw new AppError('FILE_UNREADABLE', { params: { path }, cause });
  });
  try {
    if (bytes < leastKeyBytes || bytes > mostKeyBytes)
      throw new AppError('USAGE', { params: { path, bytes, least: leastKeyBytes } });
    return new Uint8Array(await readStart(file, bytes));
  } finally {
    await file.close();
  }
}

/**
 * What a de-identified record is called: a file's name often holds the patient's.
 * @param number from 1, in the order in which records are read
 */
export function recordName(number: number): string {
  return `record-${String(number).padStart(4, '0')}`;
}

/** A record with its facts on the way into a file, without what identifies a person. */
import { AppError } from '../../contract/errors';
import type { ExportedConfirmation, ExportedFact, ExportedRecord } from '../../contract/export';
import type { Evidence } from '../../contract/fact';
import { shiftDate } from './date-shift';
import type { DeidentifyPolicy } from './deidentify';
import { deidentifiedText, type DeidentifiedText } from './deidentified-text';
import type { Identifier, IdentifierKind } from './identifier';

export interface RecordDeidentifyOptions extends Pick<DeidentifyPolicy, 'shiftDays'> {
  /** What was found in the record's text, or what a person made of it. */
  readonly identifiers: readonly Identifier[];
  /** What stands for the case; the same one for the same case. */
  readonly caseId?: string | undefined;
  /** SHA-256 of a text's UTF-8: that of the original would tell whoever guesses it. */
  sha256(text: string): string;
}

export interface DeidentifiedExport {
  readonly record: ExportedRecord;
  readonly counts: Partial<Record<IdentifierKind, number>>;
  /** Facts that began or ended in something that is replaced; they are not in the record. */
  readonly maskedFacts: number;
}

/**
 * The record with its text, facts, evidence and sections in the de-identified text. A fact keeps what is
 * left of its words; one that is a part of an identifier is left out and counted. Values beside the
 * words (ISO dates) are moved with the dates, or left out.
 *
 * @throws AppError `EXPORT_TEXT_MISSING`: what identifies cannot be seen in facts
 *   alone; and as `deidentify`
 */
export function deidentifyRecord(
  record: ExportedRecord,
  options: RecordDeidentifyOptions,
): DeidentifiedExport {
  if (record.text === undefined) throw new AppError('EXPORT_TEXT_MISSING');
  const { identifiers, shiftDays } = options;
  const clear = deidentifiedText(
    record.text,
    identifiers,
    shiftDays === undefined ? {} : { shiftDays },
  );
  const facts: ExportedFact[] = [];
  for (const fact of record.facts) {
    const mapped = mappedFact(fact, clear, shiftDays);
    if (mapped) facts.push(mapped);
  }
  const made: ExportedRecord = {
    ...record,
    text: clear.text,
    textSha256: options.sha256(clear.text),
    deidentified: true,
    facts,
    confirmation: record.confirmation && withoutPerson(record.confirmation),
  };
  delete made.source;
  delete made.caseId;
  if (options.caseId !== undefined) made.caseId = options.caseId;
  const { sections } = record;
  if (sections) {
    const place = (at: number): number => clear.map.toNew({ start: at, end: at }).start;
    made.sections = sections.map(({ name, start, end, body }) => ({
      name,
      start: place(start),
      end: clear.map.toNew({ start, end }).end,
      body: place(body),
    }));
  }
  return { record: made, counts: clear.counts, maskedFacts: record.facts.length - facts.length };
}

function mappedFact(
  fact: ExportedFact,
  clear: DeidentifiedText,
  shiftDays: number | undefined,
): ExportedFact | null {
  const { value, ...rest } = fact;
  const evidence = fact.evidence.flatMap((one) => mappedEvidence(one, clear) ?? []);
  const clearValue = value === undefined ? undefined : mappedValue(value, fact, clear, shiftDays);
  const values = clearValue === undefined ? {} : { value: clearValue };
  if (fact.start === null || fact.end === null) return { ...rest, ...values, evidence };
  const place = mappedEvidence({ text: '', start: fact.start, end: fact.end }, clear);
  return place && { ...rest, ...values, ...place, evidence };
}

function mappedEvidence({ start, end }: Evidence, clear: DeidentifiedText): Evidence | null {
  const place = clear.map.toNew({ start, end });
  if (clear.endsInPlaceholder(place.start, place.end)) return null;
  return {
    text: clear.text.slice(place.start, place.end),
    start: place.start,
    end: place.end,
  };
}

const isoDate = /^[0-9]{4}(?:-[0-9]{2}){0,2}$/;

/** A normalised date says more than the words that it comes from (次日), so it never stays as it is. */
function mappedValue(
  value: NonNullable<ExportedFact['value']>,
  { start, end }: ExportedFact,
  clear: DeidentifiedText,
  shiftDays: number | undefined,
): ExportedFact['value'] {
  if (typeof value !== 'string') return value;
  if (isoDate.test(value)) {
    return shiftDays === undefined ? undefined : shiftDate(value, shiftDays)?.written;
  }
  if (start === null || end === null) return value;
  // Made out of words that are replaced; what it repeats of them is not known.
  return clear.map.toNew({ start, end }).masked ? undefined : value;
}

/** The person stays an opaque id. */
function withoutPerson({ by, at }: ExportedConfirmation): ExportedConfirmation {
  return { by, name: '', title: '', at };
}

/** Names for cases that say nothing of them, in the order in which they come: `case-0001`. */
export class CasePseudonyms {
  readonly #given = new Map<string, string>();

  of(caseId: string): string {
    const given = this.#given.get(caseId);
    if (given !== undefined) return given;
    const made = `case-${String(this.#given.size + 1).padStart(4, '0')}`;
    this.#given.set(caseId, made);
    return made;
  }
}

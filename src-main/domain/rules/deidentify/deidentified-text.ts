/** A text without identifiers, for those who look at what stands in it: facts, counts, places. */
import { deidentify, type Deidentified, type DeidentifyPolicy } from './deidentify';
import type { Identifier, IdentifierKind } from './identifier';
import { OffsetMap } from './offset-map';

export interface DeidentifiedText extends Deidentified {
  readonly counts: Partial<Record<IdentifierKind, number>>;
  /** Whether a span of the new text begins or ends in a placeholder: it is no finding, or half of one. */
  endsInPlaceholder(start: number, end: number): boolean;
}

/** @throws AppError as `deidentify` */
export function deidentifiedText(
  text: string,
  identifiers: readonly Identifier[],
  policy: DeidentifyPolicy,
): DeidentifiedText {
  const done = deidentify(text, identifiers, policy);
  const counts: Partial<Record<IdentifierKind, number>> = {};
  for (const { kind } of done.replacements) counts[kind] = (counts[kind] ?? 0) + 1;
  // A shifted date is a date like any other.
  const placeholders = new OffsetMap(
    done.replacements.filter(({ replacement }) => replacement.startsWith('【')),
  );
  const isMasked = (at: number): boolean =>
    placeholders.toOriginal({ start: at, end: at + 1 }).masked;
  return {
    ...done,
    counts,
    endsInPlaceholder: (start, end) => isMasked(start) || isMasked(end - 1),
  };
}

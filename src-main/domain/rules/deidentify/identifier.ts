/** What identifies a person in a record: the kinds, and one found identifier. */

export const identifierKinds = [
  'name',
  'id',
  'phone',
  'address',
  'hospital-number',
  'insurance-number',
  'date',
  'institution',
  'bank-account',
  'plate',
  'contact',
] as const;
/** `contact` is an e-mail address or an account of WeChat or QQ; `id` also a passport or a permit. */
export type IdentifierKind = (typeof identifierKinds)[number];

/** A piece of the text that identifies somebody. Offsets are UTF-16 units, end exclusive. */
export interface Identifier {
  readonly kind: IdentifierKind;
  /** Exactly the text from start to end. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Which rule found it, or `person` for one that a person added. */
  readonly rule: string;
}

/** What a rule proposes; where two overlap, the more certain one stays. */
export interface Candidate {
  readonly kind: IdentifierKind;
  readonly start: number;
  readonly end: number;
  readonly rule: string;
  /** Larger is more certain; compared between rules only. */
  readonly certainty: number;
}

/** A rule over the folded text (see fold.ts), whose offsets are those of the original. */
export type Rule = (folded: string) => Iterable<Candidate>;

/** How the kinds of identifiers look and which key marks a selection as one of them. */
import { identifierKinds, type IdentifierKind } from '@domain/rules/deidentify/identifier';

/** Classes of tokens.css: colour and underline. Kinds that are alike share one; the label parts them. */
const hues: Record<IdentifierKind, 1 | 2 | 3 | 4 | 5 | 6 | 7> = {
  name: 1,
  id: 2,
  phone: 3,
  address: 4,
  'hospital-number': 5,
  'insurance-number': 2,
  date: 6,
  institution: 7,
  'bank-account': 2,
  plate: 5,
  contact: 3,
};

export function kindClass(kind: IdentifierKind): string {
  return `entity-${hues[kind]}`;
}

const keys = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '0', '-'] as const;

/** The key of a kind, in the order in which they are listed. */
export function keyOf(kind: IdentifierKind): string {
  return keys[identifierKinds.indexOf(kind)] ?? '';
}

export function kindOfKey(key: string): IdentifierKind | null {
  const index = keys.findIndex((each) => each === key);
  return identifierKinds[index] ?? null;
}

/** Corrections of one fact. Each returns a new fact that is as true to the text as the one before. */
import type { PlainField } from '../contract/annotation-schema';
import type { Evidence, Fact } from '../contract/fact';
import type { ReviewItem } from '../contract/review';
import type { Section } from '../contract/section';
import { normaliseDate } from '../rules/normalise/date';
import { normaliseNumber } from '../rules/normalise/number';
import { sectionAt } from '../rules/sections';

export interface Span {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

export type Edge = 'start' | 'end';

/** The text that is reviewed, and its sections. */
export interface ReviewedText {
  readonly text: string;
  readonly sections: readonly Section[];
}

/** A mention of a stretch of the text, as a person marks it. */
export function newMention(id: string, type: string, span: Span, of: ReviewedText): Fact {
  const quotation = quotationOf(of.text, span);
  return {
    ...{ id, kind: 'mention', type, ...quotation, evidence: [quotation], attributes: {} },
    ...sectionPart(of, span.start),
    confidence: null,
  };
}

/** A field that a person fills in from a stretch of the text. */
export function newField(id: string, field: PlainField, span: Span, of: ReviewedText): Fact {
  const empty: Fact = {
    ...{ id, kind: 'field', type: field.id, text: null, start: null, end: null },
    ...{ evidence: [], attributes: {}, confidence: null },
  };
  return withEvidence(empty, field, span, of);
}

export function withType(fact: Fact, type: string): Fact {
  return { ...fact, type };
}

/**
 * Moves one end by whole characters, never past the other end nor out of the text.
 *
 * @returns the same fact where it cannot move
 */
export function withEdgeMoved(fact: Fact, edge: Edge, by: -1 | 1, of: ReviewedText): Fact {
  const { start, end } = fact;
  if (start === null || end === null) return fact;
  const at = stepped(of.text, edge === 'start' ? start : end, by);
  const span = edge === 'start' ? { start: at, end } : { start, end: at };
  if ((span.start === start && span.end === end) || span.start >= span.end) return fact;
  return withSpan(fact, span, of);
}

/** Puts a fact at another stretch; a value beside it stays. */
export function withSpan(fact: Fact, span: Span, of: ReviewedText): Fact {
  const quotation = quotationOf(of.text, span);
  const others = fact.evidence.filter(({ start, end }) => start !== fact.start || end !== fact.end);
  const moved = { ...fact, ...quotation, evidence: [quotation, ...others] };
  delete moved.section;
  return { ...moved, ...sectionPart(of, span.start) };
}

/** Sets or lifts a flag; one that is not set is left out, as models leave it out. */
export function withFlag(
  fact: Fact,
  flag: 'negated' | 'uncertain' | 'historical',
  isSet: boolean,
): Fact {
  const others = Object.entries(fact.attributes).filter(([name]) => name !== flag);
  const attributes = Object.fromEntries(isSet ? [...others, [flag, true]] : others);
  return { ...fact, attributes };
}

/** Whom it is said of: patient (which is not written), then family, then others, and round again. */
export function withNextExperiencer(fact: Fact): Fact {
  const attributes = { ...fact.attributes };
  const now = attributes.experiencer ?? 'patient';
  if (now === 'other') delete attributes.experiencer;
  else attributes.experiencer = now === 'patient' ? 'family' : 'other';
  return { ...fact, attributes };
}

/** Gives a field a stretch of the text as its evidence, and the value that can be read off it. */
export function withEvidence(fact: Fact, field: PlainField, span: Span, of: ReviewedText): Fact {
  const placed = withSpan({ ...fact, evidence: [] }, span, of);
  const { value, unit } = valueOf(field, placed.text ?? '');
  return withValue(placed, value, unit);
}

/** @param value undefined where the quotation is the value */
export function withValue(fact: Fact, value: Fact['value'], unit?: string): Fact {
  const changed: Fact = { ...fact };
  delete changed.value;
  delete changed.unit;
  if (value !== undefined) changed.value = value;
  if (unit !== undefined && unit !== '') changed.unit = unit;
  return changed;
}

/** 未提及: the record does not say. */
export function withNothing(fact: Fact): Fact {
  const silent: Fact = {
    ...fact,
    text: null,
    start: null,
    end: null,
    evidence: [],
    attributes: {},
  };
  delete silent.value;
  delete silent.unit;
  delete silent.section;
  return silent;
}

/** What a quotation says where that can be read off it; a person corrects it. */
export function valueOf(
  field: PlainField,
  quotation: string,
): { readonly value?: Fact['value']; readonly unit?: string } {
  const text = quotation.normalize('NFKC').trim();
  switch (field.kind) {
    case 'text':
      return {};
    case 'number':
      return normaliseNumber(quotation, field.units) ?? {};
    case 'date': {
      const value = normaliseDate(quotation);
      return value === null ? {} : { value };
    }
    case 'yes-no':
      return { value: !/[否无未不非]/.test(text) };
    case 'choice': {
      // 中低分化 is not 低分化, where both can be chosen.
      const [option] = field.options
        .filter((each) => text.includes(each.normalize('NFKC')))
        .sort((a, b) => b.length - a.length);
      return option === undefined ? {} : { value: option };
    }
    default:
      return field satisfies never;
  }
}

/**
 * What a person typed as the value of a field, in the form in which values are kept.
 *
 * @returns null for what is no value of this field; no value for nothing typed, as the quotation is it
 */
export function typedValue(
  field: PlainField,
  typed: string,
): { readonly value?: Fact['value']; readonly unit?: string } | null {
  const text = typed.trim();
  if (text === '') return {};
  switch (field.kind) {
    case 'text':
      return { value: text };
    case 'number':
      // What is kept of a bound or a range is typed as it is kept.
      return normaliseNumber(text, field.units);
    case 'date': {
      const value = normaliseDate(text) ?? (/^XXXX-\d{2}-\d{2}$/.test(text) ? text : null);
      return value === null ? null : { value };
    }
    case 'yes-no':
      return text === 'true' || text === 'false' ? { value: text === 'true' } : null;
    case 'choice':
      return field.options.includes(text) ? { value: text } : null;
    default:
      return field satisfies never;
  }
}

function quotationOf(text: string, { start, end }: Span): Evidence {
  return { text: text.slice(start, end), start, end };
}

/**
 * Items in the sections that their facts begin in now. That a person corrected a heading decides nothing
 * about a fact, so it is no change of the review's history.
 *
 * @returns the same list where nothing is otherwise
 */
export function inSections(
  items: readonly ReviewItem[],
  sections: readonly Section[],
): readonly ReviewItem[] {
  let isSame = true;
  const placed = items.map((item) => {
    const { section, ...fact } = item.fact;
    if (fact.start === null) return item;
    const part = sectionPart({ sections }, fact.start);
    if (part.section === section) return item;
    isSame = false;
    return { ...item, fact: { ...fact, ...part } };
  });
  return isSame ? items : placed;
}

function sectionPart(
  { sections }: Pick<ReviewedText, 'sections'>,
  start: number,
): Pick<Fact, 'section'> {
  const section = sectionAt(sections, start)?.name;
  return section === undefined ? {} : { section };
}

/** One character on, never into the middle of a surrogate pair. */
function stepped(text: string, offset: number, by: -1 | 1): number {
  const next = offset + by;
  if (next < 0 || next > text.length) return offset;
  const inPair =
    /[\uD800-\uDBFF]/.test(text.charAt(next - 1)) && /[\uDC00-\uDFFF]/.test(text.charAt(next));
  return inPair ? next + by : next;
}

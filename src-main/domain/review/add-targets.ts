/** What a person can add by hand to a review: types, fields, and members of repeated groups. */
import type { EntityType, GroupField, PlainField } from '../contract/annotation-schema';
import type { Fact } from '../contract/fact';
import type { ReviewItem } from '../contract/review';
import type { ReviewAction } from './actions';
import { newField, newMention, withEvidence, type ReviewedText, type Span } from './edit-fact';

export type AddTarget =
  | { readonly kind: 'type'; readonly id: string; readonly type: EntityType }
  | { readonly kind: 'field'; readonly id: string; readonly field: PlainField }
  | {
      readonly kind: 'member';
      /** Of the group and its member. */
      readonly id: string;
      readonly group: string;
      readonly field: PlainField;
    };

/** In the order of their keys: types, fields, then members of groups. */
export function addTargets(schema: {
  readonly types: readonly EntityType[];
  readonly plainFields: readonly PlainField[];
  readonly groups: readonly GroupField[];
}): AddTarget[] {
  return [
    ...schema.types.map((type): AddTarget => ({ kind: 'type', id: type.id, type })),
    ...schema.plainFields.map((field): AddTarget => ({ kind: 'field', id: field.id, field })),
    ...schema.groups.flatMap((group) =>
      group.fields.map((field): AddTarget => {
        return { kind: 'member', id: `${group.id}.${field.id}`, group: group.id, field };
      }),
    ),
  ];
}

export interface AddOrder {
  readonly target: AddTarget;
  /** What is selected in the text. */
  readonly span: Span;
  readonly of: ReviewedText;
  readonly items: readonly ReviewItem[];
  /** The fact that is selected; a member joins its row. */
  readonly selected: ReviewItem | null;
  /** Of the item, where one is made. */
  readonly newId: string;
  /** A member begins a new row, whatever is selected. Defaults to false. */
  readonly newRow?: boolean;
}

/**
 * The act that adds it. A field has one value a record: one that is there already gets the new evidence.
 * A member joins the row of the selected fact, or the last one, that has no such member yet, and else
 * begins a row; what said that the record names none of the group is rejected with it.
 */
export function addAction(order: AddOrder): ReviewAction {
  const { target, span, of, items, newId } = order;
  switch (target.kind) {
    case 'type':
      return { kind: 'add', id: newId, fact: newMention(newId, target.id, span, of) };
    case 'field': {
      const known = items.find(
        ({ fact }) => fact.kind === 'field' && !fact.group && fact.type === target.id,
      );
      if (!known) return { kind: 'add', id: newId, fact: newField(newId, target.field, span, of) };
      const fact = withEvidence(known.fact, target.field, span, of);
      return { kind: 'settle', id: known.id, fact };
    }
    case 'member': {
      const { group: name, field } = target;
      const group = { name, index: rowFor(name, field.id, order) };
      const silent = items.find(
        ({ fact, decision }) => decision !== 'rejected' && isSilentGroup(fact, name),
      );
      return {
        kind: 'add',
        id: newId,
        fact: { ...newField(newId, field, span, of), group },
        ...(silent ? { instead: silent.id } : {}),
      };
    }
    default:
      return target satisfies never;
  }
}

/** Whether its value is to be typed, because it cannot be read off the words. */
export function wantsValue(field: PlainField, { value }: Fact): boolean {
  return field.kind !== 'text' && value === undefined;
}

function rowFor(group: string, member: string, { items, selected, newRow }: AddOrder): number {
  const rows = new Map<number, Set<string>>();
  for (const { fact, decision } of items) {
    if (fact.group?.name !== group) continue;
    const row = rows.get(fact.group.index) ?? new Set();
    if (decision !== 'rejected') row.add(fact.type);
    rows.set(fact.group.index, row);
  }
  const last = Math.max(-1, ...rows.keys());
  const own = selected?.fact.group?.name === group ? selected.fact.group.index : last;
  return newRow || !rows.has(own) || rows.get(own)?.has(member) ? last + 1 : own;
}

function isSilentGroup({ kind, type, group, text }: Fact, name: string): boolean {
  return kind === 'field' && !group && type === name && text === null;
}

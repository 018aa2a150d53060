/** What changed from one version of a record's head to the next. */
import type { RecordHead } from '@domain/contract/record';

export type Change =
  | { readonly kind: 'created'; readonly title: string }
  | { readonly kind: 'renamed'; readonly before: string; readonly after: string }
  | { readonly kind: 'deleted' | 'restored' | 'changed' };

export interface Version {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Opaque id of the user; null where it was not recorded. */
  readonly by: string | null;
  readonly change: Change;
}

/** @param heads every version, oldest first @returns newest first */
export function versionsOf(heads: readonly RecordHead[]): Version[] {
  return heads
    .map((head, index) => ({
      at: head.updatedAt,
      by: head.by ?? null,
      change: changeOf(heads[index - 1], head),
    }))
    .reverse();
}

function changeOf(before: RecordHead | undefined, after: RecordHead): Change {
  if (!before) return { kind: 'created', title: after.title };
  if (before.title !== after.title) {
    return { kind: 'renamed', before: before.title, after: after.title };
  }
  if (before.deletedAt === null && after.deletedAt !== null) return { kind: 'deleted' };
  if (before.deletedAt !== null && after.deletedAt === null) return { kind: 'restored' };
  return { kind: 'changed' };
}

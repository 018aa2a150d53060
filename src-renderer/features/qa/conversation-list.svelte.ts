/** What conversations there are, and about what. */
import type { StoredConversation } from '@domain/contract/conversation';
import type { ConversationSummary } from '../../data/repository';

/** What a conversation is about: the open record, all of its patient's, or none. */
export type Scope = 'record' | 'patient' | 'none';

export class ConversationList {
  #all = $state.raw<readonly ConversationSummary[]>([]);

  /** Those of a scope, the newest first. */
  of(scope: Scope, recordId: string | null): readonly ConversationSummary[] {
    return this.#all
      .filter((each) => each.deletedAt === null && isAbout(each, scope, recordId))
      .sort((one, two) => two.createdAt - one.createdAt);
  }

  put(values: readonly ConversationSummary[]): void {
    const fresh = values.map(({ id }) => id);
    this.#all = [...this.#all.filter(({ id }) => !fresh.includes(id)), ...values];
  }

  /** @param deletedAt null for one that is there again */
  mark(id: string, deletedAt: number | null): void {
    this.#all = this.#all.map((each) => (each.id === id ? { ...each, deletedAt } : each));
  }

  /** Forgets what was about records that were deleted for good. */
  forget(recordIds: readonly string[]): void {
    this.#all = this.#all.filter((summary) => !quotesAny(summary, recordIds));
  }

  clear(): void {
    this.#all = [];
  }
}

/** Whether a conversation ends with one of these records. */
export function quotesAny(
  { recordId, others }: Pick<StoredConversation, 'recordId' | 'others'>,
  recordIds: readonly string[],
): boolean {
  return [recordId, ...others].some((id) => id !== null && recordIds.includes(id));
}

function isAbout(
  { recordId, others }: ConversationSummary,
  scope: Scope,
  open: string | null,
): boolean {
  switch (scope) {
    case 'none':
      return recordId === null;
    case 'record':
      return recordId === open && others.length === 0;
    case 'patient':
      return others.length > 0 && [recordId, ...others].includes(open);
    default:
      return scope satisfies never;
  }
}

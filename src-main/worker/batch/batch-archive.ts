/**
 * What is kept of a batch that is done: the list of its records and what became of each, in a box of its
 * own, without texts and facts, which the journal has. Only then does the box with the texts go.
 */
import type { BatchBox } from '../../vault/batch-box';
import { itemEntrySchema, resultEntrySchema, stateEntrySchema } from './batch-entries';

/** Entries on their way at once. */
const groupSize = 256;

/** @throws AppError as `BatchBox.append` and `BatchBox.entries`; `to` is of no use then */
export async function archive(from: BatchBox, to: BatchBox): Promise<void> {
  let group: Promise<void>[] = [];
  for await (const { kind, value } of from.entries()) {
    group.push(to.append(kind, withoutText(kind, value)));
    if (group.length < groupSize) continue;
    await Promise.all(group);
    group = [];
  }
  await Promise.all(group);
  await to.append('state', { what: 'archived' });
}

function withoutText(kind: 'item' | 'result' | 'state', value: unknown): unknown {
  if (kind === 'item') {
    const item = itemEntrySchema.parse(value);
    // What a record is called belongs to the record, and goes with it.
    const named = item.recordId === null ? {} : { title: '', caseId: undefined };
    return { ...item, ...named, text: null };
  }
  if (kind === 'result') return { ...resultEntrySchema.parse(value), run: undefined };
  const state = stateEntrySchema.parse(value);
  if (state.what !== 'ordered' || state.source.kind === 'records') return state;
  return { ...state, source: { kind: 'notes', notes: [] } };
}

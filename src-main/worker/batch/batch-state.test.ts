import { expect, test } from 'vitest';
import type { ItemEntry } from './batch-entries';
import { orderOf } from './batch.fixture';
import { BatchState } from './batch-state';

const unread: ItemEntry = {
  ...{ number: 0, place: 'p', recordId: null, creates: false, title: '甲', text: null },
  ...{ chars: 0, textSha256: null, source: null },
  outcome: { state: 'failed', problem: { code: 'FILE_EMPTY' } },
};
const read: ItemEntry = {
  ...{ ...unread, recordId: 'r', creates: true, text: '患者甲。', chars: 4, textSha256: 'a' },
  outcome: { state: 'waiting' },
};

function failedOnce(): BatchState {
  const source = { kind: 'files' as const, paths: ['/in'], tables: [] };
  const state = new BatchState('b', { what: 'ordered', ...orderOf(), source, createdAt: 1 });
  state.takeItem(unread);
  state.takeState({ what: 'imported' });
  state.takeState({ what: 'retried', items: [0] });
  return state;
}

test('what is to be read again waits, and runs once it has its text', () => {
  const state = failedOnce();
  expect([state.phase, state.counts.waiting, state.next()]).toEqual(['importing', 1, undefined]);
  expect([...state.inOrder()]).toEqual([0]);
  state.takeItem(read);
  state.takeState({ what: 'imported' });
  expect([state.counts.total, state.counts.waiting, state.next()]).toEqual([1, 1, 0]);
  expect([state.item(0).recordId, state.charsLeft, state.toRead.size]).toEqual(['r', 4, 0]);
});

test.each([{ items: [0] }, {}])(
  'one that a person takes out while its file is read again stays out, and its box stays whole: %j',
  (which) => {
    const state = failedOnce();
    state.takeState({ what: 'cancelled', ...which });
    state.takeItem(read);
    expect(state.item(0)).toMatchObject({ state: 'cancelled', recordId: null });
    expect([state.counts.total, state.counts.waiting, state.next()]).toEqual([1, 0, undefined]);
  },
);

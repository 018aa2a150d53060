import { expect, it } from 'vitest';
import type { BatchItem, BatchItemState } from '@domain/contract/batch';
import { resultsOf } from './batch-part';

const item = (number: number, state: BatchItemState, recordId: string | null): BatchItem => ({
  ...{ number, state, recordId, name: null, facts: null, chars: 1 },
});

it('of a batch what has a result can be exported; of everything else it is said why it is missing', () => {
  const items = [
    item(0, 'completed', 'a'),
    item(1, 'incomplete', 'b'),
    item(2, 'completed', 'binned'),
    item(3, 'failed', 'c'),
    item(4, 'failed', null),
    item(5, 'duplicate', 'a'),
    item(6, 'cancelled', 'd'),
    item(7, 'waiting', 'e'),
    item(8, 'running', 'f'),
  ];
  const { recordIds, batch } = resultsOf({ schema: 's' }, items, (id) => id !== 'binned');
  expect(recordIds).toEqual(['a', 'b']);
  expect(batch).toEqual({
    ...{ schema: 's', total: 9 },
    missing: { failed: 2, pending: 2, cancelled: 1, duplicate: 1, gone: 1 },
  });
});

import { expect, it } from 'vitest';
import type { RecordHead } from '@domain/contract/record';
import { RecordIndex, reviewStage } from './record-index';

const head = (textSha256: string): RecordHead => ({
  ...{ title: 't', createdAt: 1, updatedAt: 1, deletedAt: null, textId: 'x', textSha256, chars: 1 },
  source: { kind: 'paste', notices: [] },
});
const run = {
  ...{ id: 'run', recordId: 'a', startedAt: 1, status: 'completed' as const, factCount: 2 },
};
const review = (confirmedAt: number | null, role: 'primary' | 'second' = 'primary') => ({
  ...{ recordId: 'a', textSha256: 'one', role, version: 1, runId: 'run', confirmedAt },
  confirmedBy: null,
  progress: {
    ...{ total: 2, decided: 1, open: 1, accepted: 1, rejected: 0, conflicts: 0, bulk: 0 },
  },
});
const stageOf = (index: RecordIndex) => {
  const item = index.get('a');
  return item && reviewStage(item);
};

it('a record waits once it was run, is under way once anything was decided, and done when confirmed', () => {
  const index = new RecordIndex();
  index.putHead('a', head('one'));
  expect(stageOf(index)).toBe('none');
  index.putRun(run);
  expect(stageOf(index)).toBe('waiting');
  index.putReview(review(null));
  expect(stageOf(index)).toBe('under-way');
  index.putReview(review(5));
  expect(stageOf(index)).toBe('done');
});

it('a review of another version of the text, or in another role, is not its review', () => {
  const index = new RecordIndex();
  index.putHead('a', head('two'));
  index.putRun(run);
  index.putReview(review(5));
  expect(stageOf(index)).toBe('waiting');
  index.putHead('a', head('one'));
  index.putReview(review(null, 'second'));
  expect(stageOf(index)).toBe('done');
});

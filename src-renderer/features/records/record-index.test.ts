import { expect, it } from 'vitest';
import type { RecordHead } from '@domain/contract/record';
import { leastFinished, RecordIndex, reviewStage, runUnder } from './record-index';

const head = (textSha256: string): RecordHead => ({
  ...{ title: 't', createdAt: 1, updatedAt: 1, deletedAt: null, textId: 'x', textSha256, chars: 1 },
  source: { kind: 'paste', notices: [] },
});
const run = {
  ...{ id: 'run', recordId: 'a', startedAt: 1, status: 'completed' as const, factCount: 2 },
  schema: 'ccks2019',
};
const review = (confirmedAt: number | null, role: 'primary' | 'second' = 'primary') => ({
  ...{ recordId: 'a', textSha256: 'one', role, version: 1, runId: 'run', confirmedAt },
  ...{ id: `a.${role}`, schema: 'ccks2019', confirmedBy: null },
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

it('a record with results of several schemas stands where the least finished one does', () => {
  const index = new RecordIndex();
  index.putHead('a', head('one'));
  index.putRun(run);
  index.putReview(review(5));
  index.putRun({ ...run, id: 'lab-run', schema: 'lab', startedAt: 2 });
  const schemas = () => index.get('a')?.results.map(({ schema }) => schema);
  const least = () => leastFinished(index.get('a') ?? { results: [] })?.schema;
  expect(schemas()).toEqual(['ccks2019', 'lab']);
  expect([stageOf(index), least()]).toEqual(['waiting', 'lab']);
  const lab = { ...review(null), id: 'a.primary.2', schema: 'lab' };
  index.putReview(lab);
  expect([stageOf(index), least()]).toEqual(['under-way', 'lab']);
  index.putReview({ ...lab, confirmedAt: 6 });
  expect(stageOf(index)).toBe('done');
  // Amended.
  index.putReview({ ...review(null), version: 2 });
  expect([stageOf(index), least()]).toEqual(['under-way', 'ccks2019']);
  // Both are under way: the one with more to decide.
  index.putReview({ ...lab, progress: { ...lab.progress, open: 7 } });
  expect(least()).toBe('lab');
  index.remove('a');
  index.putHead('a', head('one'));
  expect(schemas()).toEqual([]);
});

it('a run that found nothing for an error is a result only where there is no other', () => {
  const failed = { ...run, id: 'failed', status: 'failed' as const, factCount: 0, startedAt: 9 };
  const index = new RecordIndex();
  index.putHead('a', head('one'));
  index.putRun({ ...failed, schema: 'lab' });
  expect(index.get('a')?.results).toMatchObject([{ schema: 'lab', run: { id: 'failed' } }]);
  index.putRun(run);
  index.putRun(failed);
  const item = index.get('a');
  expect(item?.results).toMatchObject([{ schema: 'ccks2019', run: { id: 'run' } }]);
  expect(item?.lastRun?.id).toBe('failed');
  expect(item && runUnder(item, 'ccks2019')?.id).toBe('run');
});

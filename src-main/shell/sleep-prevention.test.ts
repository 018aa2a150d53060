import { expect, test } from 'vitest';
import type { BatchPhase, BatchSummary } from '../domain/contract/batch';
import { batchPhaseSchema } from '../domain/contract/batch';
import { isWorking } from '../worker/locked-batches';
import { SleepPrevention } from './sleep-prevention';

function made() {
  const held = new Set<number>();
  const kinds: string[] = [];
  const prevention = new SleepPrevention({
    start: (kind) => {
      kinds.push(kind);
      held.add(kinds.length);
      return kinds.length;
    },
    stop: (id) => held.delete(id),
  });
  return { prevention, held, kinds };
}

const batchIn = (phase: BatchPhase): BatchSummary => ({
  ...{ id: 'b', createdAt: 1, phase, whileLocked: false, schema: 's', canRetry: false },
  model: { name: 'm', sha256: 'a' },
  counts: {
    ...{ total: 1, waiting: 0, running: 0, completed: 0 },
    ...{ incomplete: 0, failed: 0, duplicate: 0, cancelled: 0 },
  },
  ...{ notesPerMinute: null, secondsLeft: null, unsaved: 0 },
});

test('while a batch goes on the machine is kept awake by one request, and the screen may go dark', () => {
  const { prevention, held, kinds } = made();
  for (const phase of ['importing', 'running', 'running'] as const)
    prevention.set(isWorking([batchIn('paused'), batchIn(phase)]));
  expect(kinds).toEqual(['prevent-app-suspension']);
  expect(held.size).toBe(1);
});

test.each(batchPhaseSchema.options.filter((phase) => !['importing', 'running'].includes(phase)))(
  'a batch that is %s lets the machine sleep, and the next one keeps it awake again',
  (phase) => {
    const { prevention, held, kinds } = made();
    prevention.set(isWorking([batchIn('running')]));
    prevention.set(isWorking([batchIn(phase)]));
    expect(held.size).toBe(0);
    prevention.set(isWorking([]));
    prevention.set(isWorking([batchIn('running')]));
    expect([kinds.length, [...held]]).toEqual([2, [2]]);
  },
);

import { describe, expect, it } from 'vitest';
import type { Priority } from '../domain/contract/usage';
import type { Token } from './language-model';
import { SequencePool, type Lease, type PhysicalSequence } from './sequence-pool';

const never = new AbortController().signal;

/** A sequence of nothing but the list. */
class Place implements PhysicalSequence {
  tokens: Token[];
  isBusy = false;
  constructor(
    readonly name: number,
    tokens: Token[] = [],
  ) {
    this.tokens = tokens;
  }
}

function places(count: number): Place[] {
  return Array.from({ length: count }, (_, name) => new Place(name));
}

/** A step that lasts until it is told to end. */
class Step {
  place: Place | null = null;
  readonly ended: Promise<Place>;
  #end: (error?: Error) => void = () => undefined;

  constructor(lease: Lease<Place>, wanted: Token[] = [], signal: AbortSignal = never) {
    this.ended = lease.step(wanted, signal, (place) => {
      this.place = place;
      return new Promise((resolve, reject) => {
        this.#end = (error) => (error ? reject(error) : resolve(place));
      });
    });
    this.ended.catch(() => undefined);
  }

  async end(error?: Error): Promise<void> {
    this.#end(error);
    await settled();
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const range = (from: number, length: number): Token[] => Array.from({ length }, (_, i) => from + i);
const instruction = range(100, 20);

describe('the sequence that a step gets', () => {
  it.each<[what: string, held: Token[][], wanted: Token[], chosen: number]>([
    [
      'has the longest beginning in common',
      [[1], instruction, [...instruction, 5]],
      [...instruction, 5, 6],
      2,
    ],
    [
      'has it in common, however much else it holds',
      [[], [...instruction, ...range(0, 300)]],
      [...instruction, 7],
      1,
    ],
    [
      'is not taken for a few tokens in common',
      [[], [...range(0, 15), 9]],
      [...range(0, 15), 7],
      0,
    ],
  ])('%s', (_what, held, wanted, chosen) => {
    const pool = new SequencePool(held.map((tokens, name) => new Place(name, tokens)));
    expect(new Step(pool.open('interactive'), wanted).place?.name).toBe(chosen);
  });

  it('is the one used longest ago where none holds anything of use', async () => {
    const pool = new SequencePool(places(3));
    const got: number[] = [];
    for (let i = 0; i < 6; i++) {
      const lease = pool.open('batch');
      got.push(await lease.step([i], never, ({ name }) => Promise.resolve(name)));
      lease.release();
    }
    expect(got).toEqual([0, 1, 2, 0, 1, 2]);
  });

  it('stays the same from step to step while nobody needs it', async () => {
    const pool = new SequencePool(places(2));
    const lease = pool.open('batch');
    for (let i = 0; i < 5; i++) {
      expect(await lease.step([i], never, ({ name }) => Promise.resolve(name))).toBe(0);
    }
  });

  it('is taken from the batch work that loses the fewest tokens', async () => {
    const all = places(3);
    const pool = new SequencePool(all);
    const batch = all.map(() => pool.open('batch'));
    for (const [i, lease] of batch.entries()) {
      await lease.step(
        [],
        never,
        async (place) => void (place.tokens = range(i * 50, [30, 5, 9][i] as number)),
      );
    }
    expect(new Step(pool.open('interactive'), range(900, 30)).place?.name).toBe(1);
    expect(batch.map(({ physical }) => physical?.name)).toEqual([0, undefined, 2]);
  });
});

describe('interactive and batch', () => {
  it('an interactive step begins when the batch step under way ends, and batch goes on after it', async () => {
    const pool = new SequencePool(places(1));
    const batch = pool.open('batch');
    const under = new Step(batch);
    const interactive = pool.open('interactive');
    const urgent = new Step(interactive);
    expect(urgent.place).toBeNull();
    await under.end();
    expect(urgent.place?.name).toBe(0);
    const next = new Step(batch);
    await urgent.end();
    // Between two steps of the interactive work nothing else slips in.
    expect(next.place).toBeNull();
    interactive.release();
    await settled();
    expect(next.place?.name).toBe(0);
  });

  it('batch pauses also where it keeps its own sequence: it would take computing time', async () => {
    const pool = new SequencePool(places(2));
    const batch = pool.open('batch');
    await new Step(batch).end();
    const interactive = pool.open('interactive');
    const paused = new Step(batch);
    expect(paused.place).toBeNull();
    expect(batch.physical?.name).toBe(0);
    interactive.release();
    await settled();
    expect(paused.place?.name).toBe(0);
  });

  it('what was interrupted goes on before what has not begun', async () => {
    const pool = new SequencePool(places(1));
    const [begun, later] = [pool.open('batch'), pool.open('batch')];
    const first = new Step(begun);
    const waiting = new Step(later);
    const interactive = pool.open('interactive');
    await first.end();
    const urgent = new Step(interactive);
    const resumed = new Step(begun);
    await urgent.end();
    interactive.release();
    await settled();
    expect([resumed.place?.name, waiting.place]).toEqual([0, null]);
  });

  it('first come, first served among the same, and new work of an old lease comes last', async () => {
    const pool = new SequencePool(places(1));
    const [a, b, c] = [
      pool.open('interactive'),
      pool.open('interactive'),
      pool.open('interactive'),
    ];
    await new Step(a).end();
    // Asked in the other order; what counts is who came first.
    const steps = { c: new Step(c), b: new Step(b) };
    expect(steps.b.place).toBeNull();
    a.startAnew();
    const again = new Step(a);
    await settled();
    expect([steps.b.place?.name, steps.c.place, again.place]).toEqual([0, null, null]);
    await steps.b.end();
    b.release();
    await settled();
    expect([steps.c.place?.name, again.place]).toEqual([0, null]);
    await steps.c.end();
    c.startAnew();
    await settled();
    expect(again.place?.name).toBe(0);
  });

  it('new work announced in the middle of a step leaves the step its sequence', async () => {
    const pool = new SequencePool(places(1));
    const lease = pool.open('interactive');
    const step = new Step(lease);
    const next = new Step(pool.open('interactive'));
    lease.startAnew();
    expect(next.place).toBeNull();
    await step.end();
    expect(next.place).toBeNull();
    lease.release();
    await settled();
    expect(next.place?.name).toBe(0);
  });

  it('new work keeps its sequence where nobody waits', async () => {
    const pool = new SequencePool(places(2));
    const lease = pool.open('interactive');
    await new Step(lease).end();
    lease.startAnew();
    expect(lease.physical?.name).toBe(0);
  });
});

describe('everything is given back', () => {
  it('by a step that throws', async () => {
    const pool = new SequencePool(places(1));
    const broken = pool.open('interactive');
    const step = new Step(broken);
    const next = new Step(pool.open('batch'));
    await step.end(new Error('broken'));
    await expect(step.ended).rejects.toThrow('broken');
    expect(next.place).toBeNull();
    broken.release();
    broken.release();
    await settled();
    expect(next.place?.name).toBe(0);
  });

  it.each<Priority>(['interactive', 'batch'])(
    'by %s work cancelled while it waits',
    async (priority) => {
      const pool = new SequencePool(places(1));
      const holder = pool.open('interactive');
      const held = new Step(holder);
      const stop = new AbortController();
      const lease = pool.open(priority);
      const waiting = new Step(lease, [], stop.signal);
      const patient = new Step(pool.open('interactive'));
      stop.abort();
      await expect(waiting.ended).rejects.toMatchObject({ name: 'Cancelled' });
      lease.release();
      holder.release();
      expect(patient.place).toBeNull();
      await held.end();
      expect([patient.place?.name, waiting.place]).toEqual([0, null]);
    },
  );

  it('by work that is released in the middle of a step, when the step has ended', async () => {
    const pool = new SequencePool(places(1));
    const lease = pool.open('interactive');
    const step = new Step(lease);
    lease.release();
    const next = new Step(pool.open('interactive'));
    await settled();
    expect(next.place).toBeNull();
    await step.end();
    expect(next.place?.name).toBe(0);
    await expect(lease.step([], never, () => Promise.resolve())).rejects.toMatchObject({
      name: 'Cancelled',
    });
  });

  it('by work that is released while it waits', async () => {
    const pool = new SequencePool(places(1));
    const holder = pool.open('batch');
    const held = new Step(holder);
    const lease = pool.open('interactive');
    const waiting = new Step(lease);
    lease.release();
    await expect(waiting.ended).rejects.toMatchObject({ name: 'Cancelled' });
    await held.end();
    const again = new Step(holder);
    expect(again.place?.name).toBe(0);
  });
});

/** A small generator of equal numbers, so that a failure can be run again. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

describe.each(range(1, 60))('whatever happens, run %i', (seed) => {
  it('one sequence has one user, nobody waits for batch longer than a step, and all is given back', async () => {
    const roll = dice(seed);
    const all = places(1 + roll(4));
    const pool = new SequencePool(all);
    let openInteractive = 0;
    /** Batch steps begun since an interactive lease was opened, for each of these. */
    const begunSince = new Set<Map<object, number>>();
    let [ended, cancelled, thrown] = [0, 0, 0];

    const worker = async (): Promise<void> => {
      const priority: Priority = roll(3) === 0 ? 'interactive' : 'batch';
      const stop = new AbortController();
      const lease = pool.open(priority);
      const batchBegun = new Map<object, number>();
      if (priority === 'interactive') {
        openInteractive++;
        begunSince.add(batchBegun);
      }
      const mine: Token[] = [];
      try {
        for (let steps = 1 + roll(6); steps > 0; steps--) {
          if (roll(5) === 0) {
            lease.startAnew();
            mine.length = 0;
          }
          if (roll(12) === 0) setImmediate(() => stop.abort());
          await lease.step(mine, stop.signal, async (place) => {
            expect(place.isBusy).toBe(false);
            expect(lease.physical).toBe(place);
            place.isBusy = true;
            if (priority === 'batch') {
              for (const since of begunSince) since.set(lease, (since.get(lease) ?? 0) + 1);
            }
            for (let pause = roll(4); pause > 0; pause--) await settled();
            mine.push(roll(3));
            place.tokens = [...mine];
            place.isBusy = false;
            if (roll(25) === 0) throw new Error('broken');
          });
          if (roll(3) === 0) await settled();
        }
        ended++;
      } catch (error) {
        if ((error as Error).name === 'Cancelled') cancelled++;
        else if ((error as Error).message === 'broken') thrown++;
        else throw error;
      } finally {
        lease.release();
        if (priority === 'interactive') {
          openInteractive--;
          begunSince.delete(batchBegun);
          // A step whose turn had come may begin; none begins a second one.
          for (const count of batchBegun.values()) expect(count).toBeLessThanOrEqual(1);
        }
      }
    };

    const workers: Promise<void>[] = [];
    for (let i = 0; i < 25; i++) {
      workers.push(worker());
      for (let pause = roll(3); pause > 0; pause--) await settled();
    }
    await Promise.all(workers);
    expect([ended + cancelled + thrown, openInteractive]).toEqual([25, 0]);
    // As many can work at once as at the beginning, of either kind.
    for (const priority of ['batch', 'interactive'] as const) {
      const leases = all.map(() => pool.open(priority));
      const steps = leases.map((lease) => new Step(lease));
      expect(new Set(steps.map(({ place }) => place)).size).toBe(all.length);
      expect(steps.every(({ place }) => place)).toBe(true);
      for (const step of steps) await step.end();
      for (const lease of leases) lease.release();
    }
  });
});

import { describe, expect, it } from 'vitest';
import { AppError } from '@domain/contract/errors';
import { policySchema, type Policy } from '@domain/contract/policy';
import type { SaveOrder } from '@domain/contract/save-file';
import { findIdentifiers } from '@domain/rules/deidentify/find-identifiers';
import { identifierKinds, type Identifier } from '@domain/rules/deidentify/identifier';
import { DeidentifyState, type DeidentifyParts } from './deidentify.svelte';
import { keyOf, kindOfKey } from './kinds';

const text =
  '姓名：张建国，男，67岁。\r\n张建国于2023年3月5日入院，2023-03-19出院，电话13951860024。阿毛陪同，去年10月阿毛来过。';
const record = { id: 'r1', text };
const hidden = /张建国|13951860024|2023/;

interface Started {
  readonly state: DeidentifyState;
  readonly saved: { order: SaveOrder; text: string }[];
}

function make(
  policy: Partial<Pick<Policy, 'export' | 'deidentify'>> = {},
  parts: Partial<DeidentifyParts> = {},
): Started {
  const saved: Started['saved'] = [];
  const state = new DeidentifyState({
    find: async (given) => findIdentifiers(given),
    save: async (order, given) => {
      saved.push({ order, text: given });
      return true;
    },
    policy: () => policySchema.parse({ format: 1, ...policy }),
    ...parts,
  });
  return { state, saved };
}

async function shown(...options: Parameters<typeof make>): Promise<Started> {
  const started = make(...options);
  await started.state.show(record);
  started.state.mode = 'deidentified';
  return started;
}

describe('what the file will hold', () => {
  it('nothing of what was found, and all else as it was', async () => {
    const { state, saved } = await shown();
    expect(await state.save()).toBe(true);
    const [file] = saved;
    expect(file?.order).toEqual({ format: 'txt', count: 1, deidentified: true, recordId: 'r1' });
    expect(file?.text).not.toMatch(hidden);
    expect(file?.text).toBe(
      '姓名：【姓名1】，男，67岁。\r\n【姓名1】于【日期1】入院，【日期2】出院，电话【电话1】。阿毛陪同，【日期3】阿毛来过。',
    );
  });

  it('the original to the letter, if that was chosen', async () => {
    const { state, saved } = await shown();
    state.mode = 'original';
    await state.save();
    expect(saved).toEqual([{ order: expect.objectContaining({ deidentified: false }), text }]);
  });

  it('with a kind kept it does not count as de-identified; a kind that was not found does not matter', async () => {
    const { state, saved } = await shown();
    state.choose('plate', 'keep');
    expect(state.keepsSome).toBe(false);
    state.choose('phone', 'keep');
    expect(state.keepsSome).toBe(true);
    await state.save();
    expect(saved[0]?.text).toContain('13951860024');
    expect(saved[0]?.text).not.toContain('张建国');
    expect(saved[0]?.order.deidentified).toBe(false);
  });

  it('shifted dates keep their interval, by other days at each opening; what cannot move is replaced', async () => {
    const { state } = await shown();
    state.choose('date', 'shift');
    const dates = (): number[] => {
      const [, y, m, d, second] =
        /于(\d+)年(\d+)月(\d+)日入院，([\d-]+)出院/.exec(state.result?.text ?? '') ?? [];
      return [Date.UTC(Number(y), Number(m) - 1, Number(d)), Date.parse(`${second}T00:00Z`)];
    };
    const seen = new Set<number>();
    for (let opening = 0; opening < 6; opening += 1) {
      state.close();
      await state.show(record);
      const [from = 0, to = 0] = dates();
      expect((to - from) / 86_400_000).toBe(14);
      seen.add(from);
    }
    expect(seen.size).toBeGreaterThan(1);
    expect(state.result?.text).toContain('【日期1】阿毛来过');
    expect(state.maskedDates).toBe(1);
  });
});

describe('corrections', () => {
  it('what was missed is marked once and gone everywhere', async () => {
    const { state } = await shown();
    expect(state.occurrences('阿毛')).toBe(2);
    state.add('name', '阿毛', text.lastIndexOf('阿毛'));
    expect(state.selected).toMatchObject({ text: '阿毛', rule: 'person' });
    expect(state.alike).toBe(2);
    expect(state.result?.text).not.toContain('阿毛');
  });

  it('words that are not there, blank, or of another place change nothing', async () => {
    const { state } = await shown();
    const before = state.identifiers;
    for (const words of ['李四', '', ' ']) state.add('name', words);
    state.add('name', '阿毛', 0);
    expect(state.identifiers).toBe(before);
    expect(state.canUndo).toBe(false);
    expect(state.occurrences('李四')).toBe(0);
  });

  it('one is taken off the list, or all alike; each step can be taken back', async () => {
    const { state } = await shown();
    const found = state.identifiers;
    state.select(3);
    expect(state.alike).toBe(2);
    state.remove({ everywhere: false });
    expect(state.result?.text.match(/张建国/g)).toHaveLength(1);
    // The next one is selected: one can go on with the key alone.
    expect(state.selected?.text).toBe('张建国');
    state.remove({ everywhere: true });
    expect(state.result?.text.match(/张建国/g)).toHaveLength(2);
    state.undo();
    state.undo();
    expect(state.identifiers).toEqual(found);
    expect(state.canUndo).toBe(false);
  });

  it('the keys go through all of them, and stop at both ends', async () => {
    const { state } = await shown();
    state.step(1);
    const seen: number[] = [];
    for (let at = 0; at < 20; at += 1) {
      seen.push(state.selectedIndex);
      state.step(1);
    }
    expect(Math.max(...seen)).toBe(state.identifiers.length - 1);
    for (let at = 0; at < 20; at += 1) state.step(-1);
    expect(state.selectedIndex).toBe(0);
  });

  it('stay when the dialog is closed and opened again; another record begins anew', async () => {
    const { state } = await shown();
    state.add('name', '阿毛');
    state.close();
    await state.show(record);
    expect(state.result?.text).not.toContain('阿毛');
    await state.show({ id: 'r2', text });
    expect(state.result?.text).toContain('阿毛');
    expect(state.canUndo).toBe(false);
  });
});

describe('the rules of the machine', () => {
  it('nothing may leave: the dialog does not even open', async () => {
    const { state, saved } = make({ export: { allowed: 'none' } });
    await state.show(record);
    expect(state.open).toBe(false);
    expect(state.allowed).toBe(false);
    expect(await state.save()).toBe(false);
    expect(saved).toEqual([]);
  });

  it('only de-identified text: the original cannot be chosen, and no kind kept', async () => {
    const { state, saved } = await shown({ export: { allowed: 'deidentified' } });
    state.mode = 'original';
    expect(state.mode).toBe('deidentified');
    for (const kind of identifierKinds) {
      state.choose(kind, 'keep');
      expect(state.choicesOf(kind)).not.toContain('keep');
    }
    await state.save();
    expect(saved[0]?.order.deidentified).toBe(true);
    expect(saved[0]?.text).not.toMatch(hidden);
  });

  it('which of the two is preselected', async () => {
    for (const byDefault of [true, false]) {
      const { state } = make({ deidentify: { byDefault } });
      await state.show(record);
      expect(state.mode).toBe(byDefault ? 'deidentified' : 'original');
    }
  });
});

describe('the search', () => {
  it('nothing de-identified can be saved before it has ended, or when it failed', async () => {
    let answer: (found: Identifier[]) => void = () => undefined;
    const find = () => new Promise<Identifier[]>((resolve) => (answer = resolve));
    const { state, saved } = make({}, { find });
    const showing = state.show(record);
    state.mode = 'deidentified';
    expect([state.phase, state.canSave, await state.save()]).toEqual(['finding', false, false]);
    answer(findIdentifiers(text));
    await showing;
    expect(state.canSave).toBe(true);

    const failing = make({}, { find: () => Promise.reject(new AppError('INTERNAL')) });
    await failing.state.show(record);
    failing.state.mode = 'deidentified';
    expect(failing.state.canSave).toBe(false);
    expect(failing.state.problem?.code).toBe('INTERNAL');
    expect([...saved, ...failing.saved]).toEqual([]);
  });

  it('is given up when the dialog is closed, and begun again when it is opened again', async () => {
    const signals: AbortSignal[] = [];
    const find = (given: string, signal: AbortSignal): Promise<Identifier[]> => {
      signals.push(signal);
      return signals.length === 1
        ? new Promise(() => undefined)
        : Promise.resolve(findIdentifiers(given));
    };
    const { state } = make({}, { find });
    void state.show(record);
    state.close();
    expect(signals[0]?.aborted).toBe(true);
    await state.show(record);
    expect(state.phase).toBe('ready');
  });
});

it('a failure to save is shown, and it can be tried again', async () => {
  let fails = true;
  const save = async () => {
    if (fails) throw new AppError('DISK_FULL');
    return true;
  };
  const { state } = await shown({}, { save });
  expect(await state.save()).toBe(false);
  expect(state.problem?.code).toBe('DISK_FULL');
  fails = false;
  expect(await state.save()).toBe(true);
  expect(state.problem).toBeNull();
});

it('every kind has a key of its own', () => {
  expect(identifierKinds.map((kind) => kindOfKey(keyOf(kind)))).toEqual([...identifierKinds]);
});

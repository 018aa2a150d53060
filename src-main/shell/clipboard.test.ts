import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { clipboardLifeMs, GuardedClipboard } from './clipboard';

/** A system's clipboard and a clock in the test's hand; the real one is in e2e/clipboard.spec.ts. */
let held: string;
let clock: { work: () => void; milliseconds: number }[];
let guarded: GuardedClipboard;

beforeEach(() => {
  held = '';
  clock = [];
  guarded = new GuardedClipboard({
    clipboard: {
      readText: () => held,
      writeText: (text) => void (held = text),
      clear: () => void (held = ''),
    },
    schedule: (work, milliseconds) => {
      const entry = { work, milliseconds };
      clock.push(entry);
      return () => (clock = clock.filter((other) => other !== entry));
    },
  });
});

/** Lets every timer run out that was not cancelled. */
async function runOut(): Promise<void> {
  for (const { work } of clock.splice(0)) work();
  await turn();
}

describe('a copied text', () => {
  it('is cleared after 60 seconds', async () => {
    await guarded.write('患者高血压');
    expect(held).toBe('患者高血压');
    expect(clock.map(({ milliseconds }) => milliseconds)).toEqual([60_000]);
    expect(clipboardLifeMs).toBe(60_000);
    await runOut();
    expect(held).toBe('');
  });

  it('is left alone when another program has put something there since', async () => {
    await guarded.write('患者高血压');
    held = 'of another program';
    await runOut();
    expect(held).toBe('of another program');
  });

  it('starts its minute anew with every copy, so the first timer does not cut the second short', async () => {
    await guarded.write('甲');
    await guarded.write('乙');
    expect(clock).toHaveLength(1);
    await runOut();
    expect(held).toBe('');
  });

  it('a lock goes on whatever the clipboard does: what it does not show is cleared', async () => {
    let refused = 0;
    const refuse = (): never => {
      refused += 1;
      throw new Error('in use');
    };
    const clipboard = { readText: refuse, writeText: () => undefined, clear: refuse };
    const broken = new GuardedClipboard({ clipboard, schedule: () => () => undefined });
    await broken.write('患者高血压');
    await broken.clearOurs();
    expect(refused).toBe(2);
  });

  it('is cleared at lock and quit without waiting, once, and only if it is still ours', async () => {
    await guarded.write('患者高血压');
    await guarded.clearOurs();
    expect(held).toBe('');
    expect(clock).toEqual([]);
    held = '患者高血压';
    await guarded.clearOurs();
    expect(held).toBe('患者高血压');
  });

  it('is known again when the system turned its line ends into its own', async () => {
    await guarded.write('主诉\n现病史');
    held = '主诉\r\n现病史';
    await runOut();
    expect(held).toBe('');
  });
});

it('a clipboard on which we put nothing is never touched', async () => {
  held = 'of another program';
  await guarded.clearOurs();
  expect(held).toBe('of another program');
});

it('a text copied while an older one is being cleared stays its minute', async () => {
  let answer: (text: string) => void = () => undefined;
  const slow = new GuardedClipboard({
    clipboard: {
      readText: () => new Promise<string>((resolve) => (answer = resolve)),
      writeText: (text) => void (held = text),
      clear: () => void (held = ''),
    },
    schedule: () => () => undefined,
  });
  await slow.write('甲');
  const clearing = slow.clearOurs();
  await slow.write('乙');
  answer('甲');
  await clearing;
  expect(held).toBe('乙');
  expect(slow.mayHoldOurs).toBe(true);
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { guardFileName, SignInGuard } from './sign-in-guard';

const user = '5f0b8c1e-0000-4000-8000-000000000001';
const another = '5f0b8c1e-0000-4000-8000-000000000002';

let folder: string;
let now = 1_000_000;
beforeEach(async () => {
  now = 1_000_000;
  folder = await mkdtemp(join(tmpdir(), 'chimed-guard-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = () => SignInGuard.open(folder, { now: () => now });

async function secondsLeft(guard: SignInGuard, id: string): Promise<number> {
  try {
    await guard.begin(id);
    return 0;
  } catch (error) {
    return Number((error as { params?: { seconds?: number } }).params?.seconds);
  }
}

async function failTimes(count: number): Promise<void> {
  for (let at = 0; at < count; at += 1) {
    const guard = await open();
    while ((await secondsLeft(guard, user)) > 0) now += 1000;
  }
}

test('three tries are free, then the pause doubles, and from the tenth it is half an hour', async () => {
  const pauses: number[] = [];
  for (let failed = 1; failed <= 11; failed += 1) {
    await failTimes(1);
    const guard = await open();
    const before = guard.failedOf(user);
    // A look at the pause without a try: a try that is refused is not counted.
    const left = before > 3 ? await secondsLeft(guard, user) : 0;
    expect(guard.failedOf(user)).toBe(before);
    pauses.push(left);
  }
  expect(pauses).toEqual([0, 0, 0, 15, 30, 60, 120, 240, 480, 1800, 1800]);
});

test('a new start of the program goes on counting, and another user is not held up', async () => {
  await failTimes(4);
  const guard = await open();
  expect(await secondsLeft(guard, user)).toBe(15);
  expect(await secondsLeft(guard, another)).toBe(0);
});

test('the right passphrase begins anew', async () => {
  await failTimes(4);
  await (await open()).passed(user);
  expect((await open()).failedOf(user)).toBe(0);
});

test('a clock that is set back neither ends the pause nor makes it longer', async () => {
  await failTimes(4);
  now -= 3_600_000;
  expect(await secondsLeft(await open(), user)).toBe(15);
});

test('a damaged file locks nobody out', async () => {
  await writeFile(join(folder, guardFileName), '{"users":{"x":');
  expect(await secondsLeft(await open(), user)).toBe(0);
});

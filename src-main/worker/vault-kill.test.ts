/** Real processes, killed with no warning at random moments of everything that changes a vault. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { killedRound } from './kill-rounds.fixture';
import { checkVault, newLedger } from './vault-loop.fixture';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'chimed-vault-kill-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

test(
  'killed a dozen times while saving, renaming, deleting, compacting and rotating: nothing saved is missing, nothing is twice, nothing deleted is readable',
  { timeout: 240_000 },
  async () => {
    const ledger = newLedger();
    // A dozen rounds, and on a busy machine as many more as it takes until enough was done.
    const isEnough = (): boolean => ledger.titles.size > 30 && ledger.shredded.size > 3;
    for (let round = 0; round < 12 || (!isEnough() && round < 48); round += 1) {
      await killedRound(dir, round + 1, ledger, 10 + ((round * 37) % 160));
      await checkVault(dir, ledger);
    }
    expect(isEnough()).toBe(true);
  },
);

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

test('killed a dozen times while saving, renaming, deleting, compacting and rotating: nothing saved is missing, nothing is twice, nothing deleted is readable', async () => {
  const ledger = newLedger();
  for (let round = 0; round < 12; round += 1) {
    await killedRound(dir, round + 1, ledger, 10 + ((round * 37) % 160));
    await checkVault(dir, ledger);
  }
  expect(ledger.titles.size).toBeGreaterThan(30);
  expect(ledger.shredded.size).toBeGreaterThan(3);
});

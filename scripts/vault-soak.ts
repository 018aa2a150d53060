/**
 * `npm run soak`: a vault whose process is killed again and again at random moments of saving,
 * renaming, deleting, compacting and rotating the key. After each death everything that was
 * acknowledged must be there once, and nothing that was deleted may be readable. A new folder is begun
 * now and then, so that small vaults are killed too.
 *
 *   npm run soak [-- --rounds N] [-- --seed N]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { killedRound } from '../src-main/worker/kill-rounds.fixture';
import { checkVault, newLedger } from '../src-main/worker/vault-loop.fixture';
import { runScript, say } from './terminal';

const roundsOfOneFolder = 50;
/** Longest life of a process after its first word, milliseconds. */
const longestLife = 400;

await runScript(async () => {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '1000' },
      seed: { type: 'string', default: '1' },
    },
  });
  const rounds = Number(values.rounds);
  const firstSeed = Number(values.seed);
  const totals = { saved: 0, deleted: 0, said: 0 };
  for (let round = 0; round < rounds;) {
    const dir = await mkdtemp(join(tmpdir(), 'chimed-soak-'));
    const ledger = newLedger();
    for (let inFolder = 0; inFolder < roundsOfOneFolder && round < rounds; inFolder += 1) {
      const seed = firstSeed + round;
      try {
        await killedRound(dir, seed, ledger, Math.random() * longestLife);
        await checkVault(dir, ledger);
      } catch (error) {
        say(`round ${round} (seed ${seed}) failed; the folder is kept: ${dir}`);
        throw error;
      }
      round += 1;
    }
    totals.saved += ledger.titles.size;
    totals.deleted += ledger.shredded.size;
    totals.said += ledger.lines;
    say(`${round} of ${rounds} rounds: ${totals.saved} saved, ${totals.deleted} deleted for good`);
    await rm(dir, { recursive: true, force: true });
  }
  say(`${rounds} kills: nothing saved is missing, nothing is twice, nothing deleted is readable`);
  return 0;
});

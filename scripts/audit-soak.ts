/**
 * `npm run soak:audit`: an audit log whose process is killed again and again at random moments of
 * appending and of beginning segments. After each death everything that was acknowledged must be there
 * once, and the chain whole. A new folder is begun now and then, so that small logs are killed too.
 *
 *   npm run soak:audit [-- --rounds N]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkLog, killedRound } from '../src-main/vault/audit/kill-rounds.fixture';
import { runScript, say } from './terminal';

const roundsOfOneFolder = 50;
/** Longest life of a process after its first word, milliseconds. */
const longestLife = 300;

await runScript(async () => {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '1000' } } });
  const rounds = Number(values.rounds);
  let acknowledged = 0;
  for (let round = 0; round < rounds;) {
    const folder = await mkdtemp(join(tmpdir(), 'chimed-audit-soak-'));
    const promised = new Set<number>();
    for (let inFolder = 0; inFolder < roundsOfOneFolder && round < rounds; inFolder += 1) {
      try {
        const marks = await killedRound(folder, inFolder, Math.random() * longestLife);
        for (const mark of marks) promised.add(mark);
        await checkLog(folder, promised);
      } catch (error) {
        say(`round ${round} failed; the folder is kept: ${folder}`);
        throw error;
      }
      round += 1;
    }
    acknowledged += promised.size;
    say(`${round} of ${rounds} rounds: ${acknowledged} entries acknowledged`);
    await rm(folder, { recursive: true, force: true });
  }
  say(`${rounds} kills: no acknowledged entry is missing, none is there twice`);
  return 0;
});

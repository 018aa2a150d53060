/**
 * What 50,000 notes cost: from signing in to a list that can be used, against 500 notes; and the first
 * hit of a search, against opening every note and looking into it.
 *
 *   npx tsx scripts/bench/many-records.ts [--notes N] [--few N] [--pairs N] [--folder F]
 *
 * `--folder` keeps the profiles for the next time.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuild } from '../build';
import { hasDisplay, startVirtualDisplay } from '../display';
import { resolveRuntime } from '../runtime/resolve';
import { ensureSystemPackages } from '../system-packages';
import { runScript, say } from '../terminal';
import { residentMemory } from './app-path';
import { LockedApp } from './locked-app';
import { makeNotesProfile } from './notes-profile';
import { describeRatio, measurePairs, median } from './pairs';
import { measureSearch, queriesOf } from './search-against-scan';

await runScript(async () => {
  const { values } = parseArgs({
    options: {
      notes: { type: 'string', default: '50000' },
      few: { type: 'string', default: '500' },
      pairs: { type: 'string', default: '7' },
      folder: { type: 'string' },
    },
  });
  const [notes, few, pairs] = [Number(values.notes), Number(values.few), Number(values.pairs)];
  ensureSystemPackages(hasDisplay() ? 'window' : 'virtual-display');
  await ensureBuild();
  const { executable } = await resolveRuntime();
  const display = hasDisplay() ? undefined : await startVirtualDisplay();
  const folder = values.folder ?? (await mkdtemp(join(tmpdir(), 'chimed-many-')));
  const open: LockedApp[] = [];
  try {
    const profiles = { many: join(folder, `${notes}`), few: join(folder, `${few}`) };
    await makeNotesProfile(profiles.few, few);
    await makeNotesProfile(profiles.many, notes);

    for (const ratio of await measureSearch(profiles.many, notes, pairs)) say(describeRatio(ratio));

    const start = async (userData: string, count: number): Promise<LockedApp> => {
      const app = await LockedApp.start(executable, userData, display?.name);
      open.push(app);
      // The page's database is made from the journal once; that is not what is measured.
      const first = await app.unlock();
      const whole = await app.wholeList(count);
      say(`${count} notes, first time: ${first.toFixed(0)} ms to a list, ${whole.toFixed(0)} more`);
      return app;
    };
    const fewApp = await start(profiles.few, few);
    await fewApp.lock();
    const manyApp = await start(profiles.many, notes);
    await manyApp.lock();
    const unlocked = (app: LockedApp) => async (): Promise<number> => {
      const time = await app.unlock();
      await app.lock();
      return time;
    };
    say(
      describeRatio(
        await measurePairs(
          `from signing in to a list that can be used, ${notes} notes against ${few}`,
          { sense: '<=', value: 1.5 },
          unlocked(manyApp),
          unlocked(fewApp),
          (ours, theirs) => ours / theirs,
          pairs,
        ),
      ),
    );

    await manyApp.unlock();
    say(`${notes} notes: the whole list ${(await manyApp.wholeList(notes)).toFixed(0)} ms later`);
    const cold = await manyApp.search(queriesOf(notes)[0] ?? '');
    say(`first search after that, with its signatures to be read: ${cold.toFixed(0)} ms`);
    const times: number[] = [];
    for (const query of queriesOf(notes)) times.push(await manyApp.search(query));
    say(`later ones, to the first hit on screen: median ${median(times).toFixed(0)} ms`);
    for (const { name, mib } of await residentMemory(manyApp.app)) say(`${name}: ${mib} MiB`);
    return 0;
  } finally {
    for (const { app } of open) await app.close().catch(() => undefined);
    await display?.stop();
    if (values.folder === undefined) await rm(folder, { recursive: true, force: true });
  }
});

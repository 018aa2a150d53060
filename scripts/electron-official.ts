/**
 * `npm run electron:official`: fetches the official binary of the `electron` dependency from its own
 * download host, or from the mirror in ELECTRON_MIRROR. Nothing else in this project does.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { projectRoot } from './project';
import { describeRuntime, findOfficial, wantedElectronVersion } from './runtime/resolve';
import { PlainError, runScript, say } from './terminal';

await runScript(async () => {
  const version = await wantedElectronVersion();
  if (!(await findOfficial())) {
    say(`Fetching Electron ${version} ...`);
    const installer = join(projectRoot, 'node_modules', 'electron', 'install.js');
    // The installer would otherwise only look whether the override is there.
    const env = { ...process.env };
    delete env['ELECTRON_OVERRIDE_DIST_PATH'];
    spawnSync(process.execPath, [installer], { cwd: projectRoot, stdio: 'inherit', env });
  }
  const official = await findOfficial();
  if (!official)
    throw new PlainError(
      `Electron ${version} could not be fetched.\n` +
        'If its download host is not reachable from here, set ELECTRON_MIRROR to a mirror of it, or\n' +
        'name an Electron you have: CHIMED_ELECTRON=<folder or executable>.\n' +
        'For development and tests on linux-x64 nothing is needed: the registry has a runtime.',
    );
  say(describeRuntime(official));
  return 0;
});

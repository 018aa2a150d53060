/** `npm start`: opens the workstation from the sources. Further arguments go to the program. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { ensureBuild } from './build';
import { electronEnvironment, hasDisplay, sandboxArguments } from './display';
import { projectRoot } from './project';
import { describeRuntime, resolveRuntime } from './runtime/resolve';
import { ensureSystemPackages } from './system-packages';
import { PlainError, runScript, say } from './terminal';

await runScript(async () => {
  if (!hasDisplay())
    throw new PlainError(
      'There is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set), so no window can open.\n' +
        'To see the program do its main job on a virtual display: npm run demo',
    );
  ensureSystemPackages('window');
  await ensureBuild();
  const runtime = await resolveRuntime();
  say(describeRuntime(runtime));
  const args = [...sandboxArguments(), projectRoot, ...process.argv.slice(2)];
  const child = spawn(runtime.executable, args, { stdio: 'inherit', env: electronEnvironment() });
  // A terminal's Ctrl-C reaches the program itself; we wait for it to end. A kill reaches only us.
  process.on('SIGINT', () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return code ?? 128 + (signal ? constants.signals[signal] : 0);
});

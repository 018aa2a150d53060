/** The engine measured in a process of its own, with the environment that the app's model host has. */
import { spawnSync } from 'node:child_process';
import { hostEnvironment } from '../../src-main/host/environment';

/**
 * Runs the script again in that environment and ends with its exit code, unless it has it already. Node reads the
 * number of its threads for native work when it starts; with its usual four, two contexts that compute
 * side by side on two cores do a third less work.
 */
export function runAsTheHost(): void {
  if (Object.entries(hostEnvironment).every(([name, value]) => process.env[name] === value)) return;
  const { status } = spawnSync(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    env: { ...process.env, ...hostEnvironment },
    stdio: 'inherit',
  });
  process.exit(status ?? 1);
}

/** Starts an Electron app with Playwright attached to it. */
import { _electron, errors, type ElectronApplication } from 'playwright-core';
import { sandboxArguments } from './display';

export interface LaunchOptions {
  readonly executable: string;
  readonly args: readonly string[];
  readonly env: Record<string, string>;
}

/** Enough for a start on a busy machine; one takes less than a second. */
const launchTimeoutMs = 20_000;
const attempts = 3;

/**
 * About one start in a hundred on a loaded machine, the program runs and its debugging port is open,
 * but the line on standard error that names the port never reaches Playwright, which then waits for
 * ever (the port's number is in `DevToolsActivePort`, the page is loaded). The program is ended then
 * and started again; a start that fails for another reason is not repeated.
 */
export async function launchElectron(options: LaunchOptions): Promise<ElectronApplication> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await _electron.launch({
        executablePath: options.executable,
        args: [...sandboxArguments(), ...options.args],
        env: options.env,
        timeout: launchTimeoutMs,
      });
    } catch (error) {
      if (!(error instanceof errors.TimeoutError) || attempt === attempts) throw error;
    }
  }
}

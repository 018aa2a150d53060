/** What every script here has in common when it speaks to a person at a terminal. */

/**
 * A failure whose message is the whole story: it is printed as it stands, without a stack, because
 * the reader is a newcomer who typed a command and not the author of the script.
 */
export class PlainError extends Error {
  override readonly name = 'PlainError';
}

/** One line for people. Always on stderr: stdout belongs to results. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/**
 * Runs a script's main function and turns its outcome into the process's exit code.
 * @param main returns the exit code; a PlainError thrown becomes its message and code 1.
 */
export async function runScript(main: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    say(error instanceof PlainError ? error.message : String((error as Error).stack ?? error));
    process.exitCode = 1;
  }
}

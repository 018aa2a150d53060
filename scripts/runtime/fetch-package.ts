import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { PlainError } from '../terminal';

const run = promisify(execFile);

/**
 * Fetches one npm package's .tgz with the user's own npm, so that proxies, mirrors and logins set
 * up for npm hold here too.
 *
 * @param spec name@version.
 * @param folder an existing folder that receives the .tgz; npm runs in it, away from our lock file.
 * @returns path of the .tgz.
 * @throws PlainError with npm's last words if it cannot be fetched.
 */
export async function fetchPackage(spec: string, folder: string): Promise<string> {
  const args = ['pack', spec, '--pack-destination', folder, '--ignore-scripts', '--prefer-offline'];
  // Under `npm run` this is the very npm that the user called; it may not be on the PATH.
  const npm = process.env['npm_execpath'] ?? '';
  const [file, before] = /^npm-cli\.c?js$/.test(basename(npm))
    ? [process.execPath, [npm]]
    : ['npm', []];
  try {
    await run(file, [...before, ...args, '--loglevel=error'], { cwd: folder, maxBuffer: 1 << 22 });
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    throw new PlainError(
      `npm could not fetch ${spec}:\n${(stderr?.trim() || message).slice(-2_000)}`,
    );
  }
  const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new PlainError(`npm fetched no file for ${spec}`);
  return join(folder, tarball);
}

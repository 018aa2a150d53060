/**
 * A path that names another machine: merely looking at it makes Windows connect there and offer the
 * user's credentials. The page may only give such a path back that a person chose in the system's dialog.
 */
import { AppError } from '../domain/contract/errors';

/** True for UNC paths in all spellings (`\\server\share`, `//server/share`, `\\?\UNC\...`); only on Windows. */
export function isNetworkPath(path: string, platform: NodeJS.Platform = process.platform): boolean {
  if (platform !== 'win32' || !/^[\\/]{2}/.test(path)) return false;
  // `\\?\C:\...` and `\\.\C:\...` are this machine's drives.
  return !/^[\\/]{2}[?.][\\/][a-z]:/i.test(path);
}

/** The paths that a person chose in this run of the program. */
export class ChosenPaths {
  readonly #chosen = new Set<string>();
  readonly #platform: NodeJS.Platform;

  constructor(platform: NodeJS.Platform = process.platform) {
    this.#platform = platform;
  }

  /** Remembers what a dialog returned, and returns it. */
  add(path: string | null): string | null {
    if (path !== null) this.#chosen.add(path);
    return path;
  }

  /** @throws AppError `NETWORK_PATH` for another machine's path that no dialog returned */
  check(path: string): string {
    if (isNetworkPath(path, this.#platform) && !this.#chosen.has(path)) {
      throw new AppError('NETWORK_PATH');
    }
    return path;
  }
}

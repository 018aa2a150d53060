import { createPackage } from '@electron/asar';
import { constants } from 'node:fs';
import { cp, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Runtime } from './runtime/resolve';
import { PlainError } from './terminal';

/**
 * A copy of a runtime as electron-builder wants an `electronDist`: its integrity step reads every
 * .asar under resources as an archive file, and the prepared runtime's default app is a folder.
 *
 * @param target where the copy goes; replaced if it is there.
 * @throws PlainError if the runtime does not say its version.
 */
export async function stagedTestDist(
  runtime: Runtime,
  target: string,
): Promise<{ readonly folder: string; readonly version: string }> {
  const { version } = runtime;
  if (version === null) throw new PlainError(`${runtime.dist} does not say which version it is.`);
  await rm(target, { recursive: true, force: true });
  await cp(runtime.dist, target, { recursive: true, mode: constants.COPYFILE_FICLONE });
  const defaultApp = join(target, 'resources', 'default_app.asar');
  if ((await stat(defaultApp)).isDirectory()) {
    const folder = `${target}.default-app`;
    await rm(folder, { recursive: true, force: true });
    await rename(defaultApp, folder);
    await createPackage(folder, defaultApp);
    await rm(folder, { recursive: true });
  }
  return { folder: target, version };
}

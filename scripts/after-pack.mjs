import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Runs inside electron-builder between copying and fuses: takes out Electron's default app, which
 * would start any folder given to it, and refuses an Electron other than the one announced, which
 * electron-builder does not notice.
 */
export default async function afterPack(context) {
  const { appOutDir, packager, electronPlatformName } = context;
  if (electronPlatformName === 'darwin') return;
  await rm(join(appOutDir, 'resources', 'default_app.asar'), { recursive: true, force: true });
  const wanted = packager.config.electronVersion;
  const found = (await readFile(join(appOutDir, 'version'), 'utf8')).trim().replace(/^v/, '');
  if (found !== wanted)
    throw new Error(`the package was announced with Electron ${wanted} but holds ${found}`);
}

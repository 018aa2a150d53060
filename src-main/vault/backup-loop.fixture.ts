/**
 * A process that backs up and restores, for the tests that kill it or leave it no room.
 * Arguments: `loop`, `backup` or `restore:FOLDER`; data folder, destination, folder to restore into.
 */
import { writeSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { problemOf } from '../domain/contract/errors';
import { backUp, restoreBackup } from './backup';
import { testDataKey } from './keys.fixture';
import { Vault } from './vault';

const [mode = '', dataDir = '', destination = '', restored = ''] = process.argv.slice(2);
try {
  if (mode.startsWith('restore:')) {
    await restoreBackup(mode.slice('restore:'.length), restored, testDataKey());
  } else {
    const vault = await Vault.open(dataDir, testDataKey());
    writeSync(1, mode === 'loop' ? 'begun\n' : '');
    do {
      const { folder } = await backUp(vault, { destination });
      await restoreBackup(folder, restored, testDataKey());
      if (mode === 'loop') for (const done of [restored, folder]) await removeAtOnce(done);
    } while (mode === 'loop');
  }
} catch (error) {
  writeSync(1, `${problemOf(error).code}\n`);
}

/** A kill in the middle of a removal leaves no half of it under its name. */
async function removeAtOnce(folder: string): Promise<void> {
  const gone = `${folder}.gone.part`;
  await rm(gone, { recursive: true, force: true });
  await rename(folder, gone);
  await rm(gone, { recursive: true });
}

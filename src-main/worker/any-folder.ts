/** Whether what a person dropped is files only: the page sees names, which do not say it. */
import { stat } from 'node:fs/promises';

/** What cannot be reached is no folder; whoever reads it says why. */
export async function anyFolder(paths: readonly string[]): Promise<boolean> {
  for (const path of paths) {
    const info = await stat(path).catch(() => null);
    if (info?.isDirectory()) return true;
  }
  return false;
}

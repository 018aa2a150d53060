/** Files and folders dropped on the window, as the system's own file manager does it. */
import type { Page } from '@playwright/test';

/** @param files paths of the system, which the page gets as `File`s that it can ask the path of */
export async function dropFiles(page: Page, files: readonly string[]): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  const data = { items: [], files: [...files], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await devtools.send('Input.dispatchDragEvent', { type, x: 640, y: 400, data });
  await devtools.detach();
}

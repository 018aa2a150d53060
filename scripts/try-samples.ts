/** The way into the program that needs no account: what a person does who wants to look at it. */
import type { Page } from 'playwright-core';

export async function trySamples(page: Page, timeout = 30_000): Promise<void> {
  await page.getByTestId('try-samples').click({ timeout });
  await page.getByTestId('app').waitFor({ timeout });
}

/** Changing the data key, through the real screens. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, pasteRecord, test } from './app';
import { findings } from './axe';
import { testPassphrase } from './profile';

/** Of the data key that the journal is kept under. */
const keyIdOf = async (userData: string): Promise<string> =>
  (await readFile(join(userData, 'data', 'journal.cmj'))).subarray(28, 36).toString('hex');

test(
  'a doctor changes the data key behind the passphrase: every record opens, the log has it, and the passphrase goes on working',
  { tag: '@slow' },
  async ({ start }) => {
    const first = await start();
    await pasteRecord(first.page, '第一份', '患者高血压病史10年。');
    await pasteRecord(first.page, '第二份', '患者糖尿病史5年。');
    const before = await keyIdOf(first.userData);
    await first.page.getByTestId('open-settings').click();
    await first.page.getByTestId('rotate').click();
    await expect(first.page.getByTestId('rotate-run')).toBeDisabled();
    expect(await findings(first.page)).toEqual([]);
    await first.page.getByTestId('rotate-passphrase').fill('不是这个口令，也不是那个');
    await first.page.getByTestId('rotate-run').click();
    await expect(first.page.getByTestId('error-banner')).toHaveAttribute(
      'data-code',
      'PASSPHRASE_WRONG',
    );
    expect(await keyIdOf(first.userData)).toBe(before);

    await first.page.getByTestId('rotate-passphrase').fill(testPassphrase);
    await first.page.getByTestId('rotate-run').click();
    await expect(first.page.getByTestId('toast')).toContainText('数据密钥已更换');
    expect(await keyIdOf(first.userData)).not.toBe(before);
    const rows = first.page.getByTestId('record-row');
    await expect(rows).toHaveCount(2);
    await rows.filter({ hasText: '第二份' }).click();
    await first.page.getByTestId('nav-extraction').click();
    await expect(first.page.getByTestId('record-body')).toContainText('糖尿病史5年');
    await first.page.getByTestId('nav-records').click();
    await pasteRecord(first.page, '第三份', '患者冠心病史3年。');
    await first.page.getByTestId('nav-audit').click();
    await expect(
      first.page.locator('[data-testid="audit-row"][data-kind="key-rotated"]'),
    ).toHaveCount(1);
    await first.page.getByTestId('audit-verify').click();
    await expect(first.page.getByTestId('audit-result')).toHaveAttribute('data-faults', '0');
    await first.quit();

    // Signed in again, nothing is missing and nothing is said to have been put back.
    const second = await start();
    await expect(second.page.getByTestId('record-row')).toHaveCount(3);
    await expect(second.page.getByTestId('error-banner')).toHaveCount(0);
  },
);

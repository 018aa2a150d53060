/** Users, roles, the lock and the recovery words, through the real screens. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ElectronApplication, Page } from '@playwright/test';
import {
  expect,
  filesHolding,
  modelReady,
  pasteRecord,
  runExtraction,
  signIn,
  test,
  type Workstation,
} from './app';
import { findings } from './axe';
import { testPassphrase } from './profile';

const founder = { name: '陈思远', staff: 'D-1024', title: '主任医师' };
const passphrase = '春江潮水连海平二〇二六';
const other = '海上明月共潮生二〇二六';

async function fillFoundForm(page: Page): Promise<void> {
  await page.getByTestId('user-name').fill(founder.name);
  await page.getByTestId('user-staff').fill(founder.staff);
  await page.getByTestId('user-title').fill(founder.title);
  await page.getByTestId('new-passphrase').fill(passphrase);
  await page.getByTestId('passphrase-again').fill(passphrase);
  await page.getByTestId('found-next').click();
}

/** Reads the words off the screen, as a person writes them down. */
async function writtenWords(page: Page): Promise<string[]> {
  const words = page.getByTestId('recovery-words').locator('strong');
  await expect(words).toHaveCount(12);
  return words.allTextContents();
}

async function repeatWords(page: Page, words: readonly string[]): Promise<void> {
  await page.getByTestId('words-written').click();
  for (const field of await page.getByTestId('word-answer').all()) {
    const place = Number(await field.getAttribute('data-place'));
    await field.fill(words[place] ?? '');
  }
  await page.getByTestId('words-confirm').click();
}

/** Founding ends in a new window, whose session is stored. */
async function found(app: ElectronApplication, page: Page): Promise<[Page, string[]]> {
  await fillFoundForm(page);
  const words = await writtenWords(page);
  const opened = app.waitForEvent('window');
  await repeatWords(page, words);
  const next = await opened;
  await next.getByTestId('app').waitFor();
  return [next, words];
}

async function lock(page: Page): Promise<void> {
  await page.keyboard.press('F9');
  await page.getByTestId('lock-screen').waitFor();
}

const rendererPid = ({ app }: Workstation): Promise<number> =>
  app.evaluate(({ BrowserWindow }) =>
    Number(BrowserWindow.getAllWindows()[0]?.webContents.getOSProcessId()),
  );

test('first start: the samples can be tried, and nothing of it is stored', async ({ start }) => {
  const { page, userData, quit } = await start({ vault: 'none' });
  await page.getByTestId('try-samples').click();
  await page.getByTestId('trial').waitFor();
  await modelReady(page);
  // The sample is open already.
  await runExtraction(page);
  await pasteRecord(page, '试用', '患者张哨兵，男，45岁，高血压病史10年。');
  await quit();
  expect(await readdir(join(userData, 'data')).catch(() => [])).toEqual([]);
  expect(await filesHolding(userData, '张哨兵')).toEqual([]);
  const again = await start({ vault: 'none' });
  await expect(again.page.getByTestId('first-start')).toBeVisible();
});

test('first account: words are shown once and repeated, then the account is there', async ({
  start,
}) => {
  const first = await start({ vault: 'none' });
  await first.page.getByTestId('found').click();
  const [page, words] = await found(first.app, first.page);
  expect(new Set(words).size).toBeGreaterThan(6);
  await expect(page.getByTestId('signed-in')).toHaveText(founder.name);
  await pasteRecord(page, '第一份', '患者高血压病史10年。');
  await first.quit();
  const again = await start({ vault: 'locked' });
  await expect(again.page.getByTestId('sign-in-user')).toContainText(founder.name);
  await signIn(again.page, passphrase);
  await expect(again.page.getByTestId('record-row')).toHaveCount(1);
});

test('a miscopied word makes no account', async ({ start }) => {
  const { page, userData } = await start({ vault: 'none' });
  await page.getByTestId('found').click();
  await fillFoundForm(page);
  const words = await writtenWords(page);
  await repeatWords(page, [...words.slice(1), '龘']);
  await expect(page.getByTestId('error-banner')).toHaveAttribute(
    'data-code',
    'RECOVERY_WORDS_INVALID',
  );
  expect(await readdir(join(userData, 'data'))).toEqual([]);
});

test('a passphrase that is short, or the own name, is refused in words', async ({ start }) => {
  const { page } = await start({ vault: 'none' });
  await page.getByTestId('found').click();
  await page.getByTestId('user-name').fill(founder.name);
  await page.getByTestId('user-staff').fill(founder.staff);
  for (const [tried, code] of [
    ['短口令', 'PASSPHRASE_TOO_SHORT'],
    [`${founder.name}${founder.name}${founder.staff}`, 'PASSPHRASE_COMMON'],
  ] as const) {
    await page.getByTestId('new-passphrase').fill(tried);
    await page.getByTestId('passphrase-again').fill(tried);
    await page.getByTestId('found-next').click();
    await expect(page.locator(`[data-testid="error-banner"][data-code="${code}"]`)).toBeVisible();
  }
});

test('a lock ends the page, the worker and the model host; signing in brings all back', async ({
  start,
}) => {
  const station = await start();
  const { page, pidOf } = station;
  await modelReady(page);
  await pasteRecord(page, '随访', '患者高血压病史10年，口服硝苯地平控释片。');
  const before = [
    await rendererPid(station),
    await pidOf('chimed-worker'),
    await pidOf('chimed-model-host'),
  ];
  await lock(page);
  expect(await page.getByTestId('record-row').count()).toBe(0);
  for (const pid of before) await expect.poll(() => isAlive(pid)).toBe(false);
  await signIn(page);
  await expect(page.getByTestId('record-row')).toHaveCount(1);
  await modelReady(page);
  expect(await rendererPid(station)).not.toBe(before[0]);
});

test('what a locked page asks for is refused by main', async ({ start }) => {
  const { page } = await start();
  await lock(page);
  const codes = await page.evaluate(async () => {
    const replies = await Promise.all([
      window.chimed.invoke('vault.key'),
      window.chimed.invoke('worker.connect'),
      window.chimed.invoke('host.connect'),
      window.chimed.invoke('users.list'),
      window.chimed.invoke('library.get'),
      window.chimed.invoke('settings.set', { lockMinutes: 15 }),
    ]);
    return replies.map((reply) => (reply.ok ? 'ok' : reply.problem.code));
  });
  expect(codes).toEqual(new Array(6).fill('VAULT_LOCKED'));
});

test(
  'it locks when the desk is left, the system locks or sleeps, and says which',
  { tag: '@slow' },
  async ({ start }) => {
    const { app, page } = await start();
    const reasons: (() => Promise<void>)[] = [
      () => app.evaluate(({ powerMonitor }) => void powerMonitor.emit('lock-screen')),
      () => app.evaluate(({ powerMonitor }) => void powerMonitor.emit('suspend')),
      () =>
        app.evaluate(({ powerMonitor }) => {
          powerMonitor.getSystemIdleTime = () => 601;
        }),
    ];
    const said: (string | null)[] = [];
    for (const happens of reasons) {
      await happens();
      const screen = page.getByTestId('lock-screen');
      await screen.waitFor();
      said.push(await screen.getAttribute('data-reason'));
      if (said.length < reasons.length) await signIn(page);
    }
    expect(said).toEqual(['system-lock', 'sleep', 'idle']);
  },
);

test('an answer in progress and an unsaved note are sealed before the lock', async ({ start }) => {
  const { page } = await start();
  await modelReady(page);
  const long = '患者高血压病史10年，口服硝苯地平控释片，查头颅CT未见异常，双下肢无水肿。'.repeat(
    400,
  );
  await pasteRecord(page, '很长的病历', long);
  await page.getByTestId('run-extraction').click();
  await page.getByTestId('fact').first().waitFor();
  await page.keyboard.press('Control+n');
  await page.getByTestId('record-title').fill('没写完的');
  await page.getByTestId('record-text').fill('患者诉头痛三天，尚未写完');
  await lock(page);
  await signIn(page);
  await expect(page.getByTestId('record-row')).toHaveCount(2);
  await expect(page.getByTestId('record-row').filter({ hasText: '没写完的' })).toHaveCount(1);
  await page.getByTestId('record-row').filter({ hasText: '很长的病历' }).dblclick();
  await expect(page.getByTestId('run-status')).toHaveAttribute('data-status', 'stopped');
  await expect(page.getByTestId('fact').first()).toBeVisible();
  // Nobody takes a part for the whole.
  await expect(page.getByTestId('partial-run')).toBeVisible();
});

test(
  'wrong passphrases: said so, then made to wait, also after a restart',
  { tag: '@slow' },
  async ({ start }) => {
    const { page, quit } = await start({ vault: 'locked' });
    const code = async (target: Page, tried: string) => {
      await target.getByTestId('sign-in-passphrase').fill(tried);
      await target.getByTestId('sign-in').click();
      await expect(target.getByTestId('sign-in')).toHaveText('登录');
      return target.getByTestId('error-banner').getAttribute('data-code');
    };
    for (let attempt = 0; attempt < 4; attempt += 1)
      expect(await code(page, `${testPassphrase}错`)).toBe('PASSPHRASE_WRONG');
    expect(await code(page, testPassphrase)).toBe('SIGN_IN_DELAYED');
    await quit();
    const again = await start({ vault: 'locked' });
    expect(await code(again.page, testPassphrase)).toBe('SIGN_IN_DELAYED');
    await expect(again.page.getByTestId('problem-detail')).toContainText('秒');
  },
);

test(
  'the recovery words set a new passphrase; replaced words open nothing',
  { tag: '@slow' },
  async ({ start }) => {
    const first = await start({ vault: 'none' });
    await first.page.getByTestId('found').click();
    const [page, words] = await found(first.app, first.page);
    await pasteRecord(page, '第一份', '患者高血压病史10年。');
    const recover = async (typed: string, next: string) => {
      await page.getByTestId('forgot').click();
      await page.getByTestId('use-words').click();
      await page.getByTestId('recover-words').fill(typed);
      await page.getByTestId('new-passphrase').fill(next);
      await page.getByTestId('passphrase-again').fill(next);
      await page.getByTestId('recover').click();
    };
    await lock(page);
    await recover(words.join(''), other);
    await expect(page.getByTestId('record-row')).toHaveCount(1);

    await page.getByTestId('open-settings').click();
    await page.getByTestId('renew-words').click();
    const fresh = await writtenWords(page);
    await repeatWords(page, fresh);
    await expect(page.getByTestId('renew-words')).toBeVisible();
    await page.keyboard.press('Escape');
    await lock(page);
    await recover(words.join(' '), passphrase);
    await expect(page.getByTestId('error-banner')).toHaveAttribute('data-code', 'RECOVERY_WRONG');
    await page.getByTestId('recover-words').fill(fresh.join('，'));
    await page.getByTestId('recover').click();
    await expect(page.getByTestId('record-row')).toHaveCount(1);
  },
);

test('each role sees its own: doctor, administrator, auditor', async ({ start }) => {
  const { page } = await start();
  await page.getByTestId('nav-users').click();
  const add = async (name: string, staff: string, role: string) => {
    await page.getByTestId('add-user').click();
    await page.getByTestId('user-name').fill(name);
    await page.getByTestId('user-staff').fill(staff);
    if (role !== 'doctor') await page.getByTestId('role-doctor').uncheck();
    if (role !== 'doctor') await page.getByTestId(`role-${role}`).check();
    await page.getByTestId('new-passphrase').fill(other);
    await page.getByTestId('passphrase-again').fill(other);
    await page.getByTestId('user-submit').click();
    await expect(page.getByTestId('user-row').filter({ hasText: name })).toBeVisible();
  };
  await add('李医师', 'D-2', 'doctor');
  await add('赵管理', 'A-3', 'administrator');
  await add('钱审计', 'A-4', 'auditor');
  const seen: Record<string, string[]> = {};
  for (const name of ['李医师', '赵管理', '钱审计']) {
    await lock(page);
    await page.getByTestId('sign-in-user').selectOption({ label: name });
    await signIn(page, other);
    const places = page.locator('nav [data-testid^="nav-"]');
    seen[name] = await places.evaluateAll((all) =>
      all.map((each) => each.getAttribute('data-testid')?.replace('nav-', '') ?? ''),
    );
  }
  expect(seen).toEqual({
    李医师: [
      ...['records', 'extraction', 'qa', 'dialogue', 'batch', 'schemas', 'research'],
      ...['models', 'evaluation'],
    ],
    赵管理: ['models', 'users', 'audit'],
    钱审计: ['audit'],
  });
});

test('an account is removed; its passphrase opens nothing any more', async ({ start }) => {
  const { page } = await start();
  await page.getByTestId('nav-users').click();
  await page.getByTestId('add-user').click();
  await page.getByTestId('user-name').fill('李医师');
  await page.getByTestId('user-staff').fill('D-2');
  await page.getByTestId('new-passphrase').fill(other);
  await page.getByTestId('passphrase-again').fill(other);
  await page.getByTestId('user-submit').click();
  const row = page.getByTestId('user-row').filter({ hasText: '李医师' });
  await row.getByTestId('remove-user').click();
  await page.getByTestId('user-submit').click();
  await expect(row).toHaveCount(0);
  await lock(page);
  await expect(page.getByTestId('sign-in-user').locator('option')).toHaveCount(1);
});

test('one changes the own passphrase in the settings, with the old one', async ({ start }) => {
  const { page } = await start();
  await page.getByTestId('open-settings').click();
  await page.getByTestId('change-passphrase').click();
  const change = async (current: string) => {
    await page.getByTestId('current-passphrase').fill(current);
    await page.getByTestId('new-passphrase').fill(other);
    await page.getByTestId('passphrase-again').fill(other);
    await page.getByTestId('change').click();
  };
  await change('不是这个口令，也不是那个');
  await expect(page.getByTestId('error-banner')).toHaveAttribute('data-code', 'PASSPHRASE_WRONG');
  await change(testPassphrase);
  await expect(page.getByTestId('change-passphrase')).toBeVisible();
  await page.keyboard.press('Escape');
  await lock(page);
  await signIn(page, other);
});

test(
  'the gate by keyboard and for screen readers, light and dark, in both languages',
  { tag: '@slow' },
  async ({ start }) => {
    const { page, quit } = await start({ vault: 'none' });
    expect(await findings(page)).toEqual([]);
    await page.getByTestId('open-settings').click();
    await page.getByTestId('theme-dark').check();
    await page.getByTestId('locale-en').check();
    await page.keyboard.press('Escape');
    expect(await findings(page)).toEqual([]);
    await page.getByTestId('found').press('Enter');
    expect(await findings(page)).toEqual([]);
    await fillFoundForm(page);
    await writtenWords(page);
    expect(await findings(page)).toEqual([]);
    await page.getByTestId('words-written').press('Enter');
    expect(await findings(page)).toEqual([]);
    await quit();
    const again = await start();
    await again.page.getByTestId('nav-users').click();
    expect(await findings(again.page)).toEqual([]);
    await again.page.getByTestId('add-user').click();
    expect(await findings(again.page)).toEqual([]);
    await again.page.keyboard.press('Escape');
    await lock(again.page);
    expect(await findings(again.page)).toEqual([]);
    await expect(again.page.getByTestId('sign-in-passphrase')).toBeFocused();
    await again.page.keyboard.type(testPassphrase);
    await again.page.keyboard.press('Enter');
    await again.page.getByTestId('app').waitFor();
  },
);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Review by keyboard alone: from what a model found to what a doctor confirms. */
import type { Page } from '@playwright/test';
import { expect, modelReady, pasteRecord, signIn, test, type Workstation } from './app';
import { findings } from './axe';
import { attributeNote, mentionIn, storeNotes, storeRun, type Note } from './stored-run';
import { makeProfile, testUser } from './profile';

/** Presses keys as a person does, and counts them; a chord of Control or Shift is one. */
class Keyboard {
  pressed = 0;
  readonly #page: Page;
  constructor(page: Page) {
    this.#page = page;
  }
  async press(...keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      this.pressed += 1;
      await this.#page.keyboard.press(key);
    }
  }
}

const rows = (page: Page) => page.getByTestId('fact');
const selected = (page: Page) => page.locator('[data-testid="fact"][aria-selected="true"]');
const decisions = (page: Page): Promise<(string | null)[]> =>
  rows(page).evaluateAll((all) => all.map((row) => row.getAttribute('data-decision')));
const saved = (page: Page) =>
  page.locator('[data-testid="review-saving"][data-saving="saved"]').waitFor();
const confirmed = (page: Page) =>
  page.locator('[data-testid="confirm-bar"][data-confirmed="true"]').waitFor();

/** The program with a record whose run found twelve facts, open for review. */
async function opened(
  start: (options?: object) => Promise<Workstation>,
  userData?: string,
): Promise<Workstation> {
  const running = await start(userData === undefined ? {} : { userData });
  await running.page.getByTestId('record-row').first().click();
  await rows(running.page).first().waitFor();
  return running;
}

/** A data folder of the test's own with these records in it. */
async function folderWith(
  start: (options?: object) => Promise<Workstation>,
  notes: readonly Note[] = [attributeNote],
): Promise<{ userData: string; ids: string[] }> {
  const first = await start({ vault: 'none' });
  const { userData } = first;
  await first.quit();
  await makeProfile(userData);
  return { userData, ids: await storeNotes(userData, notes) };
}
async function noteIn(start: (options?: object) => Promise<Workstation>): Promise<string> {
  return (await folderWith(start)).userData;
}

test('a record with n right facts is confirmed with n keys, by keyboard alone, each fact seen', async ({
  start,
}) => {
  const { page } = await opened(start, await noteIn(start));
  const facts = attributeNote.facts.length;
  expect(await rows(page).count()).toBe(facts);
  // The text is as it was, unit by unit: whatever is drawn over it, places are counted in it.
  await expect(page.locator('[data-testid="record-body"] .block').first()).toHaveJSProperty(
    'textContent',
    attributeNote.text,
  );
  const keyboard = new Keyboard(page);
  for (let at = 0; at < facts - 1; at += 1) {
    await expect(selected(page)).toHaveAttribute('data-decision', 'pending');
    await keyboard.press('Space');
  }
  await keyboard.press('Control+Enter');
  await confirmed(page);
  expect(keyboard.pressed).toBeLessThanOrEqual(facts);
  await expect(page.getByTestId('confirmed-by')).toContainText(testUser.name);
  expect(new Set(await decisions(page))).toEqual(new Set(['accepted']));
  await expect(page.getByTestId('record-row').first()).toHaveAttribute('data-review', 'done');
  // It is locked: no key changes it.
  await page.keyboard.press('x');
  expect(new Set(await decisions(page))).toEqual(new Set(['accepted']));
});

test('corrections, undo and redo, a missed mention by one key, and the way back after a restart', async ({
  start,
}) => {
  const userData = await noteIn(start);
  const { page, quit } = await opened(start, userData);
  const first = selected(page);
  await expect(first).toHaveAttribute('data-start', '2');
  // Accept, reject, and take both back.
  await page.keyboard.press('Space');
  await page.keyboard.press('x');
  expect((await decisions(page)).slice(0, 3)).toEqual(['accepted', 'rejected', 'pending']);
  await page.keyboard.press('Control+z');
  await page.keyboard.press('Control+z');
  expect((await decisions(page)).slice(0, 2)).toEqual(['pending', 'pending']);
  await page.keyboard.press('Control+y');
  expect((await decisions(page)).slice(0, 2)).toEqual(['accepted', 'pending']);

  // The type by a digit, the ends by brackets, a flag by a letter.
  await expect(selected(page)).toHaveAttribute('data-start', '2');
  await page.keyboard.press('4');
  await expect(selected(page)).toHaveAttribute('data-type', '手术');
  await page.keyboard.press('Control+z');
  await expect(selected(page)).toHaveAttribute('data-type', '疾病和诊断');
  // All types by name: the list begins at what it is now; arrows, digits and letters go on from there.
  const choice = page.locator('[data-testid="type-choice"]:focus');
  await page.keyboard.press('m');
  await expect(choice).toHaveAttribute('data-target', '疾病和诊断');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(selected(page)).toHaveAttribute('data-type', '影像检查');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await page.keyboard.press('m');
  await expect(choice).toHaveAttribute('data-target', '影像检查');
  await page.keyboard.press('4');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(selected(page)).toHaveAttribute('data-type', '手术');
  await page.keyboard.press('m');
  await page.keyboard.press('z');
  await expect(page.getByTestId('type-filter')).toHaveValue('z');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await page.keyboard.press('Control+z');
  await page.keyboard.press('Control+z');
  await expect(selected(page)).toHaveAttribute('data-type', '疾病和诊断');
  await page.keyboard.press(']');
  await expect(selected(page).getByTestId('fact-text')).toHaveText('高血压病');
  await page.keyboard.press('Shift+]');
  await page.keyboard.press('Shift+[');
  await expect(selected(page).getByTestId('fact-text')).toHaveText('血压');
  await page.keyboard.press('[');
  await expect(selected(page).getByTestId('fact-text')).toHaveText('高血压');
  await page.keyboard.press('q');
  await expect(selected(page)).toHaveAttribute('data-attributes', 'negated');
  await page.keyboard.press('q');

  // A missed mention: the caret, a selection, one key.
  await page.keyboard.press('c');
  for (let at = 0; at < 4; at += 1) await page.keyboard.press('ArrowRight');
  for (let at = 0; at < 2; at += 1) await page.keyboard.press('Shift+ArrowRight');
  await page.keyboard.press('7');
  await page.keyboard.press('Escape');
  const added = page.locator('[data-testid="fact"][data-type="症状"][data-decision="accepted"]');
  await expect(added.getByTestId('fact-text')).toHaveText(attributeNote.text.slice(6, 8));
  await saved(page);
  const before = await decisions(page);
  await quit();

  const again = await opened(start, userData);
  await expect.poll(() => decisions(again.page)).toEqual(before);
  await again.page.keyboard.press('h');
  await again.page.getByTestId('review-version').first().waitFor();
});

test('accepting in bulk takes only what is on screen, and says so', async ({ start }) => {
  const line = '患者高血压病史10年，口服硝苯地平控释片，行头颅CT检查。\n';
  const text = line.repeat(40);
  const facts = Array.from({ length: 40 }, (_, nth) => [
    mentionIn(text, ['疾病和诊断', '高血压', {}], nth),
    mentionIn(text, ['药物', '硝苯地平控释片', {}], nth),
    mentionIn(text, ['影像检查', '头颅CT', {}], nth),
  ]).flat();
  const { userData } = await folderWith(start, [{ title: '长病历', text, facts }]);
  const { page } = await opened(start, userData);
  // Facts that stand in no section have none in common.
  await page.keyboard.press('Shift+S');
  expect(new Set(await decisions(page))).toEqual(new Set(['pending']));
  await page.keyboard.press('Shift+A');
  const all = await decisions(page);
  const accepted = all.filter((decision) => decision === 'accepted').length;
  expect(accepted).toBeGreaterThan(1);
  const type = await rows(page).first().getAttribute('data-type');
  const ofType = await page.locator(`[data-testid="fact"][data-type="${type ?? ''}"]`).count();
  expect(accepted).toBeLessThan(ofType);
  await expect(page.locator('[data-testid="fact"][data-review="bulk"]')).toHaveCount(accepted);
  await expect(page.getByTestId('review-notice')).toContainText(String(ofType - accepted));
  // A key that is held down decides once.
  await page.keyboard.down('Space');
  await page.keyboard.down('Space');
  await page.keyboard.down('Space');
  await page.keyboard.up('Space');
  const now = (await decisions(page)).filter((decision) => decision === 'accepted').length;
  expect(now).toBe(accepted + 1);
  // What the model was least sure of first, and back, by one key.
  await page.keyboard.press('o');
  await expect(page.getByTestId('review-order')).toHaveAttribute('data-order', 'doubt');
  await page.keyboard.press('o');
  await expect(page.getByTestId('review-order')).toHaveAttribute('data-order', 'place');
});

test(
  'a later run changes nothing that was decided; what it says otherwise is to be settled',
  { tag: '@slow' },
  async ({ start }) => {
    const { userData, ids } = await folderWith(start);
    const first = await opened(start, userData);
    // 高血压 as it is; 硝苯地平控释片 as another type; 糖尿病 rejected; 冠心病 accepted.
    await first.page.keyboard.press('Space');
    await first.page.keyboard.press('4');
    await first.page.keyboard.press('Space');
    await first.page.keyboard.press('x');
    await first.page.keyboard.press('Space');
    await saved(first.page);
    await first.quit();
    const { text, facts } = attributeNote;
    const later = [
      mentionIn(text, ['疾病和诊断', '高血压病', {}]),
      ...facts.filter(({ text: words }) => words !== '高血压' && words !== '冠心病'),
      mentionIn(text, ['药物', '口服', {}]),
    ];
    await storeRun(userData, ids[0] ?? '', { ...attributeNote, facts: later });

    const { page } = await opened(start, userData);
    const row = (words: string) =>
      rows(page).filter({ has: page.getByTestId('fact-text').getByText(words, { exact: true }) });
    await expect(row('高血压')).toHaveAttribute('data-conflict', 'true');
    await expect(row('高血压')).toHaveAttribute('data-decision', 'accepted');
    await expect(row('高血压').getByTestId('fact-conflict')).toContainText('高血压病');
    await expect(row('硝苯地平控释片')).toHaveAttribute('data-type', '手术');
    await expect(row('硝苯地平控释片')).toHaveAttribute('data-conflict', 'false');
    await expect(row('糖尿病')).toHaveAttribute('data-decision', 'rejected');
    await expect(row('冠心病')).toHaveAttribute('data-conflict', 'true');
    await expect(row('口服')).toHaveAttribute('data-decision', 'pending');
    // The first is taken as the later run has it; the second is kept.
    await row('高血压').click();
    await page.keyboard.press('t');
    await expect(row('高血压病')).toHaveAttribute('data-decision', 'accepted');
    await row('冠心病').click();
    await page.keyboard.press('Space');
    await expect(row('冠心病')).toHaveAttribute('data-conflict', 'false');
    await expect(row('冠心病')).toHaveAttribute('data-decision', 'accepted');
  },
);

test('amending begins a new version; the versions and what differs are shown', async ({
  start,
}) => {
  const { page } = await opened(start, await noteIn(start));
  for (let at = 1; at < attributeNote.facts.length; at += 1) await page.keyboard.press('Space');
  await page.keyboard.press('Control+Enter');
  await confirmed(page);
  await page.getByTestId('review-amend').click();
  await page.locator('[data-testid="confirm-bar"][data-confirmed="false"]').waitFor();
  await page.getByTestId('fact').first().click();
  await page.keyboard.press('x');
  await saved(page);
  await page.keyboard.press('Control+Enter');
  await confirmed(page);
  await page.getByTestId('fact').first().click();
  await page.keyboard.press('h');
  await expect(page.getByTestId('review-version')).toHaveCount(2);
  await expect(page.locator('[data-testid="review-difference"][data-kind="removed"]')).toHaveCount(
    1,
  );
  await expect(page.locator('[data-testid="fact-change"][data-kind="reject"]')).toHaveCount(1);
  expect(await findings(page)).toEqual([]);
});

test(
  'killed in the middle, nothing is lost that was shown as saved',
  { tag: '@slow' },
  async ({ start }) => {
    const userData = await noteIn(start);
    const { page, app } = await opened(start, userData);
    for (let at = 0; at < 5; at += 1) await page.keyboard.press('Space');
    await page.keyboard.press('x');
    await saved(page);
    const before = await decisions(page);
    const process = app.process();
    const gone = new Promise((resolve) => process.once('exit', resolve));
    process.kill('SIGKILL');
    await gone;
    const again = await opened(start, userData);
    await expect.poll(() => decisions(again.page)).toEqual(before);
  },
);

test(
  'a lock, or an end, a moment after a decision loses nothing',
  { tag: '@slow' },
  async ({ start }) => {
    const userData = await noteIn(start);
    const { page, quit } = await opened(start, userData);
    await page.keyboard.press('Space');
    await page.keyboard.press('F9');
    await page.getByTestId('lock-screen').waitFor();
    await signIn(page);
    await page.getByTestId('record-row').first().click();
    await expect
      .poll(async () => (await decisions(page)).slice(0, 2))
      .toEqual(['accepted', 'pending']);
    await page.keyboard.press('Space');
    await quit();
    const again = await opened(start, userData);
    await expect
      .poll(async () => (await decisions(again.page)).slice(0, 3))
      .toEqual(['accepted', 'accepted', 'pending']);
  },
);

test(
  'one key goes on to the next result that waits, of each schema by itself; the list shows and filters by state',
  { tag: '@slow' },
  async ({ start }) => {
    const notes = ['甲', '乙'].map((title): Note => {
      const text = `患者高血压病史10年，口服硝苯地平控释片。${title}`;
      const facts = [
        mentionIn(text, ['疾病和诊断', '高血压', {}]),
        mentionIn(text, ['药物', '硝苯地平控释片', {}]),
      ];
      return { title, text, facts };
    });
    const { userData, ids } = await folderWith(start, notes);
    const [, later] = notes;
    if (later) await storeRun(userData, ids[1] ?? '', { ...later, schema: 'ccks2019' });
    const { page } = await opened(start, userData);
    const heading = page.getByRole('heading', { level: 1 });
    await expect(heading).toHaveText('乙');
    const inList = page.getByTestId('record-row').first();
    await expect(inList).toHaveAttribute('data-review', 'waiting');
    const shown = page.locator('[data-testid="result"][aria-pressed="true"]');
    await expect(shown).toHaveAttribute('data-schema', 'ccks2019');
    const confirm = async (accept: string): Promise<void> => {
      const facts = await rows(page).count();
      for (let at = 1; at < facts; at += 1) await page.keyboard.press(accept);
      await page.keyboard.press('Control+Enter');
      await confirmed(page);
    };
    await confirm('Space');
    await expect(shown).toHaveAttribute('data-review', 'done');
    await expect(inList).toHaveAttribute('data-review', 'waiting');
    await expect(inList).toContainText('1/2');
    await page.keyboard.press('g');
    await expect(shown).toHaveAttribute('data-schema', 'ccks2019-symptom');
    await expect(heading).toHaveText('乙');
    await expect(selected(page)).toHaveAttribute('data-decision', 'pending');
    // By keyboard to the one that is signed, and back.
    await page.locator('[data-testid="result"]').first().focus();
    await page.keyboard.press('Enter');
    await confirmed(page);
    expect(await findings(page)).toEqual([]);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expect(selected(page)).toHaveAttribute('data-decision', 'pending');
    await confirm('a');
    await expect(inList).toHaveAttribute('data-review', 'done');
    await page.keyboard.press('g');
    await expect(heading).toHaveText('甲');
    await expect(selected(page)).toHaveAttribute('data-decision', 'pending');
    await page.getByTestId('review-filter').selectOption('done');
    await expect(page.locator('[data-testid="record-row"][data-review="done"]')).toHaveCount(1);
    expect(await findings(page)).toEqual([]);
  },
);

test('sections are corrected by hand and stay so; a text without a run can be marked by hand', async ({
  start,
}) => {
  const { page } = await start();
  await pasteRecord(page, '手工', '主诉：头痛三天。\n既往史：高血压病史10年。');
  await page.getByTestId('open-sections').click();
  await expect(page.getByTestId('section-row')).toHaveCount(2);
  await page.getByTestId('section-row').first().getByRole('combobox').selectOption('现病史');
  await page.getByTestId('section-row').nth(1).getByTestId('section-remove').click();
  await expect(page.getByTestId('section-row')).toHaveCount(1);
  await page.keyboard.press('Escape');
  // While it is on its way out, keys are still its own.
  await expect(page.getByTestId('section-row')).toHaveCount(0);
  await page.keyboard.press('c');
  for (let at = 0; at < 3; at += 1) await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Shift+ArrowRight');
  await page.keyboard.press('Shift+ArrowRight');
  await page.keyboard.press('7');
  await page.keyboard.press('Escape');
  await expect(rows(page)).toHaveCount(1);
  await expect(rows(page).first().getByTestId('fact-text')).toHaveText('头痛');
  await page.getByTestId('review-confirm').click();
  await confirmed(page);
});

test('while trying the samples nothing can be confirmed, and it is said why', async ({ start }) => {
  const { page } = await start({ vault: 'none' });
  await page.getByTestId('try-samples').click();
  await page.getByTestId('confirm-bar').waitFor();
  await expect(page.getByTestId('review-confirm')).toHaveCount(0);
  await expect(page.getByTestId('confirm-bar')).toContainText('试用');
});

test('from the press of the run key to the confirmation by keyboard alone', async ({ start }) => {
  const { page } = await start();
  await modelReady(page);
  await page.keyboard.press('Control+n');
  await page.getByTestId('new-record-dialog').waitFor();
  await page.getByTestId('record-text').focus();
  await page.keyboard.type('患者高血压病史10年，口服硝苯地平控释片，行头颅CT检查。');
  await page.keyboard.press('Control+Enter');
  await page.getByTestId('new-record-dialog').waitFor({ state: 'hidden' });
  await expect(page.getByTestId('run-extraction')).toBeEnabled();
  await page.keyboard.press('Control+Enter');
  await page.locator('[data-testid="run-status"][data-status="completed"]').waitFor();
  await expect(selected(page)).toHaveAttribute('data-decision', 'pending');
  const keyboard = new Keyboard(page);
  const facts = await rows(page).count();
  for (let at = 1; at < facts; at += 1) await keyboard.press('Space');
  await keyboard.press('Control+Enter');
  await confirmed(page);
  expect(keyboard.pressed).toBeLessThanOrEqual(facts);
});

test('a missed field and a row of a group by one selection and one key, with typed values', async ({
  start,
}) => {
  const text = '2024-03-05血常规：白细胞12.1×10^9/L，三天前血红蛋白98g/L。';
  const silent = {
    ...{ id: 'n-检验', kind: 'field' as const, type: '检验', text: null, start: null, end: null },
    ...{ evidence: [], attributes: {}, confidence: null },
  };
  const note: Note = { title: '检验', text, facts: [silent], schema: 'lab-results' };
  const { userData } = await folderWith(start, [note]);
  const { page } = await opened(start, userData);
  const select = async (words: string): Promise<void> => {
    await page.keyboard.press('c');
    for (let at = 0; at < text.indexOf(words); at += 1) await page.keyboard.press('ArrowRight');
    for (let at = 0; at < words.length; at += 1) await page.keyboard.press('Shift+ArrowRight');
  };
  const add = async (words: string, key: string): Promise<void> => {
    // The caret begins at the beginning of the text where no words are selected.
    await rows(page).first().waitFor();
    await select(words);
    await page.keyboard.press(key);
    await page.keyboard.press('Escape');
  };
  // The caret stands at the selected fact; without a place that is the beginning of the text.
  const toSilent = () => page.locator('[data-testid="fact"][data-type="检验"]').click();
  await toSilent();
  await add('白细胞', '1');
  await toSilent();
  await add('12.1×10^9/L', '2');
  const value = rows(page).filter({ hasText: '12.1' });
  await expect(value.getByTestId('fact-attributes')).toContainText('12.1 ×10^9/L');
  await expect(page.locator('[data-testid="fact"][data-type="检验"]')).toHaveAttribute(
    'data-decision',
    'rejected',
  );
  // What cannot be read off the words is typed; what is no date is refused.
  await toSilent();
  await select('三天前');
  await page.keyboard.press('5');
  await page.getByTestId('field-editor').waitFor();
  await page.getByTestId('field-value').fill('前天');
  await page.getByTestId('field-fault').waitFor();
  await page.getByTestId('field-value').fill('2024年3月2日');
  await expect(page.getByTestId('field-kept')).toContainText('2024-03-02');
  expect(await findings(page)).toEqual([]);
  await page.keyboard.press('Enter');
  await page.getByTestId('field-editor').waitFor({ state: 'hidden' });
  await expect(rows(page).filter({ hasText: '三天前' })).toContainText('2024-03-02');
  await page.keyboard.press('Escape');
  // A second item begins a second row; one undo takes it away.
  await toSilent();
  await add('血红蛋白', '1');
  await expect(rows(page)).toHaveCount(5);
  await page.keyboard.press('Control+z');
  await expect(rows(page)).toHaveCount(4);
  await page.keyboard.press('Control+y');
  await saved(page);
  if (process.env['SHOTS']) await page.screenshot({ path: `${process.env['SHOTS']}/lab.png` });
  await page.keyboard.press('Control+Enter');
  await confirmed(page);
});

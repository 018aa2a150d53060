/** What goes with questions to records: stopping, long records, the threshold, a patient's records, the summary. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ElectronApplication, Page } from '@playwright/test';
import { pdfText } from '../src-main/documents/pdf/pdf-text';
import { expect, modelReady, signIn, test } from './app';
import { ask, exchanges, highlighted, lastIn, saved, writeAnsweringModel } from './qa-page';
import { makeProfile } from './profile';
import { storeNotes } from './stored-run';

let folder = '';
let userData = '';
test.beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-qa-features-'));
  userData = join(folder, 'profile');
  await makeProfile(userData);
});
test.afterEach(() => rm(folder, { recursive: true, force: true }));

async function openQuestions(page: Page, title: string): Promise<void> {
  await modelReady(page);
  await page.getByTestId('record-row').filter({ hasText: title }).first().click();
  await page.getByTestId('nav-qa').click();
}

async function setThreshold(page: Page, share: string): Promise<void> {
  await page.getByTestId('open-settings').click();
  await page.getByTestId('qa-threshold').selectOption(share);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
}

/**
 * What the page would be on paper, without white space. A few signs come back as the radicals that are drawn
 * alike (门 as U+2ED4), so the words of this test have none of those.
 */
async function printed(app: ElectronApplication): Promise<string> {
  const base64 = await app.evaluate(async ({ BrowserWindow }) => {
    const pdf = await BrowserWindow.getAllWindows()[0]?.webContents.printToPDF({});
    return pdf?.toString('base64') ?? '';
  });
  const { text } = await pdfText(new Uint8Array(Buffer.from(base64, 'base64')));
  return text.replace(/\s/gu, '');
}

test(
  'a long record says what is left out and what was used; a stopped answer stays, and is marked',
  { tag: '@slow' },
  async ({ start }) => {
    const days = Array.from(
      { length: 120 },
      (_, at) => `第${at + 1}日查房：一般情况可，体温正常，继续目前治疗，注意观察病情变化。`,
    );
    // The third that answers is the one that the model picks.
    days.splice(20, 0, '皮试：青霉素阳性。');
    days.splice(40, 0, '家属述其对青霉素过敏。');
    days.splice(60, 0, '患者自述对青霉素过敏，曾出现皮疹。');
    const record = days.join('\n');
    const steps = Array.from({ length: 50 }, (_, at) => `第${at + 10}步观察，`).join('');
    const answer = `对青霉素过敏，${steps}复诊。`;
    await storeNotes(userData, [{ title: '长病历', text: record, facts: [] }]);
    const model = await writeAnsweringModel(folder, { record, answer });
    const { page } = await start({ userData, env: { CHIMED_MODEL: model } });
    await openQuestions(page, '长病历');
    await expect(page.getByTestId('long-record')).toBeVisible();

    await page.getByTestId('question').fill('对青霉素过敏吗？');
    const leftOut = page.getByTestId('left-out');
    await leftOut.locator('summary').click();
    await leftOut.getByRole('button').first().click();
    await expect.poll(() => highlighted(page)).toHaveLength(1);
    const [unused = ''] = await highlighted(page);
    expect(record).toContain(unused);
    expect(unused).not.toContain('青霉素');
    const charsIn = async (text: Promise<string>): Promise<number> =>
      Number(/共 ([\d,]+) 字/u.exec(await text)?.[1]?.replace(',', ''));
    const left = await charsIn(leftOut.locator('summary').innerText());

    await page.getByTestId('question').press('Enter');
    const text = exchanges(page).last().getByTestId('answer-text');
    await expect(text).toContainText('对青霉素过敏');
    await page.keyboard.press('Escape');
    await lastIn(page, 'partial').waitFor();
    await expect(page.getByTestId('partial')).toHaveText('回答未写完');
    const part = (await text.innerText()).trim();
    expect(part.length).toBeLessThan(answer.length);
    expect(answer.startsWith(part)).toBe(true);
    await saved(page);

    // It is the same over a lock, and the question can be asked again, to its end this time.
    await page.keyboard.press('F9');
    await signIn(page);
    await openQuestions(page, '长病历');
    await lastIn(page, 'partial').waitFor();
    await expect(page.getByTestId('partial')).toBeVisible();
    expect((await text.innerText()).trim()).toBe(part);
    await page.getByTestId('again').click();
    await lastIn(page, 'answered').waitFor();
    await expect(text).toContainText('复诊。[1]');
    await expect(page.getByTestId('partial')).toHaveCount(0);

    const used = page.getByTestId('used-parts');
    await used.locator('summary').click();
    // Between what was used and what was left out nothing of the record is lost but ends of lines.
    const usedChars = await charsIn(used.locator('summary').innerText());
    expect(left + usedChars).toBeLessThanOrEqual(record.length);
    expect(left + usedChars).toBeGreaterThan(record.length - days.length);
    await used.getByRole('button').filter({ hasText: '自述' }).click();
    await expect.poll(async () => (await highlighted(page)).join()).toContain('曾出现皮疹');
  },
);

test(
  "a threshold decides, a patient's records are asked together, conversations have names, a summary is printed",
  { tag: '@slow' },
  async ({ start }) => {
    const visit = [
      '主诉：反复胸闷三天。',
      '既往史：高血压病史十年。磺胺过敏。',
      '诊疗经过：予阿司匹林口服，症状好转。',
    ].join('\n');
    const surgery = '手术记录：全麻下行腹腔镜胆囊切除术，术中出血约20ml。';
    const [caseId, facts] = ['P-1', []];
    await storeNotes(userData, [
      { title: '随访病历', text: visit, facts, caseId },
      { title: '手术记录', text: surgery, facts, caseId },
      { title: '别人的病历', text: '手术史：阑尾切除术后。', facts, caseId: 'P-2' },
    ]);
    const { app, page } = await start({ userData });
    await openQuestions(page, '随访病历');
    const last = exchanges(page).last();

    // The same question, the same record: what is answered depends on how sure an answer must be.
    await ask(page, '高血压有几年了');
    await lastIn(page, 'answered').waitFor();
    await expect(last.getByTestId('quote')).toContainText('高血压病史十年。');
    const sure = Number(await last.getByTestId('confidence').getAttribute('data-value'));
    expect(sure).toBeGreaterThan(0.5);
    expect(sure).toBeLessThan(0.9);
    await setThreshold(page, '0.9');
    await last.getByTestId('again').click();
    await expect(last).toHaveAttribute('data-basis', 'record-no-evidence');
    await expect(last.getByTestId('quote')).toHaveCount(0);
    await setThreshold(page, '0.5');
    await last.getByTestId('again').click();
    await expect(last).toHaveAttribute('data-basis', 'record');

    // What another record of the patient says is found only where both are asked, and shown in its place.
    await ask(page, '术中出血多少');
    await expect(last).toHaveAttribute('data-basis', 'record-no-evidence');
    await page.getByTestId('qa-scope').selectOption('patient');
    await expect(page.getByTestId('qa-scope').locator('option:checked')).toHaveText(
      '同一患者 2 份',
    );
    await ask(page, '术中出血多少');
    await expect(last).toHaveAttribute('data-basis', 'record');
    await last.getByTestId('cite').first().click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(
      '同一患者的另一份病历：手术记录',
    );
    await expect.poll(async () => (await highlighted(page)).join()).toContain('出血约20ml');
    await page.getByRole('button', { name: '回到本份病历' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('随访病历');
    await saved(page);

    // A name of one's own, and a second conversation that is deleted: both hold over a lock.
    await page.getByTestId('qa-scope').selectOption('record');
    await page.getByTestId('rename-conversation').click();
    await page.getByRole('dialog').getByRole('textbox').fill('术前核对');
    await page.keyboard.press('Enter');
    const select = page.getByTestId('conversation-select');
    await expect(select.locator('option:checked')).toContainText('术前核对');
    await page.getByTestId('new-conversation').click();
    await ask(page, '主诉是什么');
    await lastIn(page, 'answered').waitFor();
    await saved(page);
    await expect(select.locator('option')).toHaveCount(2);
    await page.getByTestId('remove-conversation').click();
    await expect(select.locator('option')).toHaveCount(1);
    await page.keyboard.press('F9');
    await signIn(page);
    await openQuestions(page, '随访病历');
    await expect(select.locator('option')).toHaveCount(1);
    await expect(select.locator('option:checked')).toContainText('术前核对');
    await expect(exchanges(page)).toHaveCount(2);

    // On paper: the summary with its quotations, and nothing of the window around it.
    await page.getByTestId('summarise').click();
    await expect(page.locator('[data-testid="summary-line"][data-basis]')).toHaveCount(10);
    const paper = await printed(app);
    expect(paper).toContain('病历摘要：随访病历');
    expect(paper).toContain('摘自病历原文，未经医师核对');
    const quotes = await page.getByTestId('summary').getByTestId('quote').allInnerTexts();
    expect(quotes.length).toBeGreaterThan(2);
    for (const quote of quotes) expect(paper).toContain(quote.replace(/\s/gu, ''));
    for (const heading of await page.getByTestId('summary').locator('dt').allInnerTexts())
      expect(paper).toContain(heading);
    const rest = [
      ...(await page.locator('nav button').allInnerTexts()),
      ...['复制全文', '打印', '术前核对', '别人的病历', '提问'],
    ].map((words) => words.trim());
    // Every name of a screen but this one, which is a word of the title.
    for (const words of rest.filter((each) => each !== '病历')) expect(paper).not.toContain(words);

    // The button asks for that page, and the audit log says so.
    await page.evaluate(() => {
      window.print = () => void (document.body.dataset['printed'] = 'yes');
    });
    await page.getByTestId('print-summary').click();
    await expect(page.locator('body')).toHaveAttribute('data-printed', 'yes');
    await page.keyboard.press('Escape');
    await page.getByTestId('nav-audit').click();
    await expect(page.locator('[data-testid="audit-row"][data-kind="printed"]')).toHaveCount(1);
  },
);

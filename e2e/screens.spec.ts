/** Every screen and dialog once, in both languages and themes and at both sizes: accessible, and nothing too wide. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ElectronApplication, Page } from '@playwright/test';
import { answerDialog, expect, modelReady, signIn, test } from './app';
import { longCue, shortCue, writeDraftingModel } from './drafting-model';
import { Looking } from './looking';
import { makeProfile, testPassphrase, testUser } from './profile';
import { ask, lastIn } from './qa-page';
import { storeReviewedRecords } from './stored-review';
import { attributeNote, mentionIn, storeNotes, type Note } from './stored-run';

const other = { name: '李晓明', staff: 'D-2', passphrase: '海上明月共潮生二〇二六' };

// Minutes each, and none needs another.
test.describe.configure({ mode: 'parallel' });

let folder = '';
let userData = '';
test.beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-screens-'));
  userData = join(folder, 'profile');
});
test.afterEach(() => rm(folder, { recursive: true, force: true }));

const plain = '患者高血压病史10年，口服硝苯地平控释片，行头颅CT检查。';
const noteOf = (title: string, text: string, caseId?: string): Note => ({
  ...{ title, text, ...(caseId === undefined ? {} : { caseId }) },
  facts: [
    mentionIn(text, ['疾病和诊断', '高血压', {}]),
    mentionIn(text, ['药物', '硝苯地平控释片', {}]),
    mentionIn(text, ['影像检查', '头颅CT', {}]),
  ],
});
const admission = [
  '主诉：反复胸闷气促三年，加重一周。',
  `现病史：患者三年前起于劳累后出现胸闷、气促，休息后缓解，未系统诊治。${plain}一周前受凉后症状加重，夜间不能平卧，伴双下肢水肿，无发热、咯血，遂来院就诊。`,
  '既往史：糖尿病史5年，口服二甲双胍。否认肝炎、结核病史。青霉素过敏。',
  '查体：血压156/92mmHg，双肺底可闻及细湿啰音，双下肢凹陷性水肿。',
  '辅助检查：BNP 1860pg/ml，血肌酐98μmol/L。心脏超声：左室射血分数38%。',
  '诊断：1.慢性心力衰竭急性加重 2.高血压病3级 3.2型糖尿病',
  '随访计划：一月后心内科门诊复诊。',
].join('\n');

async function storeRecords(): Promise<void> {
  await makeProfile(userData);
  await storeReviewedRecords(userData);
  await storeNotes(userData, [
    attributeNote,
    noteOf('心内科入院记录（由外院转入，含外院检查结果与用药情况说明）', admission, 'ZY20260312'),
    noteOf('门诊随访', `${plain}复诊，血压控制可。`, 'ZY20260312'),
    noteOf('甲', plain),
    noteOf('乙', `${plain}复查。`),
  ]);
}

const openRecord = async (page: Page, title: string): Promise<void> => {
  await page.getByTestId('nav-records').click();
  await page.getByTestId('record-row').filter({ hasText: title }).first().click();
  await page.getByTestId('record-body').waitFor();
};
const closeDialog = async (page: Page): Promise<void> => {
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
};

async function signInAs(page: Page, name: string, passphrase: string): Promise<void> {
  await page.keyboard.press('F9');
  await page.getByTestId('lock-screen').waitFor();
  const user = page.getByTestId('sign-in-user');
  const option = user.locator('option').filter({ hasText: name });
  await user.selectOption(await option.getAttribute('value'));
  await signIn(page, passphrase);
}

/** Each fact of the record on screen by one key, and the confirmation. */
async function review(page: Page, keys: readonly string[]): Promise<void> {
  const facts = page.getByTestId('fact');
  await expect(facts).toHaveCount(keys.length);
  for (const [at, key] of keys.entries()) {
    await expect(facts.nth(at)).toHaveAttribute('data-decision', 'pending');
    await page.keyboard.press(key);
  }
  await page.keyboard.press('Control+Enter');
  await page.locator('[data-testid="confirm-bar"][data-confirmed="true"]').waitFor();
}

/** A sample of two records that two doctors reviewed differently. */
async function study(page: Page): Promise<void> {
  for (const title of ['甲', '乙']) {
    await openRecord(page, title);
    await review(page, ['Space', 'Space', title === '甲' ? 'x' : 'Space']);
  }
  await page.getByTestId('nav-users').click();
  await page.getByTestId('add-user').click();
  await page.getByTestId('user-name').fill(other.name);
  await page.getByTestId('user-staff').fill(other.staff);
  await page.getByTestId('new-passphrase').fill(other.passphrase);
  await page.getByTestId('passphrase-again').fill(other.passphrase);
  await page.getByTestId('user-submit').click();
  await expect(page.getByTestId('user-row')).toHaveCount(2);
  await page.getByTestId('nav-research').click();
  await page.getByTestId('sample-schema').selectOption('ccks2019-symptom');
  await page.getByTestId('sample-draw').click();
  await page.locator('[data-testid="study"][data-stage="drawn"]').waitFor();
  await signInAs(page, other.name, other.passphrase);
  await page.getByTestId('nav-research').click();
  await page.getByTestId('sample-row').click();
  await page.getByTestId('study-review').click();
  for (let record = 0; record < 2; record += 1) {
    await expect(page.getByTestId('fact').first()).toHaveAttribute('data-decision', 'pending');
    await review(page, ['Space', 'Space', 'Space']);
    await page.keyboard.press('g');
  }
  await page.getByTestId('study-compare').click();
  await page.locator('[data-testid="study"][data-stage="compared"]').waitFor();
  await signInAs(page, testUser.name, testPassphrase);
  await modelReady(page);
}

async function importDraftingModel(app: ElectronApplication, page: Page): Promise<void> {
  await page.getByTestId('nav-models').click();
  await answerDialog(app, await writeDraftingModel(folder));
  await page.getByTestId('import-model').click();
  await page.getByTestId('start-import').click();
  await expect(page.getByTestId('model-row')).toHaveCount(2);
  await page.getByTestId('model-row').nth(1).click();
  await page.getByTestId('load-model').click();
  await expect(page.getByTestId('model-name')).toHaveCount(2);
}

const chat = [
  '阳光 2026-03-05 10:21:03',
  '医生您好，孩子抽搐了一次[图片]',
  '李医生 2026-03-05 10:25:00',
  '多久了，体温多少',
  '阳光 2026-03-05 10:26:11',
  shortCue,
].join('\n');
const dialogueIn = (page: Page, state: string) =>
  page.locator(`[data-testid="dialogue"][data-state="${state}"]`);

/** One dialogue as it is drafted, one that is being edited, one that is approved. */
async function draftReplies(page: Page): Promise<void> {
  await page.getByTestId('nav-dialogue').click();
  for (const state of ['machine-draft', 'editing', 'approved']) {
    await page.getByTestId('new-dialogue').click();
    await page.getByTestId('conversation-text').fill(chat);
    await page.getByTestId('conversation-text').press('Control+Enter');
    await page.getByTestId('draft-count').selectOption('4');
    await page.getByTestId('draft').click();
    await dialogueIn(page, 'machine-draft').waitFor();
    const candidates = page.locator('[data-testid="candidate"][data-ended="end"]');
    await expect(candidates).toHaveCount(4);
    if (state === 'machine-draft') continue;
    await candidates.first().getByTestId('take-candidate').click();
    await dialogueIn(page, 'editing').waitFor();
    if (state === 'editing') continue;
    await page.getByTestId('reply-text').fill('请马上带孩子来急诊，路上让孩子侧卧，不要喂水。');
    await page.getByTestId('approve').click();
    await dialogueIn(page, 'approved').waitFor();
  }
}

async function runBatch(app: ElectronApplication, page: Page): Promise<void> {
  const notes = join(folder, 'notes');
  await mkdir(notes);
  for (let i = 0; i < 6; i += 1)
    await writeFile(join(notes, `出院小结${101 + i}.txt`), `病例${i}。${plain}`);
  await writeFile(join(notes, '空白.txt'), '');
  const rows = ['住院号,病程记录', `ZY1,${plain}第二日`, `ZY2,${plain}第三日`];
  await writeFile(join(notes, '病程记录表.csv'), rows.join('\n'));
  await answerDialog(app, notes);
  await page.getByTestId('nav-batch').click();
  await page.getByTestId('new-batch').click();
  await page.getByTestId('batch-folder').click();
  await page.getByTestId('batch-found').waitFor();
  await page.getByTestId('batch-start').click();
  await page.locator('[data-testid="batch"][data-phase="finished"]').waitFor({ timeout: 120_000 });
}

async function evaluate(app: ElectronApplication, page: Page): Promise<void> {
  const path = join(folder, 'set.jsonl');
  const lines = [plain, `${plain}否认糖尿病史。`, admission].map((text) =>
    JSON.stringify({
      text,
      entities: [
        ['疾病和诊断', '高血压'],
        ['药物', '硝苯地平控释片'],
        ['检查', '头颅CT'],
      ].map(([type, words = '']) => {
        const at = text.indexOf(words);
        return { type, start: at, end: at + words.length, text: words };
      }),
    }),
  );
  await writeFile(path, lines.join('\n'));
  await page.getByTestId('nav-evaluation').click();
  await answerDialog(app, path);
  await page.getByTestId('evaluation-choose').click();
  await page.getByTestId('evaluation-found').waitFor();
  await page.getByTestId('evaluation-schema').selectOption('ccks2019');
  await page.getByTestId('evaluation-compare').click();
  await page.getByTestId('configuration-window-1').selectOption('60');
  await page.getByTestId('evaluation-start').click();
  await page.getByTestId('evaluation-results').waitFor({ timeout: 60_000 });
}

async function askQuestions(page: Page): Promise<void> {
  await openRecord(page, '心内科入院记录');
  await page.getByTestId('nav-qa').click();
  for (const question of ['过敏史？', '左室射血分数是多少', '孩子上几年级']) {
    await ask(page, question);
    await lastIn(page, 'answered').waitFor();
  }
}

async function ownSchema(page: Page): Promise<void> {
  await page.getByTestId('nav-schemas').click();
  await page.getByTestId('template-schema').nth(3).click();
  await page.getByTestId('schema-duplicate').click();
  await page.getByTestId('schema-save').click();
  await page.locator('[data-testid="schema-state"][data-version="1"]').waitFor();
}

async function setLocale(page: Page, locale: 'zh-CN' | 'en'): Promise<void> {
  await page.getByTestId('open-settings').click();
  await page.getByTestId(`locale-${locale}`).check();
  await closeDialog(page);
}

/** Opens a dialog by a button, looks at it, and closes it. */
async function dialog(looking: Looking, page: Page, button: string, name = button): Promise<void> {
  await page.getByTestId(button).first().click();
  await page.getByRole('dialog').waitFor();
  await looking.at(name);
  await closeDialog(page);
}

async function lookAtRecords(looking: Looking, page: Page): Promise<void> {
  await page.getByTestId('nav-records').click();
  await looking.at('records');
  await page.getByTestId('search-box').fill('高血压');
  await page.getByTestId('search-hit').first().waitFor();
  await looking.at('records-search');
  await page.getByTestId('search-clear').click();
  await dialog(looking, page, 'new-record');
  await dialog(looking, page, 'open-shortcuts', 'shortcuts');
  await dialog(looking, page, 'host-memory', 'activity');
  await page.getByTestId('open-bin').click();
  await looking.at('records-bin');
  await page.getByTestId('close-bin').click();
  await dialog(looking, page, 'export-records', 'export');
  await page.getByTestId('open-settings').click();
  await looking.at('settings');
  for (const part of ['account', 'backup', 'wipe']) {
    await looking.at(`settings-${part}`, page.getByTestId(part));
  }
  await closeDialog(page);
}

async function lookAtReview(looking: Looking, page: Page): Promise<void> {
  await openRecord(page, '心内科入院记录');
  await page.getByTestId('fact').first().click();
  await looking.at('review');
  await page.keyboard.press('m');
  await page.getByTestId('type-choice').first().waitFor();
  await looking.at('review-types');
  await page.keyboard.press('Escape');
  await dialog(looking, page, 'open-sections', 'sections');
  await dialog(looking, page, 'export-text', 'deidentify');
  await openRecord(page, '随访记录');
  await page.getByTestId('fact').nth(2).click();
  await looking.at('review-attributes');
  await openRecord(page, '甲');
  await looking.at('review-confirmed');
  await dialog(looking, page, 'review-history');
}

async function lookAtQuestions(looking: Looking, page: Page): Promise<void> {
  await openRecord(page, '心内科入院记录');
  await page.getByTestId('nav-qa').click();
  await lastIn(page, 'answered').waitFor();
  await looking.at('qa');
  await dialog(looking, page, 'edit-quick', 'qa-quick');
  await page.getByTestId('summarise').click();
  await expect(page.locator('[data-testid="summary-line"][data-basis]')).toHaveCount(10);
  await looking.at('qa-summary');
  await closeDialog(page);
  await page.getByTestId('qa-scope').selectOption('none');
  await page.getByTestId('needs-writer').waitFor();
  await looking.at('qa-free');
  await page.getByTestId('qa-scope').selectOption('record');
}

async function lookAtDialogues(looking: Looking, page: Page): Promise<void> {
  await page.getByTestId('nav-dialogue').click();
  // The last one that was begun comes first; one of them is none yet but on screen.
  const rows = page.getByTestId('dialogue-row').filter({ hasText: '孩子' });
  for (const [at, name] of ['approved', 'editing', 'machine-draft'].entries()) {
    await rows.nth(at).click();
    await dialogueIn(page, name).waitFor();
    await looking.at(`dialogue-${name}`);
    if (name === 'approved') await dialog(looking, page, 'reply-history', 'dialogue-history');
  }
  await dialog(looking, page, 'open-training', 'dialogue-training');
  await page.getByTestId('new-dialogue').click();
  await page.getByTestId('conversation-text').fill(longCue);
  await looking.at('dialogue-new');
  await dialog(looking, page, 'link-record', 'dialogue-record');
}

async function lookAtBatch(looking: Looking, app: ElectronApplication, page: Page): Promise<void> {
  await page.getByTestId('nav-batch').click();
  await page.locator('[data-testid="batch-item"][data-state="failed"]').first().click();
  await looking.at('batch');
  await page.getByTestId('new-batch').click();
  await looking.at('batch-new');
  await answerDialog(app, join(folder, 'notes'));
  await page.getByTestId('batch-folder').click();
  await page.getByTestId('batch-table').waitFor();
  await looking.at('batch-table');
  await page.getByTestId('batch-kind-notes').check();
  await page.getByTestId('batch-text').fill(plain);
  await looking.at('batch-paste');
  await closeDialog(page);
}

async function lookAtSchemas(looking: Looking, page: Page): Promise<void> {
  await page.getByTestId('nav-schemas').click();
  await page.getByTestId('template-schema').nth(1).click();
  await looking.at('schema-template');
  await page.getByTestId('own-schema').first().click();
  await page.getByTestId('outline-line').nth(2).click();
  await looking.at('schema-editor');
  await dialog(looking, page, 'schema-history');
  await page.getByTestId('raw-toggle').click();
  await page.getByTestId('raw-text').waitFor();
  await looking.at('schema-raw');
  await page.getByTestId('raw-toggle').click();
  await dialog(looking, page, 'dry-run-open', 'schema-dry-run');
}

async function lookAtResearch(looking: Looking, page: Page): Promise<void> {
  await page.getByTestId('nav-research').click();
  await page.getByTestId('sample-row').click();
  await page.getByTestId('agreement').waitFor();
  await looking.at('research');
  await page.getByTestId('study-allow-own').click();
  await page.getByTestId('study-adjudicate').click();
  await page.getByTestId('dispute').waitFor();
  await looking.at('research-adjudication');
  await page.getByTestId('research-back').click();
}

async function lookAtModels(looking: Looking, app: ElectronApplication, page: Page): Promise<void> {
  await page.getByTestId('nav-models').click();
  await page.getByTestId('model-row').first().click();
  await looking.at('models');
  await page.getByTestId('show-prompt').click();
  await page.getByTestId('prompt-tokens').waitFor();
  await looking.at('models-prompt', page.getByTestId('prompt-tokens'));
  await page.getByTestId('show-prompt').click();
  await page.getByTestId('model-row').nth(1).click();
  await looking.at('models-imported');
  await answerDialog(app, join(folder, 'drafting.gguf'));
  await dialog(looking, page, 'import-model', 'models-import');
  await dialog(looking, page, 'convert-model', 'models-convert');
  const guide = page.getByTestId('chimed-gpt-heading');
  await guide.click();
  await looking.at('models-guide', guide);
}

async function lookAtTheRest(looking: Looking, page: Page): Promise<void> {
  await page.getByTestId('nav-evaluation').click();
  await page.getByTestId('evaluation-results').waitFor();
  await looking.at('evaluation');
  await looking.at('evaluation-charts', page.getByTestId('evaluation-confusion').first());
  await looking.at('evaluation-cost', page.getByTestId('evaluation-cost'));
  await page.getByTestId('nav-users').click();
  await looking.at('users');
  await dialog(looking, page, 'add-user', 'users-add');
  await page.getByTestId('nav-audit').click();
  await page.getByTestId('audit-verify').click();
  await page.getByTestId('audit-result').waitFor();
  await looking.at('audit');
}

async function lookAtLock(looking: Looking, page: Page): Promise<void> {
  await page.keyboard.press('F9');
  await page.getByTestId('lock-screen').waitFor();
  await looking.at('lock');
  await page.getByTestId('sign-in-passphrase').fill('不是这个口令，也不是那个');
  await page.getByTestId('sign-in').click();
  await page.getByTestId('error-banner').waitFor();
  await page.getByTestId('forgot').click();
  await looking.at('lock-forgot');
  await page.getByTestId('use-words').click();
  await looking.at('lock-words');
}

for (const locale of ['zh-CN', 'en'] as const)
  test(
    `every screen and dialog of a working day in ${locale}, both themes, both sizes`,
    { tag: '@slow' },
    async ({ start }) => {
      test.setTimeout(1_200_000);
      await storeRecords();
      const { app, page } = await start({ userData });
      await modelReady(page);
      await study(page);
      await importDraftingModel(app, page);
      await draftReplies(page);
      await runBatch(app, page);
      await evaluate(app, page);
      await askQuestions(page);
      await ownSchema(page);
      await page.getByTestId('nav-records').click();
      await page.getByTestId('record-row').filter({ hasText: '没有运行' }).click();
      await page.keyboard.press('Delete');
      await setLocale(page, locale);
      const looking = new Looking(app, page, locale);
      await lookAtRecords(looking, page);
      await lookAtReview(looking, page);
      await lookAtQuestions(looking, page);
      await lookAtDialogues(looking, page);
      await lookAtBatch(looking, app, page);
      await lookAtSchemas(looking, page);
      await lookAtResearch(looking, page);
      await lookAtModels(looking, app, page);
      await lookAtTheRest(looking, page);
      await lookAtLock(looking, page);
      expect(looking.faults).toEqual([]);
    },
  );

test(
  'the first start, both languages, both themes, both sizes',
  { tag: '@slow' },
  async ({ start }) => {
    test.setTimeout(300_000);
    const { app, page } = await start({ vault: 'none' });
    const faults: string[] = [];
    for (const locale of ['zh-CN', 'en'] as const) {
      const looking = new Looking(app, page, locale);
      await setLocale(page, locale);
      await looking.at('welcome');
      await page.getByTestId('restore').click();
      await looking.at('welcome-restore');
      await page.reload();
      await page.getByTestId('found').click();
      await page.getByTestId('user-name').fill('陈思远');
      await page.getByTestId('user-staff').fill('D-1024');
      await page.getByTestId('new-passphrase').fill(other.passphrase);
      await page.getByTestId('passphrase-again').fill(other.passphrase);
      await looking.at('welcome-account');
      await page.getByTestId('found-next').click();
      await page.getByTestId('recovery-words').waitFor();
      await looking.at('welcome-words');
      await page.getByTestId('words-written').click();
      await looking.at('welcome-repeat');
      await page.reload();
      await page.getByTestId('first-start').waitFor();
      faults.push(...looking.faults);
    }
    expect(faults).toEqual([]);
  },
);

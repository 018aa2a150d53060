/** The evaluation screen: the figures of the command line, on an annotated file and on confirmed records. */
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Page } from '@playwright/test';
import { projectRoot } from '../scripts/project';
import {
  evaluationResultSchema,
  nerReportSchema,
  type NerReport,
} from '../src-main/domain/contract/evaluation';
import { answerDialog, answerSaveDialog, expect, modelReady, test } from './app';
import { findings } from './axe';
import { testModel } from './fixtures/test-models';
import { makeProfile } from './profile';
import { storeReviewedRecords } from './stored-review';

const run = promisify(execFile);

let folder = '';
test.beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-evaluation-'));
});
test.afterEach(() => rm(folder, { recursive: true, force: true }));

/** Records of ours; what nobody would annotate so is annotated, that there is something to confuse. */
const notes: readonly (readonly [
  text: string,
  entities: readonly (readonly [string, string])[],
])[] = [
  [
    '患者因腹痛2天入院，既往高血压病史10年，口服硝苯地平控释片。',
    [
      ['疾病和诊断', '高血压'],
      ['药物', '硝苯地平控释片'],
      ['解剖部位', '腹'],
    ],
  ],
  [
    '行头颅CT检查未见异常，查血常规：白细胞12.3×10^9/L。诊断：急性阑尾炎。',
    [
      ['检查', '头颅CT'],
      ['检验', '白细胞'],
      ['疾病和诊断', '急性阑尾炎'],
    ],
  ],
  [
    '全麻下行腹腔镜胆囊切除术，术后予头孢呋辛抗感染治疗，恢复好。',
    [
      ['手术', '腹腔镜胆囊切除术'],
      ['手术', '头孢呋辛'],
    ],
  ],
  ['患者无不适，明日出院。', []],
];

async function makeSet(): Promise<string> {
  const path = join(folder, 'set.jsonl');
  const lines = notes.map(([text, entities]) =>
    JSON.stringify({
      text,
      entities: entities.map(([type, words]) => {
        const start = text.indexOf(words);
        return { type, start, end: start + words.length, text: words };
      }),
    }),
  );
  await writeFile(path, lines.join('\n'));
  return path;
}

async function reportOfCli(path: string): Promise<NerReport> {
  const args = ['eval', 'ner', '--data', path, '--schema', 'ccks2019', '--threads', '1'];
  const { stdout } = await run(
    process.execPath,
    [join(projectRoot, 'bin/chimed.cjs'), ...args, '--format', 'json'],
    { maxBuffer: 1e8, env: { ...process.env, LANG: 'C.UTF-8', LC_ALL: '' } },
  );
  return nerReportSchema.parse(JSON.parse(stdout));
}

/** What must be the same, whoever measures: all but times, and what depends on contexts at once. */
const figures = ({ strict, relaxed, confusion, ungrounded, offsetErrors, ...rest }: NerReport) => ({
  ...{ strict, relaxed, confusion, ungrounded, offsetErrors },
  ...{ records: rest.records, unscored: rest.unscored, labels: rest.labels, model: rest.model },
  brier: rest.calibration.brier?.toFixed(6),
  ece: rest.calibration.ece?.toFixed(6),
  tokens: rest.tokens.decoded,
});

const cells = (page: Page, testid: string): Promise<string[][]> =>
  page
    .getByTestId(testid)
    .first()
    .locator('tbody tr, tfoot tr')
    .evaluateAll((rows) =>
      rows.map((row) => [...row.querySelectorAll('th, td')].map((cell) => cell.textContent.trim())),
    );

test('on an annotated file the screen shows, and saves, the figures of the command line', async ({
  start,
}) => {
  const path = await makeSet();
  const { app, page } = await start();
  const cli = reportOfCli(path);
  await modelReady(page);
  await page.getByTestId('nav-evaluation').click();
  await expect(page.getByTestId('evaluation-start')).toBeDisabled();

  await writeFile(join(folder, 'bad.jsonl'), `{"text":"a","entities":[]}\n{"text":"张某"}`);
  await answerDialog(app, join(folder, 'bad.jsonl'));
  await page.getByTestId('evaluation-choose').click();
  const banner = page.getByRole('alert');
  await expect(banner).toContainText('DATASET_LINE_INVALID');
  await expect(banner).toContainText('第 2 行');
  await expect(page.getByTestId('evaluation-start')).toBeDisabled();

  await answerDialog(app, path);
  await page.getByTestId('evaluation-choose').click();
  await expect(page.getByTestId('evaluation-found')).toContainText('4 份病历');
  await expect(page.getByTestId('evaluation-absent')).toContainText('症状');
  await page.getByTestId('evaluation-schema').selectOption('ccks2019');
  await page.getByTestId('evaluation-compare').click();
  await page.getByTestId('configuration-window-1').selectOption('60');
  await page.getByTestId('evaluation-start').click();
  await page.getByTestId('evaluation-results').waitFor();

  const wanted = await cli;
  const three = (share: number | null | undefined): string => (share ?? NaN).toFixed(3);
  for (const rule of ['strict', 'relaxed'] as const) {
    await page.getByTestId(`rule-${rule}`).check();
    const rows = await cells(page, 'evaluation-types');
    const { micro, types } = wanted[rule];
    for (const [at, [type, score]] of Object.entries(types).entries()) {
      expect(rows[at]?.slice(0, 5)).toEqual([
        ...[type, String(score.support)],
        ...[three(score.precision), three(score.recall), three(score.f1)],
      ]);
    }
    expect(rows.at(-1)?.slice(2, 5)).toEqual(
      [micro.precision, micro.recall, micro.f1].map((share) => three(share)),
    );
  }
  const { types, matrix, missed } = wanted.confusion;
  expect((await cells(page, 'evaluation-confusion')).slice(0, types.length)).toEqual(
    types.map((type, at) => [type, ...[...(matrix[at] ?? []), missed[at]].map(String)]),
  );
  const shown = (figure: string): Promise<string | null> =>
    page.locator(`[data-figure="${figure}"] td`).first().textContent();
  expect(await shown('brier')).toBe(three(wanted.calibration.brier));
  expect([await shown('ungrounded'), await shown('offset-errors')]).toEqual(['0', '0']);

  const saved = join(folder, 'saved.json');
  await answerSaveDialog(app, saved);
  await page.getByTestId('evaluation-save').click();
  await expect.poll(() => readFile(saved, 'utf8').catch(() => '')).not.toBe('');
  const json = await readFile(saved, 'utf8');
  const { evaluations } = evaluationResultSchema.parse(JSON.parse(json));
  expect(evaluations.map(({ approach }) => approach?.settings['windowChars'])).toEqual([120, 60]);
  expect(figures(evaluations[0]?.report as NerReport)).toEqual(figures(wanted));
  for (const [, entities] of notes)
    for (const [, words] of entities) expect(json).not.toContain(words);

  await expect(page.getByTestId('calibrated-0')).toContainText('已按模型说明卡校准');
  await page.locator('summary').first().click();
  expect(await findings(page)).toEqual([]);
  await page.evaluate(() => (document.documentElement.dataset['theme'] = 'dark'));
  expect(await findings(page)).toEqual([]);
});

test(
  'two different models run after one another on the same records, and stand side by side',
  { tag: '@slow' },
  async ({ start }) => {
    const path = await makeSet();
    const imported = join(folder, 'hospital.gguf');
    await copyFile(await testModel('scripted'), imported);
    const { app, page } = await start();
    await modelReady(page);
    await page.getByTestId('nav-models').click();
    await answerDialog(app, imported);
    await page.getByTestId('import-model').click();
    await page.getByTestId('start-import').click();
    await expect(page.getByTestId('model-row')).toHaveCount(2);
    const name = await page.getByTestId('model-row').nth(1).locator('.name').innerText();

    await page.getByTestId('nav-evaluation').click();
    await answerDialog(app, path);
    await page.getByTestId('evaluation-choose').click();
    await page.getByTestId('evaluation-found').waitFor();
    await page.getByTestId('evaluation-schema').selectOption('ccks2019');
    await page.getByTestId('evaluation-compare').click();
    await page.getByTestId('configuration-model-1').selectOption({ label: name });
    // One that is not in memory is offered to be loaded, and measured only then.
    await expect(page.getByTestId('evaluation-start')).toBeDisabled();
    await page.getByTestId('configuration-1').getByRole('button', { name: '载入' }).click();
    await expect(page.getByTestId('evaluation-start')).toBeEnabled({ timeout: 60_000 });
    await page.getByTestId('evaluation-start').click();
    await page.getByTestId('evaluation-results').waitFor({ timeout: 120_000 });

    const saved = join(folder, 'saved.json');
    await answerSaveDialog(app, saved);
    await page.getByTestId('evaluation-save').click();
    await expect.poll(() => readFile(saved, 'utf8').catch(() => '')).not.toBe('');
    const { evaluations } = evaluationResultSchema.parse(JSON.parse(await readFile(saved, 'utf8')));
    const [builtIn, other] = evaluations;
    expect(evaluations.map(({ approach }) => approach?.strategy)).toEqual([
      'marked-copy',
      'typed-list',
    ]);
    expect([builtIn?.report.model.name, other?.report.model.name]).toEqual(['ChiMed Nano', name]);
    expect(builtIn?.report.model.sha256).not.toBe(other?.report.model.sha256);
    expect(evaluations.map(({ report }) => [report.records, report.ungrounded])).toEqual([
      [notes.length, 0],
      [notes.length, 0],
    ]);
    expect(figures(builtIn?.report as NerReport)).toEqual(figures(await reportOfCli(path)));
    const measured = page.locator('[data-figure="records"] td');
    await expect(measured).toHaveText([String(notes.length), String(notes.length)]);
    await expect(page.getByTestId('evaluation-results')).toContainText(name);
    expect(await findings(page)).toEqual([]);
  },
);

test('on confirmed records it takes a fresh run of what was signed, by keyboard, and can be stopped', async ({
  start,
}) => {
  const userData = join(folder, 'profile');
  await makeProfile(userData);
  await storeReviewedRecords(userData);
  const { app, page } = await start({ userData });
  await modelReady(page);
  await page.keyboard.press('Control+9');
  const many = join(folder, 'many.jsonl');
  const entities = [{ type: '药物', start: 0, end: 2 }];
  const line = JSON.stringify({ text: (notes[0]?.[0] ?? '').repeat(20), entities });
  await writeFile(many, new Array<string>(400).fill(line).join('\n'));
  await answerDialog(app, many);
  await page.getByTestId('evaluation-choose').click();
  await page.getByTestId('evaluation-limit').selectOption('200');
  await page.getByTestId('evaluation-start').click();
  await expect(page.getByTestId('evaluation-progress')).toContainText('/ 200 份');
  await expect(page.getByTestId('evaluation-stop')).toBeFocused();
  await page.getByTestId('evaluation-stop').click();
  await expect(page.getByRole('status').filter({ hasText: '评测已停止' })).toBeVisible();
  await expect(page.getByTestId('evaluation-start')).toBeFocused();
  await expect(page.getByTestId('evaluation-results')).toHaveCount(0);
  await page.getByTestId('evaluation-file').focus();
  await page.keyboard.press('ArrowRight');
  await expect(page.getByTestId('evaluation-signed')).toContainText('1 份病历');
  await page.getByTestId('evaluation-schema').focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  await page.getByTestId('evaluation-start').focus();
  await page.keyboard.press('Enter');
  await page.getByTestId('evaluation-results').waitFor();
  await expect(page.locator('[data-figure="records"] td')).toHaveText('1');
  // The records are as they were: the fresh run is nowhere.
  await page.getByTestId('nav-records').click();
  await page.getByTestId('record-row').filter({ hasText: '没有运行' }).dblclick();
  await page.getByTestId('record-body').waitFor();
  await expect(page.getByTestId('fact')).toHaveCount(0);
});

/** After a day's work with everything that can go wrong, no clinical word is left anywhere in clear. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import iconv from 'iconv-lite';
import { projectRoot } from '../scripts/project';
import { expect, modelReady, pasteRecord, runExtraction, test, type Workstation } from './app';
import { findLeaks, writtenForms } from './leak-search';

/**
 * Words that occur nowhere else. Their Latin halves are looked for alone too: a compressed database block
 * breaks text apart where it repeats, which random letters do not.
 */
const sentinel = {
  title: '哨兵题QZXV7391KJ',
  text: '哨兵文WPLM4482TB',
  file: '哨兵件HGRD6027YC',
  fileText: '哨兵内NVKS1593FX',
  renamed: '哨兵改JTQB8846DW',
  deleted: '哨兵删CXMP3710LZ',
  unsaved: '哨兵稿RBFH9254SG',
  failing: '哨兵坏KDWN5168VP',
  failingText: '哨兵损TLZC2937MQ',
  crashed: '哨兵崩YGPX6405HN',
};
const words = Object.values(sentinel).flatMap((word) => [word, word.slice(3)]);

interface Place {
  /** Everything that the program may write in. */
  readonly folders: readonly string[];
  readonly userData: string;
  readonly env: Record<string, string>;
}

let folder: string;
let place: Place;
test.beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-leaks-'));
  const [userData, temp, home] = ['data', 'tmp', 'home'].map((name) => join(folder, name));
  for (const made of [userData, temp, home]) await mkdir(made as string, { recursive: true });
  place = {
    folders: [userData, temp, home] as string[],
    userData: userData as string,
    env: {
      // Without it Chromium cannot name a file in Chinese on a system whose own locale is not there.
      LC_ALL: 'C.UTF-8',
      TMPDIR: temp as string,
      HOME: home as string,
      XDG_CACHE_HOME: join(home as string, '.cache'),
      XDG_CONFIG_HOME: join(home as string, '.config'),
      XDG_DATA_HOME: join(home as string, '.local/share'),
    },
  };
});
test.afterEach(() => rm(folder, { recursive: true, force: true }));

/** Everything that all processes print: the others inherit main's. */
function printedBy({ app }: Workstation): () => Buffer {
  const chunks: Buffer[] = [];
  for (const stream of [app.process().stdout, app.process().stderr])
    stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks);
}

test(
  'no word of a record is left in clear: not in the data folder, caches, temporary files, home, logs or output',
  { tag: '@slow' },
  async ({ start }) => {
    const station = await start({ userData: place.userData, env: place.env });
    const { page, pidOf } = station;
    const printed = printedBy(station);
    await modelReady(page);

    const note = `患者${sentinel.text}，高血压病史10年，口服硝苯地平控释片，近日头晕。`;
    await pasteRecord(page, sentinel.title, note);
    await runExtraction(page);
    await page.getByTestId('record-body').press('ControlOrMeta+A');
    await page.getByTestId('record-body').press('ControlOrMeta+C');

    // Outside of what is searched: these are the doctor's own files.
    const sources = join(folder, 'sources');
    await mkdir(sources);
    const good = join(sources, `${sentinel.file}.txt`);
    const bad = join(sources, `${sentinel.failing}.txt`);
    await writeFile(
      good,
      iconv.encode(
        `患者，女，54岁，因“上腹部隐痛2月余”入院。既往${sentinel.fileText}高血压病史。`,
        'gb18030',
      ),
    );
    await writeFile(
      bad,
      Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.from(sentinel.failingText)]),
    );
    await page.getByTestId('file-input').setInputFiles(good);
    await expect(page.getByTestId('record-row')).toHaveCount(2);
    await runExtraction(page);
    await page.getByTestId('file-input').setInputFiles(bad);
    await expect(page.locator('[data-code="FILE_NOT_TEXT"]').first()).toBeVisible();

    await page.getByTestId('record-row').filter({ hasText: sentinel.title }).click();
    await page.keyboard.press('F2');
    await page.getByTestId('rename-title').fill(sentinel.renamed);
    await page.getByTestId('save-title').click();
    await pasteRecord(page, sentinel.deleted, `患者${sentinel.deleted}，头晕。`);
    await page.getByTestId('record-row').filter({ hasText: sentinel.deleted }).click();
    await page.keyboard.press('Delete');
    await expect(page.getByTestId('record-row')).toHaveCount(2);

    await page.getByTestId('search-box').fill(sentinel.text);
    await page.getByTestId('search-hit').first().click();
    await page.getByTestId('search-clear').click();

    await page.getByTestId('open-settings').click();
    await page.getByTestId('theme-dark').click();
    await page.keyboard.press('Escape');

    // The model's process dies of a crash in the middle of a record, the page's is ended with a draft open.
    await pasteRecord(page, '长病历', `患者${sentinel.crashed}，${note}`.repeat(60));
    await page.getByTestId('run-extraction').click();
    await page.getByTestId('fact').first().waitFor();
    process.kill(await pidOf('chimed-model-host'), 'SIGABRT');
    await page.locator('[data-testid="run-status"][data-status="failed"]').waitFor();
    await modelReady(page);
    await page.getByTestId('new-record').first().click();
    await page.getByTestId('record-title').fill(sentinel.unsaved);
    await page.getByTestId('record-text').fill(`患者${sentinel.unsaved}，头晕。`);

    // While it runs, its temporary files are there; afterwards, only what it left.
    expect(await findLeaks(place.folders, printed(), words)).toEqual([]);
    await station.quit();
    expect(await findLeaks(place.folders, printed(), words)).toEqual([]);
    expect((await readdir(projectRoot)).filter((name) => /^core(\.|$)/.test(name))).toEqual([]);
    const dumps = await readdir(place.userData, { recursive: true });
    expect(dumps.filter((name) => /\.dmp$/.test(name))).toEqual([]);

    // And it was all stored, sealed.
    const again = await start({ userData: place.userData, env: place.env });
    await expect(
      again.page.getByTestId('record-row').filter({ hasText: sentinel.renamed }),
    ).toHaveCount(1);
  },
);

test('the search finds a word where the program would leak it, so the test above can fail', async ({
  start,
}) => {
  const station = await start({ userData: place.userData, env: place.env });
  const printed = printedBy(station);
  await station.page.evaluate(async (word) => {
    localStorage.setItem('leak', word);
    sessionStorage.setItem('leak', word);
    await new Promise((resolve, reject) => {
      const opening = indexedDB.open('leak', 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore('leak');
      opening.onerror = () => reject(new Error('it does not open'));
      opening.onsuccess = () => {
        const change = opening.result.transaction('leak', 'readwrite');
        change.objectStore('leak').put({ word, words: Array.from({ length: 300 }, () => word) }, 1);
        change.oncomplete = resolve;
      };
    });
  }, sentinel.text);
  await station.app.evaluate((_electron, word) => process.stderr.write(`${word}\n`), sentinel.text);
  await station.quit();
  const leaks = await findLeaks(place.folders, printed(), words);
  expect(leaks.join('\n')).toMatch(/Local Storage/);
  expect(leaks.join('\n')).toMatch(/IndexedDB/);
  expect(leaks).toContain('output: UTF-8');
});

test('the search knows a word in every form, at every place in a file, and in names', async () => {
  const [target = ''] = place.folders;
  for (const [form, needles] of writtenForms(sentinel.text)) {
    for (const needle of needles) {
      const path = join(target, 'planted');
      await writeFile(path, Buffer.concat([Buffer.alloc(70_001, 'x'), needle, Buffer.from('y')]));
      expect(await findLeaks([target], Buffer.alloc(0), [sentinel.text])).toContain(
        `${path}: ${form}`,
      );
    }
  }
  // Base64 of a whole text that merely holds the word, wherever the word falls.
  for (const before of ['', 'a', 'ab', 'abc']) {
    const path = join(target, 'planted');
    await writeFile(path, Buffer.from(`${before}${sentinel.text}z`).toString('base64'));
    expect(await findLeaks([target], Buffer.alloc(0), [sentinel.text])).toEqual([
      `${path}: base64`,
    ]);
  }
  await writeFile(join(target, `${sentinel.file}.txt`), '');
  expect(await findLeaks([target], Buffer.alloc(0), [sentinel.file])).toHaveLength(1);
  expect(await readFile(join(target, 'planted'), 'utf8')).not.toContain(sentinel.text);
});

/** The command line: the same engine without a window, and the exact contract of its output. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFile,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import iconv from 'iconv-lite';
import { parse } from 'csv-parse/sync';
import readXlsxFile from 'read-excel-file/node';
import { fhirFaults } from '../src-main/documents/export/fhir-rules.fixture';
import { machineLabel } from '../src-main/domain/rules/export/export-label';
import { factSchema } from '../src-main/domain/contract/fact';
import { modelCardSchema } from '../src-main/domain/contract/model-card';
import { projectRoot } from '../scripts/project';
import { brokenModels, testModel } from './fixtures/make-models';
import { miniature, writeRandomModel } from './fixtures/random-model';
import { makeVocabulary } from './fixtures/vocabulary';

const note = '患者3年前因右上腹疼痛就诊，查腹部CT示胆囊结石，行腹腔镜胆囊切除术。';

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}
interface Line {
  version: number;
  record: { source: string; sha256: string | null; fileSha256: string | null; chars: number };
  status: string;
  problem?: { code: string; message: string };
  facts: { text: string; start: number; end: number }[];
  run: { schema: string; model: { name: string; sha256: string }; strategy: string };
}

let folder: string;
test.beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-cli-'));
});
test.afterEach(() => rm(folder, { recursive: true, force: true }));

function chimed(
  args: string[],
  options: { input?: string; interruptAfter?: RegExp } = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [join(projectRoot, 'bin/chimed.cjs'), ...args], {
    cwd: folder,
    env: { ...process.env, LANG: 'C.UTF-8', LC_ALL: '' },
  });
  const ended = { out: '', err: '' };
  let interrupted = false;
  const read = (stream: 'out' | 'err') => (text: string) => {
    ended[stream] += text;
    // A second Ctrl+C would end it at once, as a person would want.
    if (!interrupted && options.interruptAfter?.test(ended[stream]))
      interrupted = child.kill('SIGINT');
  };
  child.stdout.setEncoding('utf8').on('data', read('out'));
  child.stderr.setEncoding('utf8').on('data', read('err'));
  child.stdin.end(options.input ?? '');
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...ended }));
  });
}

const sha256 = async (path: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');

const linesOf = (out: string): Line[] =>
  out
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);

test('help names the commands and ends with 0', async () => {
  const { code, out } = await chimed(['--help']);
  expect(code).toBe(0);
  expect(out).toContain('extract');
});

test('a record from standard input: one line, exact offsets, hashes of text and bytes', async () => {
  const bytes = iconv.encode(note, 'gb18030');
  await writeFile(join(folder, 'a.txt'), bytes);
  const { code, out, err } = await chimed(['extract', '--threads', '1', 'a.txt']);
  expect(err).toBe('');
  expect(code).toBe(0);
  const [line, ...more] = linesOf(out);
  expect(more).toEqual([]);
  expect(line).toMatchObject({
    version: 1,
    record: {
      source: 'a.txt',
      sha256: createHash('sha256').update(note, 'utf8').digest('hex'),
      fileSha256: createHash('sha256').update(bytes).digest('hex'),
      chars: note.length,
    },
    status: 'completed',
    run: { schema: 'ccks2019', strategy: 'marked-copy' },
  });
  expect(line?.problem).toBeUndefined();
  expect(line?.facts.length).toBeGreaterThan(2);
  for (const fact of line?.facts ?? []) {
    expect(factSchema.parse(fact)).toEqual(fact);
    expect(note.slice(fact.start, fact.end)).toBe(fact.text);
  }
  const piped = await chimed(['extract', '--threads', '1', '-'], { input: note });
  expect(linesOf(piped.out)[0]?.facts).toEqual(line?.facts);
  expect(linesOf(piped.out)[0]?.record.source).toBe('-');
});

test('folders: recursive, sorted, hidden files and links skipped, other files named; json is one array', async () => {
  await mkdir(join(folder, 'notes', 'b'), { recursive: true });
  await mkdir(join(folder, 'notes', '.hidden'));
  await writeFile(join(folder, 'notes', 'z.txt'), note);
  await writeFile(join(folder, 'notes', 'b', 'a.TXT'), note);
  await writeFile(join(folder, 'notes', 'a.png'), 'PNG');
  await writeFile(join(folder, 'notes', '.secret.txt'), note);
  await writeFile(join(folder, 'notes', '.hidden', 'c.txt'), note);
  await symlink(join(folder, 'notes', 'z.txt'), join(folder, 'notes', 'link.txt'));
  await symlink(join(folder, 'notes'), join(folder, 'notes', 'loop'));
  const { code, out, err } = await chimed([
    'extract',
    '--threads',
    '1',
    '--format',
    'json',
    '--schema',
    'ccks2019-symptom',
    'notes',
  ]);
  expect(code).toBe(0);
  const array = JSON.parse(out) as Line[];
  expect(array.map(({ record }) => record.source)).toEqual([
    join('notes', 'b', 'a.TXT'),
    join('notes', 'z.txt'),
  ]);
  expect(err).toContain(join('notes', 'a.png'));
  expect(err).toContain('UNSUPPORTED_FILE');
  expect(err).not.toContain('secret');
});

test('a record that cannot be read fails by itself, the others complete, and the exit code is 1', async () => {
  await writeFile(join(folder, 'good.txt'), note);
  await writeFile(join(folder, 'empty.txt'), '');
  await writeFile(
    join(folder, 'binary.txt'),
    Buffer.from('7f454c4602010100000000000000000002003e00', 'hex'),
  );
  const { code, out, err } = await chimed([
    'extract',
    '--threads',
    '1',
    'empty.txt',
    'binary.txt',
    'gone.txt',
    'good.txt',
  ]);
  expect(code).toBe(1);
  const lines = linesOf(out);
  expect(lines.map(({ status, problem }) => [status, problem?.code])).toEqual([
    ['failed', 'FILE_EMPTY'],
    ['failed', 'FILE_NOT_TEXT'],
    ['failed', 'FILE_UNREADABLE'],
    ['completed', undefined],
  ]);
  expect(lines[0]?.facts).toEqual([]);
  expect(lines[0]?.problem?.message).not.toBe('');
  expect(err).toContain('gone.txt');
});

test('facts in every format, labelled as made by a machine; and from JSONL without a model', async () => {
  await writeFile(join(folder, 'a.txt'), note);
  const run = (command: string, format: string, out: string, ...more: string[]) =>
    chimed([command, ...more, '--format', format, '--out', out]);
  const extract = ['--threads', '1', 'a.txt'];
  expect((await run('extract', 'jsonl', 'facts.jsonl', ...extract)).code).toBe(0);
  const [result] = linesOf(await readFile(join(folder, 'facts.jsonl'), 'utf-8'));
  for (const format of ['csv', 'xlsx', 'html', 'fhir']) {
    const { code, err } = await run('extract', format, `direct.${format}`, ...extract);
    expect(err, format).toBe('');
    expect(code).toBe(0);
    expect((await run('export', format, `later.${format}`, 'facts.jsonl')).code).toBe(0);
  }
  const read = (name: string) => readFile(join(folder, name), 'utf-8');
  // Only the moment and random ids differ.
  expect(await read('later.csv')).toBe(await read('direct.csv'));
  expect(await read('later.dictionary.csv')).toBe(await read('direct.dictionary.csv'));
  const rows: Record<string, string>[] = parse(await read('direct.csv'), {
    columns: true,
    bom: true,
  });
  expect(rows.map(({ text, start }) => [text, Number(start)])).toEqual(
    result?.facts.map(({ text, start }) => [text, start]),
  );
  for (const row of rows)
    expect(row).toMatchObject({ source: 'a.txt', standing: 'machine', label: machineLabel });
  expect(await read('direct.html')).toContain(`<p class="label" role="note">${machineLabel}</p>`);
  const bundle: unknown = JSON.parse(await read('direct.fhir'));
  expect(fhirFaults(bundle)).toEqual([]);
  expect(JSON.stringify(bundle)).toContain('"status":"preliminary"');
  expect(JSON.stringify(bundle)).not.toContain('"Condition"');
  const again = await run('export', 'csv', 'later.csv', 'facts.jsonl');
  expect(again.code).toBe(2);
});

test('--out writes a file, never over an existing one unless forced, and leaves nothing half-made', async () => {
  const path = join(folder, 'facts.jsonl');
  const args = ['extract', '--threads', '1', '--out', path, '-'];
  expect((await chimed(args, { input: note })).code).toBe(0);
  const first = await readFile(path, 'utf8');
  expect(linesOf(first)).toHaveLength(1);
  const refused = await chimed(args, { input: '患者糖尿病。' });
  expect(refused.code).toBe(2);
  expect(refused.err).toContain('OUTPUT_EXISTS');
  expect(await readFile(path, 'utf8')).toBe(first);
  expect((await chimed([...args, '--force'], { input: '患者糖尿病。' })).code).toBe(0);
  expect(await readFile(path, 'utf8')).not.toBe(first);
  const bad = await chimed(
    ['extract', '--model', join(folder, 'gone.gguf'), '--out', join(folder, 'x'), '-'],
    { input: note },
  );
  expect(bad.code).toBe(1);
  await expect(stat(join(folder, 'x'))).rejects.toThrow();
  await expect(stat(join(folder, 'x.partial'))).rejects.toThrow();
});

const identified =
  '姓名：张建国，男，67岁，身份证号：110000194310244902，电话13951860024，2023年3月5日因胆囊结石入院。';
const clear =
  '姓名：【姓名1】，男，67岁，身份证号：【证件号1】，电话【电话1】，【日期1】因胆囊结石入院。';

test('deidentify: the record without its identifiers; as JSON with their places, in clear only if asked', async () => {
  const text = await chimed(['deidentify', '-'], { input: identified });
  expect(text).toEqual({ code: 0, out: clear, err: '' });
  const json = await chimed(['deidentify', '--format', 'json', '-'], { input: identified });
  expect([json.code, json.err]).toEqual([0, '']);
  expect(json.out).not.toMatch(/张建国|110000194310244902|13951860024|2023/);
  const line = JSON.parse(json.out) as {
    text: string;
    identifiers: { kind: string; start: number; end: number; replacement: string }[];
  };
  expect(line).toMatchObject({
    version: 1,
    record: { source: 'record-0001' },
    status: 'completed',
    text: clear,
    counts: { name: 1, id: 1, phone: 1, date: 1 },
  });
  for (const { start, end, replacement, ...rest } of line.identifiers) {
    expect(clear.slice(start, end)).toBe(replacement);
    expect(Object.keys(rest)).toEqual(['kind']);
  }
  const shown = await chimed(['deidentify', '--format', 'json', '--show-identifiers', '-'], {
    input: identified,
  });
  expect(shown.out).toContain('张建国');
});

test('deidentify: shifted dates keep their form; a key that cannot be used is wrong usage', async () => {
  await writeFile(join(folder, 'key'), Buffer.alloc(32, 5));
  const args = ['deidentify', '--dates', 'shift', '--key', 'key', '-'];
  const first = await chimed(args, { input: identified });
  expect(first.out).toMatch(/，20\d\d年\d{1,2}月\d{1,2}日因胆囊结石入院。$/);
  expect(first.out).not.toContain('2023年3月5日');
  expect((await chimed(args, { input: identified })).out).toBe(first.out);
  await writeFile(join(folder, 'key'), 'short');
  const refused = await chimed(args, { input: identified });
  expect([refused.code, refused.out]).toEqual([2, '']);
});

test('deidentify: several records become numbered files in a folder, one that cannot be read none, and nothing is replaced unless forced', async () => {
  await mkdir(join(folder, 'notes'));
  await writeFile(join(folder, 'notes', '张建国.txt'), iconv.encode(identified, 'gb18030'));
  await writeFile(join(folder, 'notes', 'empty.txt'), '');
  const args = ['deidentify', 'notes', '--out', 'clear'];
  const { code, out, err } = await chimed(args);
  expect([code, out]).toEqual([1, '']);
  expect(err).toContain('FILE_EMPTY');
  expect(await readdir(join(folder, 'clear'))).toEqual(['record-0002.txt']);
  expect(await readFile(join(folder, 'clear', 'record-0002.txt'), 'utf8')).toBe(clear);
  const again = await chimed(args);
  expect([again.code, again.err]).toEqual([2, expect.stringContaining('OUTPUT_EXISTS')]);
  expect((await chimed([...args, '--force'])).code).toBe(1);
  expect((await readdir(join(folder, 'clear'))).length).toBe(1);
  expect((await chimed(['deidentify', 'notes'])).code).toBe(2);
  const failed = await chimed(['deidentify', 'notes/empty.txt', '--out', 'none.txt']);
  expect(failed.code).toBe(1);
  expect((await readdir(folder)).sort()).toEqual(['clear', 'notes']);
});

test(
  'deidentify: an interruption ends with 130 and what was finished is written whole',
  { tag: '@slow' },
  async () => {
    await mkdir(join(folder, 'many'));
    for (let i = 0; i < 300; i++)
      await writeFile(join(folder, 'many', `${i + 1000}.txt`), identified.repeat(200));
    const { code, out } = await chimed(['deidentify', '--format', 'json', 'many'], {
      interruptAfter: /record-0003"/,
    });
    expect(code).toBe(130);
    const lines = out.split('\n').filter(Boolean);
    expect(lines.length).toBeGreaterThanOrEqual(3);
    expect(lines.length).toBeLessThan(300);
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ status: 'completed' });
  },
);

test('extract --deidentify: facts, offsets and hash are of the de-identified text, and the output says so', async () => {
  const note = `患者张建国，男，67岁，2023年3月5日就诊于南京市第一医院，查腹部CT示胆囊结石，电话13951860024。`;
  const clear =
    '患者【姓名1】，男，67岁，【日期1】就诊于【机构1】，查腹部CT示胆囊结石，电话【电话1】。';
  await writeFile(join(folder, '张建国.txt'), note);
  const { code, out } = await chimed(['extract', '--threads', '1', '--deidentify', '张建国.txt']);
  expect(code).toBe(0);
  expect(out).not.toMatch(/张建国|南京|13951860024|2023/);
  const [line] = linesOf(out);
  expect(line).toMatchObject({
    deidentified: true,
    text: clear,
    record: {
      source: 'record-0001',
      sha256: createHash('sha256').update(clear, 'utf8').digest('hex'),
      fileSha256: null,
      chars: clear.length,
    },
  });
  expect(line?.facts.map(({ text }) => text)).toContain('胆囊结石');
  for (const fact of line?.facts ?? []) {
    expect(clear.slice(fact.start, fact.end)).toBe(fact.text);
    expect(fact.text).not.toMatch(/^【|】$/);
  }
  const forgotten = await chimed(['extract', '--dates', 'shift', '张建国.txt']);
  expect([forgotten.code, forgotten.out]).toEqual([2, '']);
});

test('eval ner measures the built-in model on annotated records of ours', async () => {
  const operation = note.indexOf('腹腔镜');
  const entities = [
    {
      label_type: '手术',
      start_pos: operation,
      end_pos: operation + '腹腔镜胆囊切除术'.length,
      overlap: 0,
    },
  ];
  const records = [
    { originalText: note, entities },
    { originalText: '患者无不适。', entities: [] },
  ];
  await writeFile(
    join(folder, 'data.jsonl'),
    '\uFEFF' + records.map((record) => JSON.stringify(record)).join('\r\n'),
  );
  const args = ['eval', 'ner', '--data', 'data.jsonl', '--schema', 'ccks2019', '--threads', '1'];
  const { code, out } = await chimed([...args, '--format', 'json']);
  expect(code).toBe(0);
  const report = JSON.parse(out) as {
    records: number;
    strict: { types: Record<string, { recall: number; support: number }> };
    ungrounded: number;
    offsetErrors: number;
    model: { sha256: string };
  };
  expect(report).toMatchObject({ records: 2, ungrounded: 0, offsetErrors: 0 });
  expect(report.strict.types['手术']).toMatchObject({ recall: 1, support: 1 });
  expect(report.model.sha256).toBe(await sha256(join(projectRoot, 'models', 'default.gguf')));
  const table = await chimed(args);
  expect(table.code).toBe(0);
  expect(table.out).toContain('F1');
});

test('model inspect reads a header, model verify reads everything, and both name what is wrong', async () => {
  const shipped = join(projectRoot, 'models', 'default.gguf');
  const inspected = await chimed(['model', 'inspect', shipped, '--format', 'json']);
  expect(inspected.code).toBe(0);
  expect(JSON.parse(inspected.out)).toMatchObject({
    version: 1,
    architecture: 'llama',
    quantization: 'Q8_0',
    blocks: 6,
    tensors: { count: 57 },
    metadata: { 'general.name': 'ChiMed Nano', 'tokenizer.ggml.tokens': { count: 3579 } },
  });
  const shown = await chimed(['model', 'inspect', shipped]);
  expect([shown.code, shown.out]).toEqual([0, expect.stringContaining('general.architecture')]);
  const verified = await chimed(['model', 'verify', shipped, '--format', 'json']);
  expect(verified.code).toBe(0);
  expect(JSON.parse(verified.out)).toMatchObject({
    hasCard: true,
    card: { id: 'chimed-nano', sha256: await sha256(shipped) },
  });

  // One changed byte of the weights: the header is sound, the checksum is not.
  const changed = await readFile(shipped);
  changed.writeUInt8(changed.readUInt8(changed.length - 9) ^ 1, changed.length - 9);
  await writeFile(join(folder, 'changed.gguf'), changed);
  await cp(join(projectRoot, 'models', 'default.card.json'), join(folder, 'changed.card.json'));
  expect((await chimed(['model', 'inspect', 'changed.gguf'])).code).toBe(0);
  const refused = await chimed(['model', 'verify', 'changed.gguf']);
  expect([refused.code, refused.out]).toEqual([1, '']);
  expect(refused.err).toContain('MODEL_CHECKSUM');
  for (const path of Object.values(await brokenModels())) {
    for (const command of ['inspect', 'verify']) {
      const { code, out, err } = await chimed(['model', command, path]);
      expect([path, code, out]).toEqual([path, 1, '']);
      expect(err).toMatch(/MODEL_(EMPTY|NOT_GGUF|TRUNCATED|STRUCTURE)/);
    }
  }
});

test(
  "model verify reads a file's own chat template in its thread, and a file without one has ChiMed-GPT's",
  { tag: '@slow' },
  async () => {
    const template = '{% for m in messages %}<{{ m.role }}>{{ m.content }}</s>{% endfor %}<bot>';
    const vocabulary = makeVocabulary('', { merged: false });
    for (const [more, id] of [
      [[['tokenizer.chat_template', { string: template }]], 'file-template'],
      [[], 'chimed-readme'],
    ] as const) {
      await writeRandomModel(join(folder, 'own.gguf'), miniature, vocabulary, { seed: 1, more });
      const { code, out } = await chimed(['model', 'verify', 'own.gguf', '--format', 'json']);
      expect(code).toBe(0);
      expect(JSON.parse(out)).toMatchObject({ card: { promptFormat: { id } } });
    }
  },
);

test(
  'model bench measures both tests with each number of sequences, and refuses what the context does not hold',
  { tag: '@slow' },
  async () => {
    const shipped = join(projectRoot, 'models', 'default.gguf');
    const args = ['model', 'bench', shipped, '--threads', '1', '--repetitions', '2'];
    const small = [...args, '--prompt', '40', '--generate', '8', '--sequences', '1,3'];
    const { code, out } = await chimed([...small, '--format', 'json']);
    expect(code).toBe(0);
    const report = JSON.parse(out) as {
      results: { test: string; sequences: number; tokensPerSecond: { mean: number; sd: number } }[];
    };
    expect(report).toMatchObject({
      version: 1,
      model: { name: 'ChiMed Nano', quantization: 'Q8_0', sha256: await sha256(shipped) },
      device: { kind: 'cpu' },
      threads: 1,
      repetitions: 2,
    });
    expect(report.results.map(({ test, sequences }) => [test, sequences])).toEqual([
      ['pp40', 1],
      ['tg8', 1],
      ['pp40', 3],
      ['tg8', 3],
    ]);
    for (const { tokensPerSecond } of report.results) {
      expect(tokensPerSecond.mean).toBeGreaterThan(0);
      expect(tokensPerSecond.sd).toBeGreaterThanOrEqual(0);
    }
    const table = await chimed(small);
    expect([table.code, table.out]).toEqual([
      0,
      expect.stringMatching(/^tg8 +3 +[\d.]+ ± [\d.]+$/m),
    ]);

    // Its context of 512 holds the fed tokens and the next one.
    const refused = await chimed([...args, '--prompt', '512']);
    expect([refused.code, refused.out]).toEqual([1, '']);
    expect(refused.err).toContain('CONTEXT_EXCEEDED');
    expect(refused.err).toContain('needed=512 capacity=511');
    expect((await chimed([...args, '--sequences', '1,9'])).code).toBe(2);
    const [broken] = Object.values(await brokenModels());
    const unloaded = await chimed(['model', 'bench', broken as string]);
    expect([unloaded.code, unloaded.out]).toEqual([1, '']);
  },
);

test(
  'model bench that is interrupted prints no results and ends with 130',
  { tag: '@slow' },
  async () => {
    const shipped = join(projectRoot, 'models', 'default.gguf');
    const args = ['model', 'bench', shipped, '--repetitions', '1000000'];
    const { code, out, err } = await chimed(args, { interruptAfter: /Measuring/ });
    expect([code, out]).toEqual([130, '']);
    expect(err).toContain('Interrupted');
  },
);

test(
  'model convert: a checkpoint of PyTorch becomes a quantized model with a card that says from what',
  { tag: '@slow' },
  async () => {
    const checkpoint = join(projectRoot, 'e2e', 'fixtures', 'checkpoint', 'bin');
    const args = ['model', 'convert', checkpoint, '--out', 'mini.gguf', '--threads', '1'];
    const { code, out, err } = await chimed([...args, '--format', 'json']);
    expect([code, err]).toEqual([0, '']);
    expect((await readdir(folder)).sort()).toEqual(['mini.card.json', 'mini.gguf']);
    const card = modelCardSchema.parse(JSON.parse(out));
    expect(JSON.parse(await readFile(join(folder, 'mini.card.json'), 'utf8'))).toEqual(card);
    expect(card).toMatchObject({
      name: 'bin',
      standing: 'imported',
      sha256: await sha256(join(folder, 'mini.gguf')),
      shape: { quantization: 'Q4_K_M', blocks: 2, kvHeads: 2, vocabulary: 1024 },
    });
    const sources = card.provenance?.sources ?? [];
    expect(sources.map(({ file }) => file)).toContain('pytorch_model-00002-of-00002.bin');
    for (const source of sources) {
      expect(source.sha256).toBe(await sha256(join(checkpoint, source.file)));
    }
    const again = await chimed(args);
    expect([again.code, again.err]).toEqual([2, expect.stringContaining('OUTPUT_EXISTS')]);
    const kept = await chimed([...args, '--force', '--type', 'q8_0', '--keep-source']);
    expect(kept.code).toBe(0);
    expect((await readdir(folder)).sort()).toEqual([
      'mini-16bit.gguf',
      'mini.card.json',
      'mini.gguf',
    ]);
  },
);

test(
  'model convert: a shard that is missing, or that asks to run a program, is named and leaves nothing',
  { tag: '@slow' },
  async () => {
    const checkpoint = join(folder, 'checkpoint');
    await cp(join(projectRoot, 'e2e', 'fixtures', 'checkpoint', 'bin'), checkpoint, {
      recursive: true,
    });
    const shard = join(checkpoint, 'pytorch_model-00001-of-00002.bin');
    const bytes = await readFile(shard);
    const args = ['model', 'convert', checkpoint, '--out', 'mini.gguf', '--type', 'f16'];
    // The same length, so that everything else in the archive stays where it was.
    const at = bytes.indexOf('collections\nOrderedDict');
    bytes.write('posix\nsystem'.padEnd('collections\nOrderedDict'.length, 'x'), at, 'latin1');
    await writeFile(shard, bytes);
    const unsafe = await chimed(args);
    expect([unsafe.code, unsafe.out]).toEqual([1, '']);
    expect(unsafe.err).toContain('CHECKPOINT_UNSAFE');
    expect(unsafe.err).toContain('posix.system');
    await rm(shard);
    const missing = await chimed(args);
    expect(missing.code).toBe(1);
    expect(missing.err).toContain('pytorch_model-00001-of-00002.bin');
    expect(await readdir(folder)).toEqual(['checkpoint']);
  },
);

test('wrong usage ends with 2', async () => {
  for (const args of [
    [],
    ['extract'],
    ['extract', '--schema', 'none', '-'],
    ['extract', '--bogus', '-'],
    ['nothing'],
  ]) {
    const { code } = await chimed(args);
    expect([args, code]).toEqual([args, 2]);
  }
});

test('an interruption ends with 130 and what was finished is written', async () => {
  await mkdir(join(folder, 'many'));
  for (let i = 0; i < 60; i++) {
    await writeFile(join(folder, 'many', `${String(i).padStart(3, '0')}.txt`), note.repeat(8));
  }
  const { code, out } = await chimed(['extract', '--threads', '1', '--format', 'json', 'many'], {
    interruptAfter: /"version"/,
  });
  expect(code).toBe(130);
  const array = JSON.parse(out) as Line[];
  expect(array.length).toBeGreaterThan(0);
  expect(array.length).toBeLessThan(60);
  expect(array.every(({ status }) => status === 'completed')).toBe(true);
});

test('model files that cannot be used are named as what they are', async () => {
  const broken = await brokenModels();
  for (const [path, wanted] of [
    [broken.empty, 'MODEL_EMPTY'],
    [broken.notGguf, 'MODEL_NOT_GGUF'],
    [broken.truncated, 'MODEL_TRUNCATED'],
    [broken.headCountZero, 'MODEL_STRUCTURE'],
  ] as const) {
    const { code, err, out } = await chimed(['extract', '--model', path, '-'], { input: note });
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain(wanted);
  }
});

test(
  'a random model says nonsense, and every fact is still a piece of the record',
  { tag: '@slow' },
  async () => {
    const model = await testModel('random');
    const { out } = await chimed(['extract', '--threads', '1', '--model', model, '-'], {
      input: note,
    });
    const [line] = linesOf(out);
    expect(line?.run.strategy).toBe('typed-list');
    expect(line?.facts.length).toBeGreaterThan(0);
    for (const fact of line?.facts ?? []) expect(note.slice(fact.start, fact.end)).toBe(fact.text);
  },
);

test('extract --jobs: several records at once, written in the order of the inputs, with the same results', async () => {
  await mkdir(join(folder, 'many'));
  for (let i = 10; i < 30; i += 1) {
    await writeFile(join(folder, 'many', `${i}.txt`), note.repeat(1 + ((i * 7) % 5)));
  }
  const [one, four] = await Promise.all([
    chimed(['extract', '--threads', '1', 'many']),
    chimed(['extract', '--threads', '1', '--jobs', '4', 'many']),
  ]);
  expect(four.code).toBe(0);
  expect(linesOf(four.out).map(({ record }) => record.source)).toEqual(
    Array.from({ length: 20 }, (_, i) => join('many', `${i + 10}.txt`)),
  );
  const spans = (out: string) =>
    linesOf(out).map(({ facts }) => facts.map(({ start, end, text }) => ({ start, end, text })));
  expect(spans(four.out)).toEqual(spans(one.out));
});

/** Rows of a table, a fact each: the records that they are of, each fact counted once. */
function recordsOfFacts(rows: readonly Record<string, unknown>[]): unknown[] {
  const facts = rows.map((row) => `${row['source']} ${row['fact_id']}`);
  expect(new Set(facts).size).toBe(facts.length);
  return [...new Set(rows.map((row) => row['source']))];
}

/** Records of a written file, in its order, one for each result that it holds. */
const recordsIn: Record<'csv' | 'xlsx' | 'html' | 'fhir', (path: string) => Promise<unknown[]>> = {
  csv: async (path) =>
    recordsOfFacts(parse(await readFile(path, 'utf8'), { columns: true, bom: true })),
  xlsx: async (path) => {
    const [sheet] = await readXlsxFile(path);
    const [heads = [], ...rows] = sheet?.data ?? [];
    return recordsOfFacts(
      rows.map((row) => Object.fromEntries(heads.map((head, at) => [head, row[at]]))),
    );
  },
  html: async (path) => {
    const articles = (await readFile(path, 'utf8')).split('<article id="').slice(1);
    return articles.map((article) => /many\/\d+\.txt/.exec(article)?.[0]);
  },
  // Sources are not in a bundle; who made what is said once for each record, in their order.
  fhir: async (path) => {
    const bundle: unknown = JSON.parse(await readFile(path, 'utf8'));
    expect(fhirFaults(bundle)).toEqual([]);
    const labels = JSON.stringify(bundle).matchAll(/"resourceType":"Provenance".*?"record-(\d+)"/g);
    return [...labels].map(([, number]) => `many/${99 + Number(number)}.txt`);
  },
};

for (const format of ['csv', 'xlsx', 'html', 'fhir'] as const) {
  test(
    `extract --resume to ${format}, killed at random moments: it holds each record once`,
    { tag: '@slow' },
    async () => {
      test.setTimeout(300_000);
      await mkdir(join(folder, 'many'));
      const count = 16;
      for (let i = 0; i < count; i += 1) {
        await writeFile(join(folder, 'many', `${100 + i}.txt`), `病例${i}。${note}`.repeat(3));
      }
      const out = join(folder, `out.${format}`);
      const state = `${out}.resume.jsonl`;
      const args = ['extract', '--threads', '1', '--jobs', '3', '--resume', '--format', format];
      const command = [...args, '--out', out, 'many'];
      const done = async (): Promise<number> =>
        (await readFile(state, 'utf8').catch(() => '')).split('\n').length - 1;
      let ended = false;
      // The last time when all are done, and the file itself is about to be written.
      for (const upTo of [2, 9, count]) {
        const child = spawn(process.execPath, [join(projectRoot, 'bin/chimed.mjs'), ...command], {
          ...{ cwd: folder, stdio: 'ignore' },
        });
        const closed = new Promise((resolve) => child.once('close', resolve));
        while (child.exitCode === null && (await done()) < upTo) {
          await new Promise((resolve) => setTimeout(resolve, 3));
        }
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
        ended = child.exitCode !== null || !child.kill('SIGKILL');
        await closed;
        // Killed when all was done and the state had been removed.
        ended ||= upTo === count && !(await readdir(folder)).includes(`out.${format}.resume.jsonl`);
        if (ended) break;
        expect(await done()).toBeGreaterThanOrEqual(upTo);
        if (upTo === 2) await appendFile(state, '{"version":1,"record":{"sour');
      }
      // Ended by itself right before the last kill: then all is there already.
      if (!ended) expect(await chimed(command)).toMatchObject({ code: 0 });
      expect(await recordsIn[format](out)).toEqual(
        Array.from({ length: count }, (_, i) => `many/${100 + i}.txt`),
      );
      expect(await readdir(folder)).not.toContain(`out.${format}.resume.jsonl`);
    },
  );
}

for (const format of ['jsonl', 'json'] as const) {
  test(
    `extract --resume, killed at any moment: every record is in the ${format} once`,
    { tag: '@slow' },
    async () => {
      test.setTimeout(300_000);
      await mkdir(join(folder, 'many'));
      const count = 60;
      for (let i = 0; i < count; i += 1) {
        await writeFile(join(folder, 'many', `${100 + i}.txt`), `病例${i}。${note}`.repeat(3));
      }
      const out = join(folder, 'out.json');
      const state = format === 'jsonl' ? out : `${out}.resume.jsonl`;
      const args = ['extract', '--threads', '1', '--jobs', '3', '--resume', '--format', format];
      const linesIn = async (): Promise<number> =>
        (await readFile(state, 'utf8').catch(() => '')).split('\n').length - 1;
      for (let round = 0; round < 10; round += 1) {
        const child = spawn(
          process.execPath,
          [join(projectRoot, 'bin/chimed.cjs'), ...args, '--out', out, 'many'],
          { cwd: folder, stdio: 'ignore' },
        );
        const closed = new Promise((resolve) => child.once('close', resolve));
        const before = await linesIn();
        // At a moment that the number of records decides, not the speed of this machine.
        while (child.exitCode === null && (await linesIn()) < before + 1 + (round % 4)) {
          await new Promise((resolve) => setTimeout(resolve, 3));
        }
        child.kill('SIGKILL');
        await closed;
        // As a kill in the middle of a write leaves it.
        if (round % 3 === 0) await appendFile(state, '{"version":1,"record":{"sour');
      }
      expect(await linesIn()).toBeLessThan(count);
      expect((await stat(state)).mode & 0o777).toBe(0o600);
      const { code } = await chimed([...args, '--out', out, 'many']);
      expect(code).toBe(0);
      const text = await readFile(out, 'utf8');
      const lines = format === 'jsonl' ? linesOf(text) : (JSON.parse(text) as Line[]);
      expect(lines.map(({ record }) => record.source)).toEqual(
        Array.from({ length: count }, (_, i) => join('many', `${100 + i}.txt`)),
      );
      expect(lines.every(({ status }) => status === 'completed')).toBe(true);
      if (format === 'json') expect(await readdir(folder)).not.toContain('out.json.resume.jsonl');
    },
  );
}

test(
  'extract --resume: another schema is refused and said so; what failed is tried again',
  { tag: '@slow' },
  async () => {
    const out = join(folder, 'out.jsonl');
    await writeFile(join(folder, 'a.txt'), note);
    await writeFile(join(folder, 'b.txt'), '');
    const args = ['extract', '--threads', '1', '--resume', '--out', out, 'a.txt', 'b.txt'];
    expect((await chimed(args)).code).toBe(1);
    const other = await chimed([...args, '--schema', 'ccks2019-symptom']);
    expect(other.code).not.toBe(0);
    expect(other.err).toContain('RESUME_OTHER_RUN');
    await writeFile(join(folder, 'b.txt'), `补写。${note}`);
    const again = await chimed(args);
    expect(again.code).toBe(0);
    const lines = linesOf(await readFile(out, 'utf8'));
    expect(lines.map(({ record, status }) => [record.source, status])).toEqual([
      ['a.txt', 'completed'],
      ['b.txt', 'completed'],
    ]);
    const whole = await chimed(['extract', '--resume', 'a.txt']);
    expect(whole.code).toBe(2);
    expect(whole.err).toContain('--out');
  },
);

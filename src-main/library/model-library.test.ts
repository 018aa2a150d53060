import { randomUUID } from 'node:crypto';
import {
  appendFile,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  truncate,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ImportState, Library } from '../domain/contract/library';
import { answer } from './answer';
import { cardPathOf, readModelCard } from './model-card';
import type { ImportOrder } from './model-import';
import { ModelLibrary } from './model-library';
import { Pausing } from './pausing';
import { sha256OfFile } from './sha256';

const shipped = join(import.meta.dirname, '..', '..', 'models', 'default.gguf');
let folder: string;
let own: string;
let source: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-library-'));
  own = join(folder, 'own');
  await mkdir(join(folder, 'disk'));
  source = join(folder, 'disk', '大模型 v1.gguf');
  await copyFile(shipped, source);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A library as main has it, with the probe's work done here. */
function open(onProgress: (done: number) => void = () => undefined) {
  const changes: Library[] = [];
  const states: ImportState[] = [];
  const asked: string[] = [];
  let ended: (state: ImportState) => void = () => undefined;
  const library = new ModelLibrary({
    folder: own,
    findBuiltIn: () => Promise.resolve(shipped),
    ask: (question, options) => {
      asked.push(question.type === 'verify' && question.knownSha256 ? 'known' : question.type);
      const pausing = new Pausing();
      options.onControl?.((action) => pausing[action]());
      return answer(question, {
        signal: options.signal,
        pausing,
        onProgress: (done, total) => {
          options.onProgress?.(done, total);
          onProgress(done);
        },
      });
    },
    onChange: (state) => changes.push(state),
    onImport: (state) => {
      states.push(state);
      if (state.phase !== 'running') ended(state);
    },
  });
  const bringIn = (order: Partial<ImportOrder> = {}): Promise<ImportState> => {
    const end = new Promise<ImportState>((resolve) => (ended = resolve));
    library.import({ path: source, place: 'copied', ...order });
    return end;
  };
  return { library, changes, states, asked, bringIn };
}

const idOf = async (path: string): Promise<string> => sha256OfFile(path);
/** What an import left in the library's folder. */
const files = async (): Promise<string[]> => (await readdir(own)).sort();

describe('an import', () => {
  it('copies the file with a card, under its own name, and is there after a restart', async () => {
    const { bringIn, states } = open();
    const id = await idOf(source);
    expect(await bringIn()).toEqual({ phase: 'done', modelId: id, already: false });
    expect(states[0]).toMatchObject({ phase: 'running', step: 'copy' });
    const name = `大模型-v1-${id.slice(0, 8)}`;
    expect(await files()).toEqual(['library.json', `${name}.card.json`, `${name}.gguf`]);
    expect(await idOf(join(own, `${name}.gguf`))).toBe(id);
    const { models } = await open().library.list();
    expect(models).toMatchObject([{ id, place: 'copied', presence: 'present' }]);
    expect(models[0]?.card.standing).toBe('imported');
  });

  it('of a file that is there already copies nothing and says so', async () => {
    const { bringIn, asked } = open();
    await bringIn();
    const again = join(folder, 'disk', 'other-name.gguf');
    await copyFile(source, again);
    asked.length = 0;
    expect(await bringIn({ path: again })).toMatchObject({ phase: 'done', already: true });
    expect(asked).toEqual(['verify']);
    expect((await files()).filter((name) => name.endsWith('.gguf'))).toHaveLength(1);
  });

  it('one at a time: a second one is refused while the first goes on', async () => {
    const { library, bringIn } = open();
    const first = bringIn();
    expect(() => library.import({ path: source, place: 'copied' })).toThrow(
      expect.objectContaining({ code: 'IMPORT_BUSY' }),
    );
    expect((await first).phase).toBe('done');
  });

  it('of a broken file fails with its code and leaves nothing', async () => {
    const { bringIn } = open();
    await truncate(source, 5_000_000);
    expect(await bringIn()).toMatchObject({
      phase: 'failed',
      fileName: basename(source),
      problem: { code: 'MODEL_TRUNCATED' },
    });
    expect((await files()).filter((name) => name !== 'library.json')).toEqual([]);
  });

  it('of a file that its card does not describe fails and leaves nothing', async () => {
    const card = await readModelCard(shipped);
    await writeFile(cardPathOf(source), JSON.stringify({ ...card, sha256: 'f'.repeat(64) }));
    expect(await open().bringIn()).toMatchObject({ problem: { code: 'MODEL_CHECKSUM' } });
    expect((await files()).filter((name) => name !== 'library.json')).toEqual([]);
  });

  it('that is cancelled leaves nothing, also while it is paused', async () => {
    await appendFile(source, Buffer.alloc(40_000_000));
    const { library, bringIn, states } = open(() => library.controlImport('pause'));
    const end = bringIn();
    await expect
      .poll(() => states.some((state) => state.phase === 'running' && state.paused))
      .toBe(true);
    library.controlImport('cancel');
    library.controlImport('resume');
    expect(await end).toEqual({ phase: 'cancelled' });
    expect((await files()).filter((name) => name !== 'library.json')).toEqual([]);
  });

  it('that is paused does not go on, and is finished after it was let go on', async () => {
    await appendFile(source, Buffer.alloc(40_000_000));
    let read = 0;
    let stopped = false;
    const { library, bringIn } = open((done) => {
      read = done;
      if (!stopped) library.controlImport('pause');
      stopped = true;
    });
    const end = bringIn();
    await expect.poll(() => stopped).toBe(true);
    const at = read;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(read).toBe(at);
    library.controlImport('resume');
    expect((await end).phase).toBe('done');
  });

  it('from a disk that is pulled out, or a file that is cut short, fails and leaves nothing', async () => {
    await appendFile(source, Buffer.alloc(40_000_000));
    let cut = false;
    const { bringIn } = open(() => {
      if (!cut) void truncate(source, 6_000_000);
      cut = true;
    });
    expect(await bringIn()).toMatchObject({
      phase: 'failed',
      problem: { code: 'MODEL_TRUNCATED' },
    });
    expect((await files()).filter((name) => name !== 'library.json')).toEqual([]);
  });
});

describe('a file that stays where it is', () => {
  const reference = async () => {
    const opened = open();
    await opened.bringIn({ place: 'referenced' });
    return { ...opened, id: await idOf(source) };
  };

  it('is hashed before each load, a copy only when it was touched', async () => {
    const { library, asked, id } = await reference();
    asked.length = 0;
    await library.check(id, {});
    await library.check(id, {});
    expect(asked).toEqual(['verify', 'verify']);

    await library.remove(id);
    const copied = open();
    await copied.bringIn();
    copied.asked.length = 0;
    await copied.library.check(id, {});
    expect(copied.asked).toEqual(['known']);
  });

  it('is shown as missing when it was moved, and used again where it is now', async () => {
    const { library, bringIn, id } = await reference();
    const moved = join(folder, 'disk', 'moved.gguf');
    await rename(source, moved);
    expect((await library.list()).models).toMatchObject([{ id, presence: 'missing' }]);
    await expect(library.check(id, {})).rejects.toMatchObject({ code: 'MODEL_MISSING' });
    await bringIn({ path: moved, place: 'referenced', expected: id });
    expect((await library.list()).models).toMatchObject([
      { id, presence: 'present', path: moved, place: 'referenced' },
    ]);
  });

  it('is not taken for another file that a person points to', async () => {
    const { library, bringIn, id } = await reference();
    await unlink(source);
    const wrong = join(folder, 'disk', 'wrong.gguf');
    await copyFile(shipped, wrong);
    await appendFile(wrong, 'x');
    expect(await bringIn({ path: wrong, place: 'referenced', expected: id })).toMatchObject({
      phase: 'failed',
      problem: { code: 'MODEL_CHANGED' },
    });
    expect((await library.list()).models).toHaveLength(1);
  });

  it('that was replaced is not loaded', async () => {
    const { library, id } = await reference();
    await appendFile(source, 'x');
    expect((await library.list()).models[0]?.presence).toBe('changed');
    await expect(library.check(id, {})).rejects.toMatchObject({ code: 'MODEL_CHANGED' });
  });

  it('that is replaced between its check and the end of its load is found out', async () => {
    const { library, id } = await reference();
    const checked = await library.check(id, {});
    await library.demandUnchanged(checked);
    await copyFile(source, `${source}.other`);
    await rename(`${source}.other`, source);
    await expect(library.demandUnchanged(checked)).rejects.toMatchObject({ code: 'MODEL_CHANGED' });
  });

  it('is not deleted when it is removed from the list; a copy is', async () => {
    const { library, bringIn, id } = await reference();
    await library.remove(id);
    expect(await idOf(source)).toBe(id);
    await bringIn();
    await library.remove(id);
    expect(await files()).toEqual(['library.json']);
    expect(await idOf(source)).toBe(id);
  });
});

describe('the list', () => {
  it('that was lost or damaged is made again from the copies, which are then hashed before use', async () => {
    const { bringIn } = open();
    await bringIn();
    await writeFile(join(own, 'library.json'), '{"library":1,"models":[{]');
    const { library, asked } = open();
    const id = await idOf(source);
    expect((await library.list()).models).toMatchObject([{ id, presence: 'present' }]);
    expect(await files()).toContain('library.json.damaged');
    await library.check(id, {});
    expect(asked).toEqual(['verify']);
    asked.length = 0;
    await library.check(id, {});
    expect(asked).toEqual(['known']);
  });

  it('does not believe the card of a copy that was exchanged while the list was lost', async () => {
    const { library: first, bringIn } = open();
    await bringIn();
    const path = (await first.list()).models[0]?.path ?? '';
    const bytes = await readFile(path);
    bytes[bytes.length - 100] = (bytes[bytes.length - 100] ?? 0) ^ 1;
    await writeFile(path, bytes);
    await unlink(join(own, 'library.json'));
    const { library } = open();
    const id = await idOf(source);
    await expect(library.check(id, {})).rejects.toMatchObject({ code: 'MODEL_CHECKSUM' });
  });

  it('half copies of a run that was killed are gone at the next start', async () => {
    await mkdir(own);
    await writeFile(join(own, `incoming-${randomUUID()}.gguf.partial`), 'half');
    await open().library.list();
    expect(await files()).toEqual([]);
  });

  it('keeps what does which job, and forgets it with the model', async () => {
    const { library, bringIn } = open();
    await bringIn();
    const id = await idOf(source);
    await library.assign('extraction:ccks2019', id);
    await library.activate(id);
    await library.setSettings(id, { ...(await library.settingsOf(id)), contextSize: 512 });
    expect((await open().library.settingsOf(id)).contextSize).toBe(512);
    expect(await open().library.list()).toMatchObject({
      assignments: { 'extraction:ccks2019': id },
      active: id,
    });
    await expect(library.assign('qa', id)).rejects.toMatchObject({ code: 'SCHEMA_NOT_SUPPORTED' });
    await expect(library.assign('qa', 'f'.repeat(64))).rejects.toMatchObject({
      code: 'MODEL_UNKNOWN',
    });
    await library.assign('extraction:ccks2019', null);
    expect((await library.list()).assignments).toEqual({});
    await library.assign('extraction:ccks2019', id);
    await library.remove(id);
    expect(await library.list()).toEqual({ models: [], assignments: {}, active: null });
    expect(await library.settingsOf(id)).toMatchObject({ contextSize: 'auto' });
  });

  it('begins with the model that ships, once it was checked, and tells it', async () => {
    const { library, changes } = open();
    expect((await library.list()).models).toEqual([]);
    const { card } = await library.checkBuiltIn({});
    expect(changes.at(-1)?.models).toMatchObject([{ id: card.sha256, place: 'built-in' }]);
  });
});

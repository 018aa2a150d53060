import { execFileSync } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { copyFile, cp, mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { modelCardSchema, type ModelCard } from '../domain/contract/model-card';
import { Cancelled } from '../domain/contract/rpc';
import { findDefaultModel } from './default-model';
import { checkGgufStructure } from './gguf-structure';
import { catalogued } from './catalog';
import { cardPathOf, describeUnknownModel, readModelCard } from './model-card';
import { serveProbe, type ProbePort } from './probe';
import { fromProbeSchema, type FromProbe } from './probe-messages';
import { sha256OfFile } from './sha256';
import { verifyModel } from './verify';

const shipped = join(import.meta.dirname, '../../models/default.gguf');
let root: string;
let folder: string;
let model: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'chimed-library-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));
beforeEach(async () => {
  folder = await mkdtemp(join(root, 'x'));
  model = join(folder, '协和 Model_7B.Q4.gguf');
  await copyFile(shipped, model);
});

const shippedCard = async (): Promise<ModelCard> =>
  modelCardSchema.parse(JSON.parse(await readFile(cardPathOf(shipped), 'utf8')));

describe('a model and its card', () => {
  it('the shipped model is what its card says', async () => {
    const { card, summary } = await verifyModel(shipped);
    const { fileSize, name, context, ...shape } = summary;
    expect(card.standing).toBe('release');
    expect(card.shape).toEqual(shape);
    expect([card.fileSize, card.context]).toEqual([fileSize, context]);
    expect(name).not.toBe('');
  });

  it('the catalogue knows the shipped model by the same hash, size, name and licence', async () => {
    const card = await shippedCard();
    expect(catalogued(card.sha256)).toEqual({
      id: card.id,
      name: card.name,
      kind: 'built-in',
      file: 'default.gguf',
      fileSize: card.fileSize,
      sha256: card.sha256,
      licence: card.licence,
    });
    expect(catalogued('0'.repeat(64))).toBeNull();
  });

  it('a model without a card gets a valid one, bound to its hash', async () => {
    const { card } = await verifyModel(model);
    expect(modelCardSchema.parse(card)).toEqual(card);
    expect(card.id).toBe('model-7b.q4');
    expect(card.standing).toBe('imported');
    expect(card.sha256).toBe(
      createHash('sha256')
        .update(await readFile(model))
        .digest('hex'),
    );
    expect(card.strategies[0]).toMatchObject({ kind: 'typed-list', windowChars: 128 });
    expect(card.capabilities).toMatchObject({ anySchema: true, tasks: ['extraction'] });
  });

  it('a name without Latin letters still gives a valid card', async () => {
    const summary = await checkGgufStructure(model);
    for (const name of ['模型.gguf', '..gguf', '-x-.gguf', 'A b.GGUF']) {
      const card = describeUnknownModel(join(folder, name), summary, 'a'.repeat(64));
      expect(modelCardSchema.safeParse(card).error).toBeUndefined();
    }
  });

  it('a changed byte is caught by the checksum', async () => {
    await writeFile(cardPathOf(model), JSON.stringify(await shippedCard()));
    await verifyModel(model);
    const bytes = await readFile(model);
    const last = bytes.length - 1;
    bytes[last] = (bytes[last] as number) ^ 1;
    await writeFile(model, bytes);
    await expect(verifyModel(model)).rejects.toMatchObject({ code: 'MODEL_CHECKSUM' });
  });

  it('a card for a file of another size is caught without reading the file', async () => {
    const card = await shippedCard();
    await writeFile(cardPathOf(model), JSON.stringify({ ...card, fileSize: card.fileSize + 1 }));
    const read = { onProgress: () => expect.fail('the file was read') };
    await expect(verifyModel(model, read)).rejects.toMatchObject({ code: 'MODEL_CHECKSUM' });
  });

  it('a card that is no card is named with its wrong field', async () => {
    const write = (text: string): Promise<void> => writeFile(cardPathOf(model), text);
    await write('{');
    await expect(readModelCard(model)).rejects.toMatchObject({
      code: 'MODEL_CARD_INVALID',
      params: { field: 'JSON' },
    });
    await write('[]');
    await expect(readModelCard(model)).rejects.toMatchObject({ params: { field: 'card' } });
    await write(JSON.stringify({ ...(await shippedCard()), standing: 'perfect' }));
    await expect(readModelCard(model)).rejects.toMatchObject({ params: { field: 'standing' } });
    await write(' '.repeat(1024 * 1024 + 1));
    await expect(readModelCard(model)).rejects.toMatchObject({ params: { field: 'size' } });
  });

  it.skipIf(process.platform === 'win32')('a pipe is no card, and is not waited for', async () => {
    await rm(cardPathOf(model), { force: true });
    execFileSync('mkfifo', [cardPathOf(model)]);
    await expect(readModelCard(model)).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
  });
});

describe('hashing a file', () => {
  it('gives the hash and tells how far it is', async () => {
    const seen: number[] = [];
    const hash = await sha256OfFile(shipped, {
      onProgress: (done, total) => seen.push(done / total),
    });
    expect(hash).toBe((await shippedCard()).sha256);
    expect(seen.length).toBeGreaterThan(1);
    expect(seen.at(-1)).toBe(1);
  });

  it('stops when it is asked to', async () => {
    const controller = new AbortController();
    const hashing = sha256OfFile(shipped, {
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(hashing).rejects.toBeInstanceOf(Cancelled);
  });

  it('a missing file has its code', async () => {
    await expect(sha256OfFile(join(folder, 'none'))).rejects.toMatchObject({
      code: 'MODEL_MISSING',
    });
  });
});

describe('the probe', () => {
  const ask = (question: unknown): Promise<FromProbe> => {
    const events = new EventEmitter();
    const answer = new Promise<FromProbe>((resolve) => {
      const port: ProbePort = {
        on: (event, listener) => events.on(event, listener),
        postMessage: (message) => message.type !== 'progress' && resolve(message),
      };
      serveProbe(port);
    });
    events.emit('message', { data: { type: 'ask', question } });
    return answer;
  };

  it('answers with the card, in the form that main expects', async () => {
    const answer = await ask({ type: 'verify', path: shipped });
    expect(fromProbeSchema.parse(structuredClone(answer))).toEqual(answer);
    expect(answer.type).toBe('verified');
  });

  it('answers with a problem where the file is bad or the question is', async () => {
    await writeFile(model, '');
    expect(await ask({ type: 'verify', path: model })).toEqual({
      type: 'problem',
      problem: { code: 'MODEL_EMPTY' },
    });
    expect(await ask('hello')).toEqual({ type: 'problem', problem: { code: 'BAD_REQUEST' } });
  });
});

describe('the model to start with', () => {
  it('is default.gguf', async () => {
    expect(await findDefaultModel({ modelsDir: join(shipped, '..') })).toBe(shipped);
  });

  it('is the newest test model where default.gguf is missing', async () => {
    const modelsDir = join(folder, 'models');
    const testModelsDir = join(folder, 'tests');
    await mkdir(testModelsDir);
    await expect(findDefaultModel({ modelsDir, testModelsDir })).rejects.toMatchObject({
      code: 'MODEL_MISSING',
    });
    const put = async (name: string, standing: string | null, second: number): Promise<string> => {
      const path = join(testModelsDir, name);
      await cp(shipped, path);
      await utimes(path, second, second);
      if (standing)
        await writeFile(cardPathOf(path), JSON.stringify({ ...(await shippedCard()), standing }));
      return path;
    };
    const newest = await put('a.gguf', 'test', 2000);
    await put('b.gguf', 'test', 1000);
    await put('no-card.gguf', null, 3000);
    await put('imported.gguf', 'imported', 3000);
    expect(await findDefaultModel({ modelsDir, testModelsDir })).toBe(newest);
  });
});

/** A released Llama checkpoint: a folder of configuration, tokenizer and weights in one file or several. */
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as z from 'zod';
import { AppError } from '../domain/contract/errors';
import { openRegular } from '../library/open-regular';
import type { StoredTensor } from './checkpoint-tensor';
import { readCheckpointConfig, type CheckpointShape } from './hf-config';
import type { Vocabulary } from './llama-file';
import { readSafetensors } from './safetensors';
import { readSentencePiece, vocabularyOf } from './sentencepiece';
import { readTorchArchive } from './torch-archive';

/** Where the tensors of a checkpoint lie. */
export interface LocatedTensor {
  /** Path of the shard. */
  readonly file: string;
  readonly tensor: StoredTensor;
}

export interface Checkpoint {
  readonly name: string;
  readonly shape: CheckpointShape;
  readonly vocabulary: Vocabulary;
  readonly tensors: ReadonlyMap<string, LocatedTensor>;
  /** Every file that was used, weights last. */
  readonly files: readonly string[];
  /** Jinja, of `tokenizer_config.json`. */
  readonly chatTemplate: string | null;
}

/** Bounds of what is read whole; a 13B's are a tenth of these. */
const maxJsonBytes = 64 * 1024 * 1024;
const maxTokenizerBytes = 64 * 1024 * 1024;
const maxTemplateChars = 64 * 1024;
const mostShards = 1_000;

const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });
const addedSchema = z.record(z.string(), z.int().nonnegative());
const tokenizerConfigSchema = z.object({
  added_tokens_decoder: z.record(z.string(), z.object({ content: z.string() })).nullish(),
  chat_template: z.unknown(),
});

/** Safetensors first: where a folder has both, it is the same numbers without a pickle. */
const layouts = [
  { whole: 'model.safetensors', index: 'model.safetensors.index.json', read: readSafetensors },
  { whole: 'pytorch_model.bin', index: 'pytorch_model.bin.index.json', read: readTorchArchive },
];

/**
 * Reads everything but the weights themselves, and checks that every tensor of the index is there.
 * @param folder as downloaded from a model hub
 * @throws AppError `CHECKPOINT_INCOMPLETE` (file), `CHECKPOINT_INVALID`, `CHECKPOINT_UNSAFE`,
 *   `CHECKPOINT_UNSUPPORTED`, each naming the file where there is one
 */
export async function openCheckpoint(folder: string): Promise<Checkpoint> {
  const found = await list(folder);
  const shape = await inFile('config.json', async () =>
    readCheckpointConfig(await text(folder, 'config.json')),
  );
  const files = ['config.json', 'tokenizer.model'];
  const model = await inFile('tokenizer.model', async () =>
    readSentencePiece(await content(folder, 'tokenizer.model', maxTokenizerBytes)),
  );
  const added = new Map<string, number>();
  let chatTemplate: string | null = null;
  if (found.has('added_tokens.json')) {
    files.push('added_tokens.json');
    const entries = await json(folder, 'added_tokens.json', addedSchema);
    for (const [token, id] of Object.entries(entries)) added.set(token, id);
  }
  if (found.has('tokenizer_config.json')) {
    files.push('tokenizer_config.json');
    const config = await json(folder, 'tokenizer_config.json', tokenizerConfigSchema);
    for (const [id, token] of Object.entries(config.added_tokens_decoder ?? {})) {
      if (!/^\d{1,9}$/.test(id)) throw invalid('tokenizer-added', 'tokenizer_config.json');
      added.set(token.content, Number(id));
    }
    const template = config.chat_template;
    if (typeof template === 'string' && template.length <= maxTemplateChars) {
      chatTemplate = template;
    }
  }
  const vocabulary = await inFile('tokenizer.model', async () =>
    vocabularyOf(model, added, shape.vocabulary, shape),
  );
  const weights = await readWeights(folder, found);
  return {
    name: basename(folder),
    shape,
    vocabulary,
    chatTemplate,
    tensors: weights.tensors,
    files: [...files, ...weights.files].map((name) => join(folder, name)),
  };
}

async function readWeights(
  folder: string,
  found: ReadonlySet<string>,
): Promise<{ tensors: Map<string, LocatedTensor>; files: string[] }> {
  for (const { whole, index, read } of layouts) {
    const indexed = found.has(index);
    if (!indexed && !found.has(whole)) continue;
    const map = indexed ? (await json(folder, index, indexSchema)).weight_map : null;
    const shards = map ? [...new Set(Object.values(map))].sort() : [whole];
    if (shards.length === 0 || shards.length > mostShards) throw invalid('index-shards', index);
    // All of them first: a missing one is said before gigabytes are looked at.
    for (const shard of shards) {
      // A shard lies in the folder itself; anything else in an index is a trick.
      if (shard !== basename(shard) || shard.includes('\\') || shard.startsWith('.')) {
        throw invalid('index-name', index);
      }
      if (!found.has(shard))
        throw new AppError('CHECKPOINT_INCOMPLETE', { params: { file: shard } });
    }
    const tensors = new Map<string, LocatedTensor>();
    for (const shard of shards) {
      const file = join(folder, shard);
      for (const [name, tensor] of await inFile(shard, () => read(file))) {
        if (tensors.has(name)) throw invalid('tensor-twice', shard);
        tensors.set(name, { file, tensor });
      }
    }
    for (const [name, shard] of Object.entries(map ?? {})) {
      if (tensors.get(name)?.file !== join(folder, shard)) throw invalid('index-tensor', shard);
    }
    return { tensors, files: map ? [index, ...shards] : shards };
  }
  throw new AppError('CHECKPOINT_INCOMPLETE', { params: { file: 'pytorch_model.bin' } });
}

async function list(folder: string): Promise<ReadonlySet<string>> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    // Not a pipe, whose reader would wait. Downloads of a hub are links to where their bytes lie.
    const files = entries.filter((entry) => entry.isFile() || entry.isSymbolicLink());
    return new Set(files.map(({ name }) => name));
  } catch (error) {
    throw new AppError('CHECKPOINT_MISSING', { cause: error });
  }
}

async function json<T>(folder: string, name: string, schema: z.ZodType<T>): Promise<T> {
  const written = await text(folder, name);
  let parsed: unknown;
  try {
    parsed = JSON.parse(written);
  } catch (error) {
    throw invalid('JSON', name, error);
  }
  const checked = schema.safeParse(parsed);
  if (!checked.success) throw invalid('fields', name, checked.error);
  return checked.data;
}

async function text(folder: string, name: string): Promise<string> {
  const bytes = await content(folder, name, maxJsonBytes);
  return bytes.toString('utf8').replace(/^\uFEFF/, '');
}

async function content(folder: string, name: string, limit: number): Promise<Buffer> {
  const path = join(folder, name);
  try {
    const { file, size } = await openRegular(path);
    try {
      if (size > limit) throw invalid('size', name);
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw problemIn(name, error);
  }
}

/** Runs a reader and lets its error say in which file it is. */
async function inFile<T>(name: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw problemIn(name, error);
  }
}

/** Whatever a reader threw, as an error that says in which file. */
export function problemIn(name: string, error: unknown): unknown {
  if (error instanceof AppError) {
    const params = { file: name, ...error.params };
    return new AppError(error.code, { params, cause: error });
  }
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') {
    return new AppError('CHECKPOINT_INCOMPLETE', { params: { file: name }, cause: error });
  }
  if (typeof code === 'string') {
    return new AppError('FILE_UNREADABLE', { params: { file: name, detail: code }, cause: error });
  }
  return error;
}

function invalid(what: string, file: string, cause?: unknown): AppError {
  return new AppError('CHECKPOINT_INVALID', { params: { what, file }, cause });
}

/** Size of all files together, in bytes. */
export async function sizeOf(files: readonly string[]): Promise<number> {
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

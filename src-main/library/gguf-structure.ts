/**
 * Whether a GGUF file is what it says it is, checked before native code may load it.
 *
 * The engine does not notice a truncated file until it reads beyond its end, and it aborts the whole
 * process on values such as a head count of 0 or a token that occurs twice (GGML_ASSERT). So all that
 * would abort is refused here; what the engine itself refuses cleanly need not be repeated.
 */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { AppError } from '../domain/contract/errors';
import { ByteSource } from './byte-source';
import {
  maxHeaderBytes,
  readGgufHeader,
  structureProblem,
  type GgufHeader,
  type GgufTensorInfo,
} from './gguf-header';
import { fileTypeName } from './gguf-types';
import { checkLlamaTensors } from './llama-tensors';
import { checkTokenizer } from './tokenizer-structure';

export interface GgufSummary {
  readonly architecture: string;
  /** `general.name`, or an empty string. */
  readonly name: string;
  /** Elements of all tensors. */
  readonly parameters: number;
  readonly blocks: number;
  readonly embedding: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly feedForward: number;
  readonly vocabulary: number;
  /** Tokens the model was trained for. */
  readonly context: number;
  /** As in `Q4_K_M`, `F16`. */
  readonly quantization: string;
  readonly fileSize: number;
}

/**
 * Architectures of text generators that the engine runs and whose shape keys are the usual ones.
 * `llama` covers ChiMed-GPT, Ziya, Yi and Mistral; the others are what a person may bring instead.
 */
const architectures: ReadonlySet<string> = new Set([
  ...[
    'llama',
    'qwen2',
    'qwen2moe',
    'qwen3',
    'qwen3moe',
    'baichuan',
    'chatglm',
    'glm4',
    'internlm2',
  ],
  ...['gemma', 'gemma2', 'gemma3', 'deepseek', 'deepseek2', 'minicpm', 'minicpm3', 'mistral3'],
  ...['phi3', 'hunyuan-dense', 'ernie4_5', 'xverse', 'orion', 'stablelm', 'smollm3'],
]);

/** LLAMA_MAX_LAYERS and LLAMA_MAX_EXPERTS of llama.cpp. */
const maxBlocks = 512;
const maxExperts = 1024;
const maxLength = 2 ** 31 - 1;

/**
 * @param path of the model file
 * @throws AppError `MODEL_MISSING`, `FILE_UNREADABLE`, `MODEL_EMPTY`, `MODEL_NOT_GGUF`,
 *   `MODEL_TRUNCATED`, `MODEL_ARCHITECTURE`, `MODEL_STRUCTURE` with `what`, a short technical word
 */
export async function checkGgufStructure(path: string): Promise<GgufSummary> {
  return (await inspectGguf(path)).summary;
}

/** A sound file, summed up, and all that its header says. @throws as `checkGgufStructure` */
export function inspectGguf(path: string): Promise<{ summary: GgufSummary; header: GgufHeader }> {
  return Promise.resolve().then(() => {
    const fd = openModel(path);
    try {
      const stat = fstatSync(fd);
      if (!stat.isFile()) throw new AppError('MODEL_NOT_GGUF');
      if (stat.size === 0) throw new AppError('MODEL_EMPTY');
      const header = readGgufHeader(new ByteSource(fd, stat.size, maxHeaderBytes));
      return { summary: check(header), header };
    } finally {
      closeSync(fd);
    }
  });
}

function openModel(path: string): number {
  try {
    // Opening a pipe would wait for a writer, and nothing could end that.
    return openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const missing = code === 'ENOENT' || code === 'ENOTDIR';
    throw new AppError(missing ? 'MODEL_MISSING' : 'FILE_UNREADABLE', { cause: error });
  }
}

function check(header: GgufHeader): GgufSummary {
  checkExtents(header);
  const text = header.scalars.get('general.architecture');
  if (typeof text !== 'string') throw structureProblem('architecture');
  if (!architectures.has(text)) throw new AppError('MODEL_ARCHITECTURE');
  const shape = readShape(header, text);
  checkExperts(header, text);
  checkRope(header, text);
  const vocabulary = checkTokenizer(header);
  if (text === 'llama') checkLlamaTensors(header, { ...shape, vocabulary });
  const name = header.scalars.get('general.name');
  return {
    ...shape,
    architecture: text,
    name: typeof name === 'string' ? name : '',
    parameters: header.tensors.reduce((sum, tensor) => sum + tensor.elements, 0),
    vocabulary,
    quantization: quantizationOf(header),
    fileSize: header.fileSize,
  };
}

/** Offsets must be exactly consecutive, which also rules out overlap; the last must end in the file. */
function checkExtents(header: GgufHeader): void {
  if (header.tensors.length === 0) throw structureProblem('tensor-count');
  const names = new Set<string>();
  let next = 0;
  let end = 0;
  for (const tensor of header.tensors) {
    if (names.has(tensor.name)) throw structureProblem('tensor-name');
    names.add(tensor.name);
    if (tensor.offset !== next) throw structureProblem('tensor-offset');
    end = next + tensor.bytes;
    next = Math.ceil(end / header.alignment) * header.alignment;
    if (!Number.isSafeInteger(next)) throw structureProblem('tensor-offset');
  }
  if (header.dataStart + end > header.fileSize) {
    throw new AppError('MODEL_TRUNCATED', {
      params: { bytes: header.fileSize, needed: header.dataStart + end },
    });
  }
}

type Shape = Omit<
  GgufSummary,
  'architecture' | 'name' | 'parameters' | 'vocabulary' | 'quantization' | 'fileSize'
>;

function readShape(header: GgufHeader, architecture: string): Shape {
  /** A whole number of at least 1; where layers differ (an array), the largest. */
  const length = (key: string, what: string, fallback?: number): number => {
    const full = `${architecture}.${key}`;
    const items = header.arrays.get(full)?.items;
    // Layers that differ exist elsewhere; a llama with them is not one that this program knows.
    if (items && architecture === 'llama') throw structureProblem(what);
    const value = items ? Math.max(...items.map(Number)) : (header.scalars.get(full) ?? fallback);
    if (
      typeof value !== 'number' ||
      !Number.isSafeInteger(value) ||
      value < 1 ||
      value > maxLength
    ) {
      throw structureProblem(what);
    }
    return value;
  };
  const heads = length('attention.head_count', 'head_count');
  const shape: Shape = {
    blocks: length('block_count', 'block_count'),
    embedding: length('embedding_length', 'embedding_length'),
    heads,
    kvHeads: length('attention.head_count_kv', 'head_count_kv', heads),
    feedForward: length('feed_forward_length', 'feed_forward_length'),
    context: length('context_length', 'context_length'),
  };
  if (shape.blocks > maxBlocks) throw structureProblem('block_count');
  const ownKeyLength = header.scalars.has(`${architecture}.attention.key_length`);
  if (!ownKeyLength && shape.embedding % heads !== 0) throw structureProblem('head_count');
  if (shape.kvHeads > heads || heads % shape.kvHeads !== 0) throw structureProblem('head_count_kv');
  return shape;
}

/** Each of these is an assertion in the engine, that is, the death of the process. */
function checkExperts(header: GgufHeader, architecture: string): void {
  const count = (key: string): number => {
    const full = `${architecture}.${key}`;
    const items = header.arrays.get(full)?.items;
    const value = items ? Math.max(0, ...items.map(Number)) : (header.scalars.get(full) ?? 0);
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
      throw structureProblem(key);
    }
    return value;
  };
  const experts = count('expert_count');
  const used = count('expert_used_count');
  const groups = count('expert_group_count');
  const groupsUsed = count('expert_group_used_count');
  if (experts > maxExperts || used > experts) throw structureProblem('expert_count');
  if (experts > 0 && (used === 0 || groups >= experts)) throw structureProblem('expert_count');
  if (experts === 0 && groups > 0) throw structureProblem('expert_group_count');
  if (groups > 1 && (experts % groups !== 0 || groupsUsed === 0 || groupsUsed >= groups)) {
    throw structureProblem('expert_group_count');
  }
}

function checkRope(header: GgufHeader, architecture: string): void {
  const scaling = header.scalars.get(`${architecture}.rope.scaling.type`) ?? 'linear';
  if (!['none', 'linear', 'yarn', 'longrope'].includes(String(scaling))) {
    throw structureProblem('rope.scaling.type');
  }
  const base = header.scalars.get(`${architecture}.rope.freq_base`) ?? 10_000;
  if (typeof base !== 'number' || !(base > 0 && base < Infinity)) {
    throw structureProblem('rope.freq_base');
  }
}

function quantizationOf(header: GgufHeader): string {
  const fileType = header.scalars.get('general.file_type');
  const named = typeof fileType === 'number' ? fileTypeName(fileType) : undefined;
  if (named !== undefined) return named;
  const bytes = new Map<string, number>();
  const add = (tensor: GgufTensorInfo): void => {
    bytes.set(tensor.type.name, (bytes.get(tensor.type.name) ?? 0) + tensor.bytes);
  };
  header.tensors.forEach(add);
  return [...bytes].reduce((most, one) => (one[1] > most[1] ? one : most))[0];
}

/** Turns a released checkpoint into a GGUF of 16-bit weights, a piece at a time. */
import { open, type FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { AppError } from '../domain/contract/errors';
import { demandSpace } from '../library/free-space';
import { problemIn, type Checkpoint, type LocatedTensor } from './checkpoint';
import {
  tensorBytes,
  writeGguf,
  type GgufMetadata,
  type GgufTensor,
  type GgufWriteOptions,
} from './gguf-writer';
import { llamaMetadata, llamaTensors, type LlamaShape } from './llama-file';
import { PieceMemory, tensorData } from './tensor-data';

/** What is written into the file about where it comes from. */
export interface Provenance {
  /** This program and its version. */
  readonly tool: string;
  /** ISO 8601, UTC. */
  readonly date: string;
  /** SHA-256 of each of the checkpoint's files, in order; or still to come, until the weights are written. */
  readonly hashes: readonly string[] | Promise<readonly string[]>;
}

/**
 * Writes `out`; it has its name only when it is whole and on the disk.
 * @throws AppError `CHECKPOINT_INVALID` (what: tensor-missing, tensor-shape, weights), `DISK_SPACE`,
 *   `CHECKPOINT_UNSUPPORTED` (what: tensor-unknown, f16-range), `DISK_FULL`, `OUTPUT_UNWRITABLE`,
 *   `CHECKPOINT_INCOMPLETE` (file) and `FILE_UNREADABLE` (file) where a shard goes away meanwhile
 * @throws the signal's reason, and what the hashes and `whileSyncing` throw
 */
export async function convertCheckpoint(
  checkpoint: Checkpoint,
  out: string,
  weights: 'F16' | 'BF16',
  provenance: Provenance,
  options: Omit<GgufWriteOptions, 'finalMetadata'> = {},
): Promise<void> {
  const { signal } = options;
  const { shape: known, vocabulary } = checkpoint;
  const shape: LlamaShape = { ...known, name: checkpoint.name, weights };
  const tensors = llamaTensors(shape, known.vocabulary);
  const sources = located(checkpoint, shape, tensors);
  const total = tensors.reduce((sum, tensor) => sum + tensorBytes(tensor), 0);
  await demandSpace(dirname(out), total);

  const memory = new PieceMemory();
  const shards = new Map<string, FileHandle>();
  const shard = async (path: string): Promise<FileHandle> => {
    const opened = shards.get(path) ?? (await open(path, 'r'));
    shards.set(path, opened);
    return opened;
  };
  async function* dataOf(tensor: GgufTensor): AsyncGenerator<Uint8Array> {
    const { file, tensor: stored } = sources.get(tensor.name) as LocatedTensor;
    const turned = /attn_([qk])\.weight$/.exec(tensor.name)?.[1];
    const heads = turned === undefined ? undefined : turned === 'q' ? known.heads : known.kvHeads;
    const type = tensor.type === 'F32' ? 'F32' : weights;
    try {
      yield* tensorData(await shard(file), stored, type, { heads, memory, signal });
    } catch (error) {
      throw signal?.aborted ? error : problemIn(basename(file), error);
    }
  }
  const metadata = (hashes: readonly string[]): GgufMetadata => [
    ...llamaMetadata(shape, vocabulary),
    ...(checkpoint.chatTemplate === null
      ? []
      : ([['tokenizer.chat_template', { string: checkpoint.chatTemplate }]] as const)),
    ['chimed.convert.tool', { string: provenance.tool }],
    ['chimed.convert.date', { string: provenance.date }],
    ['chimed.convert.source_files', { strings: checkpoint.files.map((file) => basename(file)) }],
    ['chimed.convert.source_sha256', { strings: hashes }],
  ];
  try {
    const { hashes } = provenance;
    const first = 'then' in hashes ? checkpoint.files.map(() => '0'.repeat(64)) : hashes;
    await writeGguf(out, metadata(first), tensors, dataOf, {
      ...options,
      ...('then' in hashes ? { finalMetadata: hashes.then(metadata) } : {}),
    });
  } finally {
    await Promise.all([...shards.values()].map((file) => file.close()));
  }
}

/** The checkpoint's tensor for each of the file's, with exactly the shape that its place demands. */
function located(
  checkpoint: Checkpoint,
  shape: LlamaShape,
  tensors: readonly GgufTensor[],
): ReadonlyMap<string, LocatedTensor> {
  const rest = new Map(checkpoint.tensors);
  const sources = new Map<string, LocatedTensor>();
  for (const { name, dims } of tensors) {
    const given = releasedName(name);
    const source = rest.get(given);
    if (!source) throw problem('CHECKPOINT_INVALID', 'tensor-missing', given);
    // GGUF gives the length of a row first, PyTorch last.
    if ([...source.tensor.shape].reverse().join() !== dims.join()) {
      throw problem('CHECKPOINT_INVALID', 'tensor-shape', given);
    }
    rest.delete(given);
    sources.set(name, source);
  }
  for (const name of rest.keys()) {
    // Rotary frequencies follow from the configuration; a tied output is the embedding again.
    const known = name.endsWith('.rotary_emb.inv_freq');
    if (!known && !(shape.tied && name === 'lm_head.weight')) {
      throw problem('CHECKPOINT_UNSUPPORTED', 'tensor-unknown', name);
    }
  }
  return sources;
}

const partNames: Readonly<Record<string, string>> = {
  attn_norm: 'input_layernorm',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_output: 'self_attn.o_proj',
  ffn_norm: 'post_attention_layernorm',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
};

/** Transformers' name of a GGUF tensor of a Llama. */
export function releasedName(name: string): string {
  if (name === 'token_embd.weight') return 'model.embed_tokens.weight';
  if (name === 'output_norm.weight') return 'model.norm.weight';
  if (name === 'output.weight') return 'lm_head.weight';
  const [, block, part = ''] = /^blk\.(\d+)\.(\w+)\.weight$/.exec(name) ?? [];
  return `model.layers.${block}.${partNames[part]}.weight`;
}

function problem(
  code: 'CHECKPOINT_INVALID' | 'CHECKPOINT_UNSUPPORTED',
  what: string,
  tensor: string,
): AppError {
  return new AppError(code, {
    params: { what, tensor: tensor.replace(/[^\w.]/g, '?').slice(0, 120) },
  });
}
